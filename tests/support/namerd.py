"""A namerd's HTTP control API that says what a test tells it to.

The wire format is namerd's: a watch is a chunked answer of one JSON text on each line, the present
one first; it says nothing as long as there is nothing to say.

Source: discovery-namerd spec, sections 4.4 and 4.5.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from twisted.internet.selectreactor import SelectReactor
from twisted.web import resource, server

from linkerpy.net.listen import listen

API = "/api/1/"


def replicas(*ports: int, **weights: float) -> dict[str, Any]:
    """The address object of replicas on 127.0.0.1; `w8080=2` gives one a weight."""
    addrs = [
        {
            "ip": "127.0.0.1",
            "port": port,
            "meta": {"endpoint_addr_weight": weights[f"w{port}"]} if f"w{port}" in weights else {},
        }
        for port in ports
    ]
    return {"type": "bound", "addrs": addrs, "meta": {}}


def leaf(bound_id: str, rest: str = "/") -> dict[str, Any]:
    """A bound tree of one name."""
    return {"type": "leaf", "bound": {"addr": replicas(), "id": bound_id, "path": rest}}


class Namerd(resource.Resource):
    """The API. `say` is what it knows; `asked` what it was asked for, as `verb/ns path dtab`."""

    isLeaf = True  # noqa: N815 - Twisted's name

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.watches: list[tuple[tuple[str, str], Any]] = []
        self._known: dict[tuple[str, str], bytes] = {}
        self._refusal: tuple[int, bytes] | None = None
        self._ending = False

    def say(self, verb: str, path: str, value: Any) -> None:
        """From now on the answer to `verb` of `path` is `value`; who watches is told."""
        self.say_line(verb, path, json.dumps(value).encode())

    def say_line(self, verb: str, path: str, line: bytes) -> None:
        """The same, not necessarily JSON."""
        self._known[verb, path] = line
        for key, request in list(self.watches):
            if key == (verb, path):
                request.write(line + b"\n")

    def refuse(self, status: int | None, words: bytes = b"") -> None:
        """Answer everything like this; None is not to."""
        self._refusal = None if status is None else (status, words)

    def end_watches_at_once(self) -> None:
        """Every watch ends after its first line."""
        self._ending = True

    def end(self) -> None:
        """End all watches the orderly way."""
        for _, request in list(self.watches):
            request.finish()

    def break_off(self) -> None:
        """Break all watches off in the middle."""
        for _, request in list(self.watches):
            request.transport.abortConnection()

    def render(self, request: Any) -> Any:
        """Answer."""
        args = {k.decode(): v[0].decode() for k, v in request.args.items()}
        verb, _, namespace = request.path.decode().removeprefix(API).partition("/")
        path, dtab = args.get("path", ""), args.get("dtab", "")
        self.asked.append(f"{verb}/{namespace} {path} {dtab}".strip())
        if self._refusal is not None:
            request.setResponseCode(self._refusal[0])
            return self._refusal[1]
        line = self._known.get((verb, path))
        if args.get("watch") != "true":
            if verb == "resolve":
                request.setHeader("Content-Type", "application/json")
            return (b'{"type":"neg"}' if line is None else line) + b"\n"
        request.write(b"" if line is None else line + b"\n")
        if self._ending:
            return b""
        watch = ((verb, path), request)
        self.watches.append(watch)
        request.notifyFinish().addBoth(lambda _: self.watches.remove(watch))
        return server.NOT_DONE_YET


class Double:
    """A `Namerd` that listens on 127.0.0.1."""

    def __init__(self, reactor: Any, port: int = 0, tls: Any = None) -> None:
        self.api = Namerd()
        site = server.Site(self.api, reactor=reactor)
        site.noisy = False
        site.log = lambda request: None  # type: ignore[method-assign]
        self._listening: Any = listen(reactor, site, "127.0.0.1", port, tls=tls)
        self.port: int = self._listening.getHost().port

    def stop(self) -> None:
        """Be gone, as by a crash."""
        self._listening.stopListening()
        self.api.break_off()


class InThread:
    """A `Double` with a reactor and a thread of its own; calls are made in that thread."""

    def __init__(self, reactor: SelectReactor, double: Double) -> None:
        self.port = double.port
        self.api = double.api
        self._reactor = reactor

    def say(self, verb: str, path: str, value: Any) -> None:
        """See `Namerd`; said when this returns."""
        self.call("say", verb, path, value)

    def call(self, method: str, *arguments: Any) -> None:
        """Let the `Namerd` do that; done when this returns."""
        done = threading.Event()

        def act() -> None:
            getattr(self.api, method)(*arguments)
            done.set()

        self._reactor.callFromThread(act)
        assert done.wait(10)


@contextmanager
def namerd_in_thread() -> Iterator[InThread]:
    """Runs until the end of the block."""
    reactor = SelectReactor()
    double = Double(reactor)
    thread = threading.Thread(target=reactor.run, kwargs={"installSignalHandlers": False})
    thread.start()
    try:
        yield InThread(reactor, double)
    finally:
        reactor.callFromThread(reactor.stop)
        thread.join(10)
        for selectable in reactor.removeAll():
            if hasattr(selectable, "socket"):
                selectable.socket.close()
