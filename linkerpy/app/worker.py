"""A worker: one of several processes that serve the same sockets.

It is the process that would serve alone, but for its surroundings: sockets, log and admin pages
belong to the supervisor at the other end of the channel. When that has gone, it drains and ends.

The supervisor's messages: `start`; `tell` (for the news of our metrics) and `ask` (for an admin
page), which have an `id` and are answered; `forget` (an answer nobody waits for); `level`;
`reopen` (logs); `reload`, answered too; `adopt` and `release` (the sockets of another worker);
`drain`; `hand_over`. Ours: `serving`, `failed`, `log`, `id` (an answer), `draining`, `abandoned`
(what did not end in time), `last` (the news of a worker that has ended well).
"""

import gc
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, ClassVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import ILogObserver, LogEvent, globalLogBeginner
from twisted.python.failure import Failure
from zope.interface import provider

from linkerpy.app.build import Linkerd, make_env
from linkerpy.app.program import Program, program_of
from linkerpy.app.schema import Loaded, loads
from linkerpy.config.report import ConfigError
from linkerpy.net.channel import Channel, Message
from linkerpy.net.inherited import Inherited
from linkerpy.net.listen import ListeningPort, accept_also
from linkerpy.net.log import LEVELS, logger
from linkerpy.net.log_lines import told
from linkerpy.net.reactor import install_best
from linkerpy.net.web import Answer, Asked, find, not_found, text
from linkerpy.router.rolling_log import LogFiles
from linkerpy.telemetry.merging import Telling

_log = logger("linkerpy")


@lru_cache(maxsize=1)
def parsed(name: str, text: str) -> Loaded:
    """A configuration that was checked before.

    Raises: ConfigError, for what has changed since: a file that it names.
    """
    return loads(name, text)


class Worker:
    """Obeys a supervisor. `end` ends the event loop."""

    def __init__(self, number: int, reactor: Any, end: Callable[[], None]) -> None:
        self.status = 0
        """The exit status."""
        self._number = number
        self._reactor = reactor
        self._end = end
        self._channel = Channel(self._obey, self._lost)
        self._linkerd: Linkerd | None = None
        self._given = Inherited()
        self._source = ("", "")
        self._adopted: dict[int, list[ListeningPort]] = {}
        self._answers: dict[int, Deferred[Answer]] = {}
        self._drained = False

    def connect(self, sock: socket.socket) -> None:
        """Begin to obey, and send the log there."""
        self._channel.start(sock, self._reactor)

        @provider(ILogObserver)
        def send(event: LogEvent) -> None:
            self._channel.send({"log": told(event)})

        globalLogBeginner.beginLoggingTo([send], redirectStandardIO=False)

    def _obey(self, message: Message) -> None:
        for verb, obey in self._VERBS.items():
            if verb in message.body:
                obey(self, message)

    # -- from beginning to end --------------------------------------------------------------------

    def _start(self, message: Message) -> None:
        asked = message.body["start"]
        for name, level in asked["levels"]:
            LEVELS.set(name, level)
        self._take(asked["sockets"], message)
        self._source = asked["source"]
        try:
            self._serve()
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody else can tell
            self.status = 1
            why = str(error)
            if not isinstance(error, (ConfigError, OSError, ValueError)):
                _log.failure("a defect")
                why = f"{type(error).__name__}: {error}"
            self._channel.send({"failed": why})
            self._channel.close()

    def _take(self, addresses: list[tuple[str, int]], message: Message) -> None:
        for (host, port), sock in zip(addresses, _sockets(message), strict=True):
            self._given.add(host, port, sock, kept=True)

    def _program(self) -> Program:
        """Raises: ConfigError."""
        program = program_of(parsed(*self._source).config, lambda: None)
        return replace(program, extra=None, has_admin=False)

    def _serve(self) -> None:
        """Raises: ConfigError, for what has changed since it was checked; PartsError; OSError."""
        env = make_env(self._reactor)
        env.sends_metrics = False
        env.logs = LogFiles(shared=True)
        linkerd = Linkerd(
            self._program(),
            env,
            self._wind_down,
            inherited=self._given,
            reread=self._program,
            on_abandoned=lambda: self._channel.send({"abandoned": True}),
        )
        linkerd.startService()
        self._linkerd, self._telling = linkerd, Telling(env.metrics)
        gc.collect()
        gc.freeze()
        self._channel.send({"serving": sorted(linkerd.pages)})

    def drain(self, grace: float | None = None) -> None:
        """Take no new connections, finish what is under way, and end; seconds of grace.

        None is as many as configured. Asked again, it is the last `grace` that counts.
        """
        if self._linkerd is None:
            self._channel.close()
        else:
            self._linkerd.shut_down(grace)

    def _wind_down(self) -> None:
        """The routers are to end."""
        assert self._linkerd is not None
        for other in list(self._adopted):
            self._give_back(other)
        self._given.close()  # nobody is to wait in what we do not serve
        self._channel.send({"draining": True})
        self._linkerd.stopService().addCallback(self._finish)

    def _finish(self, _: object) -> None:
        self._drained = True
        if self._channel.connected:
            self._channel.send({"last": self._telling.news()})
            self._channel.close()
        else:
            self._end()

    def _lost(self) -> None:
        """The channel has ended: by us, or with the supervisor."""
        if self._drained or self._linkerd is None:
            self._end()
        else:
            self._linkerd.shut_down(None)

    # -- answering --------------------------------------------------------------------------------

    def _tell(self, message: Message) -> None:
        if self._linkerd is not None:
            began = time.thread_time()  # what others take of the machine is not our work
            news = self._telling.news()
            took = time.thread_time() - began
            self._channel.send({"id": message.body["id"], "news": news, "took": took})

    def _ask(self, message: Message) -> None:
        number = message.body["id"]
        asked = Asked(**message.body["ask"], body=message.payload)
        pages = {} if self._linkerd is None else self._linkerd.pages
        page = find(pages, asked.path) or not_found
        try:
            answer = page(asked)
        except Exception as error:  # noqa: BLE001 - a page's defect must not hang the caller
            answer = _failed(Failure(error))
        if isinstance(answer, Deferred):
            self._answers[number] = answer
            answer.addErrback(_failed).addCallback(self._answer, number)
        else:
            self._answer(answer, number)

    def _answer(self, answer: Answer, number: int) -> None:
        self._answers.pop(number, None)
        said = {
            "id": number,
            "status": answer.status,
            "content_type": answer.content_type,
            "headers": dict(answer.headers),
        }
        self._channel.send(said, answer.body + b"".join(answer.rest))

    def _forget(self, message: Message) -> None:
        answer = self._answers.pop(message.body["forget"], None)
        if answer is not None:
            answer.cancel()

    # -- what else the supervisor wants -----------------------------------------------------------

    def _level(self, message: Message) -> None:
        LEVELS.set(*message.body["level"])

    def _reopen(self, _: Message) -> None:
        if self._linkerd is not None:
            self._linkerd.reopen_logs()

    def _reload(self, message: Message) -> None:
        """Serve another configuration; of its addresses the new ones come with the message."""
        asked, before = message.body["reload"], self._source
        known = {(given.host, given.port) for given in self._given}
        self._take(asked["new"], message)
        self._source = asked["source"]
        told: Any = self._linkerd and self._linkerd.reload()
        good = bool(told and told.good)
        if good:
            known = {(host, port) for host, port in asked["addresses"]}
            for number in list(self._adopted):
                self._adopted[number] = accept_also(self._reactor, self._copies(number))
        else:
            self._source = before
        self._given.drop(known)
        said = {"id": message.body["id"], "good": good, "text": told.text if told else ""}
        self._channel.send({**said, "pages": sorted(self._linkerd.pages if self._linkerd else ())})

    def _copies(self, number: int) -> list[socket.socket]:
        """What was adopted, for whoever serves it from now on."""
        copies = [port.copy() for port in self._adopted[number]]
        self._give_back(number)
        return copies

    def _hand_over(self, _: Message) -> None:
        """Others serve now: end with the last connection."""
        if self._linkerd is not None:
            self._linkerd.hand_over()

    def _adopt(self, message: Message) -> None:
        """Serve, too, what another worker has left."""
        ports = accept_also(self._reactor, _sockets(message))
        self._adopted.setdefault(message.body["adopt"], []).extend(ports)

    def _release(self, message: Message) -> None:
        self._give_back(message.body["release"])

    def _give_back(self, other: int) -> None:
        for port in self._adopted.pop(other, ()):
            port.stopListening()

    _VERBS: ClassVar[dict[str, Any]] = {
        "start": _start,
        "tell": _tell,
        "ask": _ask,
        "forget": _forget,
        "level": _level,
        "reopen": _reopen,
        "reload": _reload,
        "hand_over": _hand_over,
        "adopt": _adopt,
        "release": _release,
        "drain": lambda self, message: self.drain(message.body["drain"]),
    }


def _sockets(message: Message) -> list[socket.socket]:
    found = [socket.socket(fileno=descriptor) for descriptor in message.descriptors]
    for sock in found:
        sock.setblocking(False)
    return found


def _failed(failure: Failure) -> Answer:
    if failure.check(CancelledError):
        return Answer()
    return text(f"the page failed: {type(failure.value).__name__}\n", 500)


def run(number: int, sock: socket.socket) -> int:
    """Be a worker until the supervisor wants no more; returns the exit status."""
    install_best()
    from twisted.internet import reactor  # noqa: PLC0415, TID251 - a program of its own

    loop: Any = reactor
    worker = Worker(number, loop, loop.stop)
    # The supervisor passes on what a terminal or a service manager says to all of us.
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: loop.callFromThread(worker.drain))
    os.set_inheritable(sock.fileno(), False)
    worker.connect(sock)
    loop.run(installSignalHandlers=False)
    return worker.status
