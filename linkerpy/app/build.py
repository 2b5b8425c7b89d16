"""The running process: what a program's parts do from the start to the end, reloads included.

Source: config spec, section 1 (startup and close order).
"""

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet.defer import Deferred

from linkerpy import __version__
from linkerpy.admin.history import History
from linkerpy.admin.lately import Lately
from linkerpy.admin.security import Security
from linkerpy.admin.site import pages_of
from linkerpy.admin.state import AdminState, Reloaded
from linkerpy.app.admin_server import AdminServer, view
from linkerpy.app.exporters import drain
from linkerpy.app.names import Hosts, bound_names, explain_system
from linkerpy.app.parts import Listens, Parts, PartsError
from linkerpy.app.program import Program
from linkerpy.app.reload import Reloads, changes, left_out
from linkerpy.config.report import ConfigError
from linkerpy.core.clock import TimerWheel
from linkerpy.core.closable import Group
from linkerpy.naming.inet import Inet
from linkerpy.net.dns import Resolver
from linkerpy.net.inherited import Given, Inherited
from linkerpy.net.log import logger
from linkerpy.net.web import Pages
from linkerpy.router.env import Env
from linkerpy.router.running import RunningRouter
from linkerpy.telemetry.metrics import Metrics
from linkerpy.telemetry.process import watch_process
from linkerpy.telemetry.snapshots import Snapshots

_log = logger("linkerpy")


UNCHANGED: Final = "nothing has changed"
"""What a reload tells that has changed nothing."""


def make_env(reactor: Any) -> Env:
    """What every part of this process is built with."""
    return Env(
        reactor=reactor,
        clock=reactor,
        timers=TimerWheel(reactor),
        inet=Inet(Hosts(Resolver(reactor)), reactor),
        metrics=Metrics(),
    )


def _nothing() -> None:
    """Nobody wants to hear it."""


class Linkerd(Service):
    """The process: its routers and their admin server.

    Built in the constructor, bound by `startService`, drained by `stopService`. `on_shutdown` is
    what `/admin/shutdown` calls to end the process; `on_abandoned` is called when it ends with work
    cut off. `reread` gives what the file asks for now (raising ConfigError); None if there is none.

    Raises: PartsError.
    """

    name = "linkerpy"

    def __init__(
        self,
        program: Program,
        env: Env,
        on_shutdown: Callable[[], None],
        *,
        inherited: Inherited | None = None,
        reread: Callable[[], Program] | None = None,
        on_abandoned: Callable[[], None] = _nothing,
    ) -> None:
        self._on_shutdown = on_shutdown
        self._on_abandoned = on_abandoned
        self._reread = reread
        self._given = inherited or Inherited()
        self._started, self._began = time.time(), env.clock.seconds()
        self._parts = Parts(program, env, self.shut_down)
        self._leaving: set[RunningRouter] = set()
        """Routers that a reload has replaced, while they have something under way."""
        self._grace: float | None = None  # seconds; None is what the configuration says
        # Reloads are told by the process that is asked for them.
        self._reloads = Reloads(env.metrics if program.has_admin else Metrics())
        self._history = History(env.metrics, self._labels, env.clock, by_itself=env.has_traffic)
        self._lately = Lately(env.metrics, self._labels, env.clock)
        self._watches = Group(
            watch_process(self._process_metrics(env), env.clock),
            Snapshots(env.metrics, env.clock),
            self._history,
            self._lately,
        )
        self._admin = AdminServer(env.reactor, self._make_pages)
        self._ready = False
        self._ending: Any = None  # the call that ends what has not ended by itself
        self._busy: set[RunningRouter] = set()
        self._done: Deferred[None] | None = None

    def _process_metrics(self, env: Env) -> Metrics:
        """Where the figures of this process itself go."""
        return env.metrics

    def _labels(self) -> dict[str, str]:
        """The routers' labels, with their protocols."""
        return {router.name: router.protocol for router in self._parts.config.routers}

    @property
    def pages(self) -> Pages:
        """The admin pages."""
        return self._admin.pages

    @property
    def _env(self) -> Env:
        return self._parts.env

    @property
    def _patience(self) -> float:
        """Seconds that is waited for the end of what is under way."""
        grace = self._parts.config.admin.shutdown_grace if self._grace is None else self._grace
        return max(grace, 0)

    # -- starting ---------------------------------------------------------------------------------

    def startService(self) -> None:  # noqa: N802 - Twisted's name
        """Bind everything: the admin server first, then the routers' servers in their order.

        Raises:
            PartsError: addresses cannot be bound.
            OSError: the machine does not let a telemeter run.
        """
        super().startService()  # type: ignore[no-untyped-call]
        parts = self._parts
        sockets = parts.sockets([], self._given)
        self._admin.start(parts, sockets)
        parts.export()
        self._serve(parts, sockets)
        for where in self._given.unused:
            _log.warn("the socket given for {where} is not used: no server has it", where=where)
        self._given.close_unkept()
        if parts.config.usage is not None:
            _log.info("usage reports are accepted in the configuration; none is ever sent")
        self._ready = True
        _log.info("initialized")

    def when_ready(self, call: Callable[[], None]) -> None:
        """Call once everything serves."""
        call()

    def _serve(self, parts: Parts, sockets: Inherited) -> None:
        for router in parts.new_routers:
            for where in router.listen(sockets):
                _log.info("serving {label} on {where}", label=router.config.name, where=where)

    def _make_pages(self, parts: Parts, security: Security) -> Pages:
        return pages_of(self._admin_state(parts), security, parts.env.reactor, parts.pages)

    def _admin_state(self, parts: Parts) -> AdminState:
        return AdminState(
            metrics=parts.env.metrics,
            history=self._history,
            lately=self._lately,
            labels=self._labels,
            config_json=parts.program.shown,
            version=__version__,
            started=self._started,
            uptime=lambda: parts.env.clock.seconds() - self._began,
            shut_down=self.shut_down,
            ready=lambda: self._ready,
            routers=lambda: [view(router, parts.env.clock) for router in parts.routers],
            bound_names=bound_names(parts.namers, parts.env),
            explain_system=explain_system(parts.env),
            namers=[prefix.show() for prefix, _ in parts.namers],
            states=parts.env.states,
            tls_failures=parts.env.tls_failures,
            reload=self.reload,
        )

    # -- another configuration --------------------------------------------------------------------

    def reload(self) -> Reloaded | Deferred[Reloaded]:
        """Read the configuration again. What will not do is refused, and nothing has changed."""
        why = self._unable
        if why is not None:
            _log.warn("configuration not reloaded: {why}", why=why)
            return Reloaded(good=False, text=f"not reloaded: {why}\n")
        try:
            parts, sockets = self._prepare(self._read_again())
        except (ConfigError, PartsError) as error:
            return self._refuse(error)
        return self._apply(parts, sockets)

    @property
    def _unable(self) -> str | None:
        """Why there can be no reload now."""
        if self._reread is None:
            return "the configuration came from no file"
        return None if self._ready else "the process ends"

    def _read_again(self) -> Program:
        """Raises: ConfigError."""
        assert self._reread is not None
        return self._reread()

    def _prepare(self, program: Program) -> tuple[Parts, Inherited]:
        """Everything that could fail.

        Raises: PartsError; nothing has changed then.
        """
        parts = Parts(program, self._env, self.shut_down, self._parts)
        return parts, self._ready_to_serve(parts)

    def _refuse(self, error: Exception) -> Reloaded:
        self._reloads.failed()
        _log.error("configuration not reloaded, the old one stays:\n{error}", error=str(error))
        return Reloaded(good=False, text=f"{error}\n")

    def _apply(self, parts: Parts, sockets: Inherited, told: Iterable[str] = ()) -> Reloaded:
        """Have what was prepared do the work. `told` is what others say that they have changed."""
        before = self._parts
        changed = list(dict.fromkeys([*told, *changes(before, parts)]))
        changed += [f"{what}: needs a restart" for what in left_out(before, parts)]
        changed = list(dict.fromkeys(changed)) or [UNCHANGED]
        self._replace(before, parts, sockets)
        parts.settle()
        self._reloads.good()
        _log.info("configuration reloaded: {changed}", changed="; ".join(changed))
        return Reloaded(good=True, text="\n".join(["reloaded", *changed, ""]))

    def reopen_logs(self) -> None:
        """Log files have been moved: see `LogFiles.reopen`."""
        self._env.logs.reopen()

    def _ready_to_serve(self, parts: Parts) -> Inherited:
        """Everything that could still fail.

        Raises: PartsError; nothing is left of the parts then.
        """
        admin = [] if parts.admin_kept else self._admin.listens
        leaving = [router for router in self._parts.routers if router not in parts.routers]
        try:
            sockets = parts.sockets(admin + _listens(leaving), self._given)
        except PartsError:
            parts.discard()
            raise
        try:
            parts.export()
        except OSError as error:
            sockets.close()
            parts.discard()
            raise PartsError([str(error)]) from error
        return sockets

    def _replace(self, before: Parts, parts: Parts, sockets: Inherited) -> None:
        """Have other parts do what there is to do. Nothing here can fail."""
        self._parts = parts
        self._admin.start(parts, sockets)
        leaving = [router for router in before.routers if router not in parts.routers]
        servers = [server for router in leaving for server in router.servers]
        self._serve(parts, sockets)
        named = {router.config.name: router.router for router in leaving}
        for router in parts.new_routers:
            router.adopt(servers)
            if router.config.name in named:
                router.router.remember(named[router.config.name])
        for router in leaving:
            self._retire(router)
        exporting = {id(one) for one in parts.exporters}
        gone = [one for one in before.exporters if id(one) not in exporting]
        drain(gone, self._env.clock, _nothing)

    def _retire(self, router: RunningRouter) -> None:
        """Let a router finish what it has begun; its idle connections have the grace period."""
        self._leaving.add(router)
        patience = self._env.clock.callLater(self._patience, router.close_idle)

        def gone() -> None:
            if patience.active():
                patience.cancel()
            self._leaving.discard(router)
            if not self._ready:
                self._tell_if_idle()

        router.retire(gone)

    # -- another process --------------------------------------------------------------------------

    def sockets(self) -> list[Given]:
        """The listening sockets for a process that is to take over; copies, for the caller."""
        kept = [Given(one.host, one.port, one.socket.dup(), kept=True) for one in self._given]
        known = {(one.host, one.port) for one in kept}
        return kept + [
            Given(*where, port.copy(), kept=False)
            for where, port in self._admin.listens + _listens(self._parts.routers)
            if where not in known
        ]

    def hand_over(self) -> None:
        """Another process serves now: end when nothing is under way any more, however late.

        Idle connections have the grace period.
        """
        self._ready = False
        self._admin.stop_accepting()
        self._env.clock.callLater(self._patience, self._close_idle)
        self._busy = set(self._parts.routers)
        for router in self._parts.routers:
            router.wind_down(partial(self._idle, router))

    def _close_idle(self) -> None:
        for router in self._parts.routers:
            router.close_idle()

    # -- stopping ---------------------------------------------------------------------------------

    def shut_down(self, grace: float | None) -> None:
        """`/admin/shutdown`: end the process; `grace` in seconds, None for the configured one."""
        if grace is not None:
            self._grace = grace
        if self._done is None:
            self._on_shutdown()
        elif self._ending.active() and grace is not None:
            self._ending.reset(self._patience)

    def cut(self) -> None:
        """Wait no more: end what is under way."""
        self.shut_down(0)

    def stopService(self) -> Deferred[None]:  # noqa: N802 - Twisted's name
        """Take no new connections, let requests under way finish, at most for the grace period."""
        super().stopService()  # type: ignore[no-untyped-call]
        self._ready = False
        done = self._done = Deferred()
        self._busy = set(self._parts.routers)
        self._ending = self._env.clock.callLater(self._patience, self._abandon)
        for router in list(self._leaving):
            router.close_idle()
        for router in self._parts.routers:
            router.drain(partial(self._idle, router))
        self._tell_if_idle()
        return done

    def _idle(self, router: RunningRouter) -> None:
        self._busy.discard(router)
        self._tell_if_idle()

    def _tell_if_idle(self) -> None:
        if self._busy or self._leaving:
            return
        if self._done is None:  # another process has taken over
            self._on_shutdown()
        elif self._ending.active():
            self._ending.cancel()
            self._finish()

    def _abandon(self) -> None:
        """The grace period is over."""
        late = ", ".join(sorted({router.config.name for router in self._busy | self._leaving}))
        _log.warn("connections of {late} did not end in time: they are broken off", late=late)
        self._on_abandoned()
        self._finish()

    def _finish(self) -> None:
        for router in self._all_routers():
            router.break_off()
        # Routers that are closed have no metrics any more: exporters tell of them before.
        drain(self._parts.exporters, self._env.clock, self._close)

    def _all_routers(self) -> list[RunningRouter]:
        return [*self._parts.routers, *self._leaving]

    def _close(self) -> None:
        for router in self._all_routers():
            router.close()
        self._env.logs.close()  # after their last lines
        self._admin.close()
        self._watches.close()
        self._given.close()
        assert self._done is not None
        self._done.callback(None)


def _listens(routers: Iterable[RunningRouter]) -> list[Listens]:
    return [
        (server.where, listening)
        for router in routers
        for server in router.servers
        for listening in server.listening
    ]
