"""The supervisor of several workers: it has their sockets, the admin server and the metrics of all.

It is the process that would serve alone, without its routers: these are in the workers. Metrics
come together in the tree of its Env, where exporters and pages find them.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from twisted.internet.defer import Deferred

from linkerpy.admin.security import Security
from linkerpy.admin.state import Reloaded
from linkerpy.admin.workers import WorkersPages
from linkerpy.app.build import UNCHANGED, Linkerd
from linkerpy.app.crew import Crew
from linkerpy.app.parts import Parts, PartsError
from linkerpy.app.place import Place
from linkerpy.app.program import Program
from linkerpy.app.schema import Linker
from linkerpy.app.shared_sockets import Address, SharedSockets
from linkerpy.app.workers import Listener, Workers
from linkerpy.config.report import ConfigError
from linkerpy.net.errors import ListenError
from linkerpy.net.inherited import Given, Inherited
from linkerpy.net.web import Pages
from linkerpy.protocol.http.config import HttpRouter
from linkerpy.router.env import Env
from linkerpy.router.sockets import socket_options
from linkerpy.telemetry.merging import Merged, Telling
from linkerpy.telemetry.metrics import Metrics

OWN: Final = 0
"""The supervisor's number among the processes whose metrics are merged."""

_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def count_of(workers: int | str, quota: Path = _QUOTA) -> int:
    """How many workers `workers` asks for; `auto` is one for each processor that we may use."""
    if isinstance(workers, int):
        return workers
    processors = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    )
    return max(1, min(processors or 1, _allowed(quota)))


def _allowed(quota: Path) -> int:
    """The processors that the container may use, rounded up; a great number if it does not say."""
    try:
        microseconds, period = quota.read_text("ascii").split()
        return -(-int(microseconds) // int(period))
    except (OSError, ValueError):  # no such file, or `max`
        return 1 << 16


class Supervisor(Linkerd):
    """A `Linkerd` whose routers are in `count` workers.

    `on_fatal` is told why no worker can begin: the process is to end with that message.

    Raises: PartsError.
    """

    def __init__(
        self,
        program: Program,
        env: Env,
        on_shutdown: Callable[[], None],
        *,
        count: int,
        on_fatal: Callable[[str], None],
        inherited: Inherited | None = None,
        reread: Callable[[], Program] | None = None,
        on_abandoned: Callable[[], None] = lambda: None,
    ) -> None:
        given = inherited or Inherited()
        self._file = program
        self._on_fatal = on_fatal
        self._on_ready: Callable[[], None] | None = None
        self._reloading = False
        self._sockets = SharedSockets(count, given)
        self._workers = Workers(count, program.source, self._sockets, env.reactor)
        self._own = Metrics()
        merged, telling = Merged(env.metrics), Telling(self._own)
        self._crew = Crew(
            self._workers, merged, lambda: merged.fold(OWN, telling.news()), env.reactor
        )
        workers = self._own.scope("workers")
        self._restarts = workers.counter("restarts")
        workers.gauge("configured", read=lambda: count)
        workers.gauge("serving", read=lambda: len(self._workers.serving))
        super().__init__(
            _without_routers(program),
            replace(env, has_traffic=False),
            on_shutdown,
            inherited=given,
            reread=reread,
            on_abandoned=on_abandoned,
        )
        # Between the rounds of news it would see none, or two.
        self._crew.before_rounds(self._history.note)

    # -- starting ---------------------------------------------------------------------------------

    def startService(self) -> None:  # noqa: N802 - Twisted's name
        """Bind everything, and start the workers once the event loop runs.

        Raises: ListenError, PartsError, OSError.
        """
        self._sockets.prepare(_addresses(self._file.config))
        self._sockets.apply()
        if not self._env.logs.shared:
            _empty_logs(self._file.config)
        super().startService()
        self._env.reactor.callWhenRunning(self._start_workers)

    def _start_workers(self) -> None:
        self._workers.start(
            Listener(
                fatal=self._on_fatal,
                fold=self._crew.fold,
                gone=self._one_gone,
                serves=self._one_serves,
                abandoned=self._on_abandoned,
            )
        )

    def _process_metrics(self, env: Env) -> Metrics:
        return self._own

    def when_ready(self, call: Callable[[], None]) -> None:
        """Call once every worker has served."""
        self._on_ready = call
        self._look_whether_ready()

    def _one_serves(self, pages: list[str]) -> None:
        assert isinstance(self.pages, WorkersPages)
        self.pages.know(pages)
        self._look_whether_ready()

    def _look_whether_ready(self) -> None:
        call = self._on_ready
        if call is not None and len(self._workers.serving) == len(self._workers.places):
            self._on_ready = None
            call()

    def _one_gone(self, place: Place) -> None:
        self._crew.gone(place)
        if self._ready:
            self._restarts.incr()

    def _labels(self) -> dict[str, str]:
        return {router.name: router.protocol for router in self._file.config.routers}

    def _make_pages(self, parts: Parts, security: Security) -> Pages:
        state = replace(
            self._admin_state(parts), ready=lambda: self._ready and bool(self._workers.serving)
        )
        pages = WorkersPages(state, security, self._crew, parts.env.reactor, parts.pages)
        pages.know(self.pages)
        return pages

    # -- another configuration --------------------------------------------------------------------

    def reload(self) -> Reloaded | Deferred[Reloaded]:
        """Read the configuration again. What will not do is refused, and nothing has changed."""
        why = "a reload is under way" if self._reloading else self._unable
        if why is not None:
            return Reloaded(good=False, text=f"not reloaded: {why}\n")
        try:
            program = self._read_again()
            self._sockets.prepare(_addresses(program.config))
        except (ConfigError, ListenError) as error:
            return self._refuse(error)
        try:
            parts, sockets = self._prepare(_without_routers(program))
        except PartsError as error:
            self._sockets.take_back()
            return self._refuse(error)
        self._reloading = True
        asked = self._crew.reload(program.source, self._sockets)
        return asked.addCallback(self._reloaded, program, parts, sockets)

    def _reloaded(
        self, said: Reloaded, program: Program, parts: Parts, sockets: Inherited
    ) -> Reloaded:
        """The first worker has reloaded, or has not."""
        self._reloading = False
        if not said.good:
            self._sockets.take_back()
            sockets.close()
            parts.discard()
            return self._refuse(ValueError(said.text.rstrip("\n")))
        self._file = program
        self._sockets.apply()
        told = [line for line in said.text.splitlines()[1:] if line != UNCHANGED]
        return self._apply(parts, sockets, told)

    def reopen_logs(self) -> None:
        """Log files have been moved."""
        self._crew.tell({"reopen": True})

    # -- ending -----------------------------------------------------------------------------------

    def sockets(self) -> list[Given]:
        """The listening sockets for a process that is to take over; copies, for the caller."""
        return super().sockets() + self._sockets.copies()

    def hand_over(self) -> None:
        """Another process serves now: end when the last worker has."""
        super().hand_over()
        self._sockets.close()
        self._workers.hand_over().addCallback(lambda _: self.shut_down(None))

    def shut_down(self, grace: float | None) -> None:
        """End the process; `grace` in seconds, None for the configured one."""
        if grace is not None:
            self._grace = grace
        if self._done is None:
            self._on_shutdown()
        elif grace is not None:
            self._workers.drain(grace, self._patience)

    def stopService(self) -> Deferred[None]:  # noqa: N802 - Twisted's name
        """Drain all workers, then let the exporters send what is left."""
        self._ready = False
        self._sockets.close()
        done: Deferred[None] = Deferred()
        self._done = done
        gone = self._workers.drain(self._grace, self._patience)
        gone.addCallback(lambda _: self._stop_rest(done))
        return done

    def _stop_rest(self, done: Deferred[None]) -> None:
        self._crew.close()
        super().stopService().addCallback(done.callback)


def _without_routers(program: Program) -> Program:
    """What is left for the supervisor."""
    config = program.config.model_copy(update={"routers": (), "namers": ()})
    return replace(program, config=config)


def _empty_logs(config: Linker) -> None:
    """Begin anew what access logs are to begin anew: workers only append.

    What is wrong with a file is told by who wants to write to it.
    """
    for router in config.routers:
        if not isinstance(router, HttpRouter) or router.http_access_log_append:
            continue
        if router.http_access_log is not None and os.path.isfile(router.http_access_log):
            with suppress(OSError):
                os.truncate(router.http_access_log, 0)


def _addresses(config: Linker) -> Iterator[Address]:
    for router in config.routers:
        for server in getattr(router, "servers", ()):
            yield server.ip, server.port, socket_options(server.socket_options)
