"""Assembly: from a checked configuration to a running process.

Source: config spec, section 1 (startup and close order) and section 4.
"""

import time
from collections.abc import Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred

from linkerpy import __version__
from linkerpy.admin.history import History
from linkerpy.admin.security import Security
from linkerpy.admin.site import make_site
from linkerpy.admin.state import AdminState, RouterView
from linkerpy.app.names import (
    Hosts,
    bound_names,
    build_interpreter,
    build_namers,
    explain,
    explain_system,
)
from linkerpy.app.schema import Admin, Linker, to_json
from linkerpy.app.schema import Security as SecurityKeys
from linkerpy.core.clock import TimerWheel
from linkerpy.core.closable import Group
from linkerpy.naming.inet import Inet
from linkerpy.naming.namer import Interpreter
from linkerpy.net.dns import Resolver
from linkerpy.net.errors import show_address
from linkerpy.net.listen import ListeningPort, listen
from linkerpy.net.log import logger
from linkerpy.net.tls_handshake import ServerTls
from linkerpy.protocol.http.config import HttpRouter
from linkerpy.protocol.http.router import RunningHttpRouter
from linkerpy.protocol.tcp.config import TcpRouter
from linkerpy.protocol.tcp.router import RunningTcpRouter
from linkerpy.router.config import RouterConfig
from linkerpy.router.env import Env
from linkerpy.router.sockets import socket_options
from linkerpy.router.telemeter import Telemeter
from linkerpy.router.tls import server_tls
from linkerpy.router.view import client_named, names
from linkerpy.telemetry.metrics import Metrics
from linkerpy.telemetry.process import watch_process
from linkerpy.telemetry.snapshots import Snapshots
from linkerpy.telemetry.tracing import tracing

_log = logger("linkerpy")

_EXPORT_PATIENCE = 3.0
"""Seconds that the end of the process waits for exporters."""

Running = RunningHttpRouter | RunningTcpRouter

ShutDown = Callable[[float | None], None]
"""Ends the process; seconds of grace, None for the configured ones."""


def make_env(reactor: Any) -> Env:
    """What every part of this process is built with."""
    return Env(
        reactor=reactor,
        clock=reactor,
        timers=TimerWheel(reactor),
        inet=Inet(Hosts(Resolver(reactor)), reactor),
        metrics=Metrics(),
    )


class Linkerd(Service):
    """The process: its routers and their admin server.

    Built in the constructor, bound by `startService`, drained by `stopService`. `on_shutdown` is
    what `/admin/shutdown` calls to end the process.
    """

    name = "linkerpy"

    def __init__(
        self,
        config: Linker,
        env: Env,
        on_shutdown: Callable[[], None],
        *,
        shown: Callable[[], dict[str, Any]] | None = None,
        extra: Callable[[ShutDown], Telemeter] | None = None,
    ) -> None:
        """`shown` is the configuration as the pages see it, where that is not `config` itself.

        `extra` makes one more telemeter, which may end the process.
        """
        self._config = config
        self._shown = shown or (lambda: to_json(config))
        self._env = env
        self._on_shutdown = on_shutdown
        self._started = time.time()
        self._grace = config.admin.shutdown_grace
        self._telemeters = [telemeter.build(env) for telemeter in config.telemetry]
        if extra is not None:
            self._telemeters.append(extra(self._shut_down))
        tracers = [t.tracer for t in self._telemeters if t.tracer is not None]
        env.tracing = tracing(tracers, env.random.getrandbits(64))
        self._namers = build_namers(config.namers, env)
        self._routers = [
            _running(router, build_interpreter(router, self._namers, env), env)
            for router in config.routers
        ]
        self._exporting = Group()
        self._admin: ListeningPort | None = None
        self._admin_tls = _admin_tls(config.admin, env)
        self._history = History(env.metrics, [r.config.name for r in self._routers], env.clock)
        self._watches = Group(
            watch_process(env.metrics, env.clock), Snapshots(env.metrics, env.clock), self._history
        )
        self._ready = False
        self._ending: Any = None  # the call that ends what has not ended by itself

    # -- starting ---------------------------------------------------------------------------------

    def startService(self) -> None:  # noqa: N802 - Twisted's name
        """Bind everything: the admin server first, then the routers' servers in their order.

        Raises:
            ListenError: an address cannot be bound.
        """
        super().startService()  # type: ignore[no-untyped-call]
        self._start_admin()
        for telemeter in self._telemeters:
            self._exporting.add(telemeter.run())
        for router in self._routers:
            for where in router.listen():
                _log.info("serving {label} on {where}", label=router.config.name, where=where)
        if self._config.usage is not None:
            _log.info("usage reports are accepted in the configuration; none is ever sent")
        self._ready = True
        _log.info("initialized")

    def _start_admin(self) -> None:
        admin = self._config.admin
        pages = [telemeter.pages for telemeter in self._telemeters]
        security = _security(admin.security)
        site = make_site(self._admin_state(), security, self._env.reactor, pages)
        options = socket_options(admin.socket_options)
        tls = self._admin_tls
        self._admin = listen(self._env.reactor, site, admin.ip, admin.port, options, tls)
        host = self._admin.getHost()
        scheme = "http" if tls is None else "https"
        where = show_address(host.host, host.port)
        _log.info("serving {scheme} admin on {where}", scheme=scheme, where=where)

    def _admin_state(self) -> AdminState:
        return AdminState(
            metrics=self._env.metrics,
            history=self._history,
            config_json=self._shown,
            version=__version__,
            started=self._started,
            shut_down=self._shut_down,
            ready=lambda: self._ready,
            routers=lambda: [_view(router, self._env) for router in self._routers],
            bound_names=bound_names(self._namers, self._env),
            explain_system=explain_system(self._env),
            namers=[prefix.show() for prefix, _ in self._namers],
            states=self._env.states,
            tls_failures=self._env.tls_failures,
        )

    # -- stopping ---------------------------------------------------------------------------------

    def _shut_down(self, grace: float | None) -> None:
        """`/admin/shutdown`: end the process; `grace` in seconds, None for the configured one."""
        if grace is not None:
            self._grace = grace
        if self._ending is None:
            self._on_shutdown()
        elif self._ending.active() and grace is not None:
            self._ending.reset(max(grace, 0))

    def stopService(self) -> Deferred[None]:  # noqa: N802 - Twisted's name
        """Take no new connections, let requests under way finish, at most for the grace period."""
        super().stopService()  # type: ignore[no-untyped-call]
        self._ready = False
        done: Deferred[None] = Deferred()
        waiting, finishing = len(self._routers), False

        def one_idle() -> None:
            nonlocal waiting
            waiting -= 1
            if waiting == 0:
                finish()

        def finish() -> None:
            nonlocal finishing
            if not finishing:
                finishing = True
                if self._ending.active():
                    self._ending.cancel()
                self._close_routers()
                self._drain_telemeters(closed)

        def closed() -> None:
            self._close()
            done.callback(None)

        self._ending = self._env.clock.callLater(max(self._grace, 0), finish)
        for router in list(self._routers):
            router.drain(one_idle)
        return done

    def _close_routers(self) -> None:
        for router in self._routers:
            router.close()
        self._env.logs.close()

    def _drain_telemeters(self, done: Callable[[], None]) -> None:
        """Let the exporters send what is left, for so long as anybody should wait for that."""
        waiting = len(self._telemeters) + 1

        def one_done() -> None:
            nonlocal waiting
            waiting -= 1
            if waiting == 0:
                over()

        def over() -> None:
            nonlocal waiting
            waiting = -1
            if limit.active():
                limit.cancel()
            done()

        limit = self._env.clock.callLater(_EXPORT_PATIENCE, over)
        for telemeter in self._telemeters:
            telemeter.drain(one_done)
        one_done()

    def _close(self) -> None:
        self._exporting.close()
        if self._admin is not None:
            self._admin.stopListening()
        if self._admin_tls is not None:
            self._admin_tls.close()
        self._watches.close()


def _running(config: RouterConfig, interpreter: Interpreter, env: Env) -> Running:
    """A router, not yet listening."""
    if isinstance(config, HttpRouter):
        return RunningHttpRouter(config, interpreter, env)
    if isinstance(config, TcpRouter):
        return RunningTcpRouter(config, interpreter, env)
    raise TypeError(f"{config.protocol} is refused when loading")


def _view(running: Running, env: Env) -> RouterView:
    """A router as the admin pages see it."""
    config, router = running.config, running.router
    return RouterView(
        label=config.name,
        protocol=config.protocol,
        dtab=config.dtab.show(),
        servers=[f"{server.ip}/{server.port}" for server in config.servers],
        explain=explain(router.interpreter),
        clients=router.client_states,
        names=lambda: names(router, env.clock.seconds()),
        client=lambda client_id: client_named(router, client_id),
    )


def _admin_tls(keys: Admin, env: Env) -> ServerTls | None:
    """The admin server's TLS.

    Raises: TlsConfigError.
    """
    where = show_address(keys.ip, keys.port)
    return server_tls(keys.tls, env, env.metrics.scope("admin"), "admin", where, (b"http/1.1",))


def _security(keys: SecurityKeys | None) -> Security:
    """`admin.security`; none is everything open."""
    if keys is None:
        return Security()
    return Security(
        keys.ui_enabled,
        None if keys.control_enabled and not keys.control_for_all else keys.control_enabled,
        keys.diagnostics_enabled,
        keys.path_whitelist,
        keys.path_blacklist,
    )
