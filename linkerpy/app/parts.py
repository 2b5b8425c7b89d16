"""Parts: what the process is made of, after one configuration.

They are built as a whole before anything is touched of those they replace. What is the same in both
configurations is not built again but kept as the object it is: a router with its pools, bindings
and figures, a telemeter with what it has gathered. A router is built anew if its own part of the
file has changed, or what all routers share: the namers, and who wants traces.

Source: config spec, section 4.
"""

import socket
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from linkerpy.app.exporters import Exporter
from linkerpy.app.names import build_interpreter, build_namers
from linkerpy.app.program import Program, ShutDown
from linkerpy.app.schema import Admin
from linkerpy.core.closable import Group
from linkerpy.naming.namer import Interpreter, PrefixedNamer
from linkerpy.net.errors import ListenError, show_address
from linkerpy.net.inherited import Inherited
from linkerpy.net.listen import ListeningPort, bind, bind_beside
from linkerpy.net.options import SocketOptions
from linkerpy.net.tls_handshake import ServerTls
from linkerpy.net.web import Pages
from linkerpy.protocol.http.config import HttpRouter
from linkerpy.protocol.http.router import RunningHttpRouter
from linkerpy.protocol.tcp.config import TcpRouter
from linkerpy.protocol.tcp.router import RunningTcpRouter
from linkerpy.router.config import RouterConfig
from linkerpy.router.env import Env
from linkerpy.router.rolling_log import LogFiles
from linkerpy.router.running import RunningRouter, Where
from linkerpy.router.sockets import socket_options
from linkerpy.router.tls import server_tls
from linkerpy.telemetry.metrics import Claim
from linkerpy.telemetry.tracing import tracing

Listens = tuple[Where, ListeningPort]
"""A listening port, and the address that was asked for."""


class PartsError(ValueError):
    """Parts that this machine does not let us build: everything that is wrong with them."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))


class Parts:
    """The parts of a program, built and not yet listening or exporting.

    Raises: PartsError; nothing is left of them then.
    """

    def __init__(
        self, program: Program, env: Env, shut_down: ShutDown, before: "Parts | None" = None
    ) -> None:
        self.program = program
        self.config = program.config
        self._before = before
        self._made = Group()
        """What is closed if these parts are never used."""
        self._mistakes: list[str] = []
        self.tracers_kept = False
        """Whether those who want traces are those of before."""
        self.exporters = self._exporters(env, shut_down)
        self.env = self._environment(env)
        self.namers = self._namers()
        self.routers = self._routers()
        self.admin_metrics, self.admin_tls = self._admin()
        if self._mistakes:
            self.discard()
            raise PartsError(self._mistakes)

    def _try(self, make: Callable[[], Any]) -> Any:
        """What is made, or None, and one mistake more."""
        try:
            return make()
        except (OSError, ValueError) as error:
            self._mistakes.append(str(error))
            return None

    @property
    def pages(self) -> list[Pages]:
        """What the exporters add to the admin pages."""
        return [exporter.telemeter.pages for exporter in self.exporters]

    def discard(self) -> None:
        """Close what was built for these parts: they will not be used."""
        self._made.close()

    def settle(self) -> None:
        """They are in use: forget those before."""
        self._before = None
        self.env.logs.settle()

    def export(self) -> None:
        """Have the new exporters begin.

        Raises: OSError.
        """
        for exporter in self.new_exporters:
            exporter.run()
            self._made.add(exporter.running)

    # -- building ---------------------------------------------------------------------------------

    def _exporters(self, env: Env, shut_down: ShutDown) -> list[Exporter]:
        known = [] if self._before is None else list(self._before.exporters)
        made = []

        def add(made_of: Any, build: Callable[[], Any]) -> None:
            kept = next((one for one in known if one.made_of == made_of), None)
            if kept is not None:
                known.remove(kept)
                made.append(kept)
            elif (telemeter := self._try(build)) is not None:
                made.append(Exporter(made_of, telemeter))

        for keys in self.config.telemetry:
            add(keys, partial(keys.build, env))
        if self.program.extra is not None:
            add(self.program.file, partial(self.program.extra, env, shut_down))
        return made

    def _environment(self, env: Env) -> Env:
        """What the routers are built with: as before, where it can be."""
        tracers = [one.telemeter.tracer for one in self.exporters if one.telemeter.tracer]
        if self._before is None:
            wanted = tracing(tracers, env.random.getrandbits(64))
            return replace(env, tracing=wanted, states=dict(env.states))
        self.tracers_kept = tracers == [
            one.telemeter.tracer for one in self._before.exporters if one.telemeter.tracer
        ]
        wanted = env.tracing if self.tracers_kept else tracing(tracers, env.random.getrandbits(64))
        logs = LogFiles(self._before.env.logs)
        return replace(env, tracing=wanted, states=dict(env.states), logs=logs)

    @property
    def namers_kept(self) -> bool:
        """Whether the namers are those of before."""
        return self._before is not None and self._before.config.namers == self.config.namers

    def _namers(self) -> list[PrefixedNamer]:
        if self._before is not None and self.namers_kept:
            return self._before.namers
        return self._try(lambda: build_namers(self.config.namers, self.env)) or []

    def _routers(self) -> list[RunningRouter]:
        kept = {router.config.name: router for router in self._kept_routers()}
        for router in kept.values():
            if (path := getattr(router.config, "http_access_log", None)) is not None:
                self.env.logs.keep(path)
        made = []
        for config in self.config.routers:
            router = kept.get(config.name) or self._try(partial(self._router, config))
            if router is not None:
                made.append(router)
        return made

    def _kept_routers(self) -> list[RunningRouter]:
        before = self._before
        if before is None or not (self.namers_kept and self.tracers_kept):
            return []
        return [router for router in before.routers if router.config in self.config.routers]

    def _router(self, config: RouterConfig) -> RunningRouter:
        interpreter = build_interpreter(config, self.namers, self.env)
        router = _running(config, interpreter, self.env)
        self._made.add(router)
        return router

    def _admin(self) -> tuple[Claim, ServerTls | None]:
        if self._before is not None and self.admin_kept:
            return self._before.admin_metrics, self._before.admin_tls
        keys, metrics = self.config.admin, self.env.metrics.scope("admin").claim()
        self._made.add(metrics)
        if not self.program.has_admin:
            return metrics, None
        where, alpn = show_address(keys.ip, keys.port), (b"http/1.1",)
        tls = self._try(lambda: server_tls(keys.tls, self.env, metrics, "admin", where, alpn))
        if tls is not None:
            self._made.add(tls)
        return metrics, tls

    # -- compared with those before ---------------------------------------------------------------

    @property
    def new_routers(self) -> list[RunningRouter]:
        """Those that were not there before."""
        before = [] if self._before is None else self._before.routers
        return [router for router in self.routers if router not in before]

    @property
    def new_exporters(self) -> list[Exporter]:
        """Those that were not there before."""
        before = [] if self._before is None else self._before.exporters
        return [one for one in self.exporters if not any(one is other for other in before)]

    @property
    def admin_kept(self) -> bool:
        """Whether the admin server listens as before, or not at all as before."""
        if not self.program.has_admin:
            return True
        return self._before is not None and _listens(self._before.config.admin) == _listens(
            self.config.admin
        )

    def sockets(self, leaving: list[Listens], given: Inherited) -> Inherited:
        """The sockets of every address that is to be listened on from now on.

        They are those of `leaving`, which are about to stop, of `given`, or new.

        Raises: PartsError; those that were made are closed.
        """
        ready = Inherited()
        for where, options in self._addresses():
            try:
                for sock in _sockets(where, options, leaving, given):
                    ready.add(*where, sock)
            except ListenError as error:
                self._mistakes.append(str(error))
        if self._mistakes:
            ready.close()
            raise PartsError(self._mistakes)
        return ready

    def _addresses(self) -> list[tuple[Where, SocketOptions]]:
        admin = self.config.admin
        servers = [server.keys for router in self.new_routers for server in router.servers]
        wanted = servers if self.admin_kept else [admin, *servers]
        return [((keys.ip, keys.port), socket_options(keys.socket_options)) for keys in wanted]


def _sockets(
    where: Where, options: SocketOptions, leaving: list[Listens], given: Inherited
) -> list[socket.socket]:
    """The sockets for one address; those of `leaving` are taken out of it.

    Raises: ListenError.
    """
    same = [one for one in leaving if where in (one[0], _bound(one[1]))]
    if not where[1]:  # each port 0 is another
        same = same[:1]
    for one in same:
        leaving.remove(one)
    if ready := [port.copy() for _, port in same] or given.take_all(*where):
        for sock in ready:
            sock.listen(options.queue)
        return ready
    overlapping = [port for _, port in leaving if _bound(port)[1] == where[1]]
    if not overlapping:
        return [bind(*where, options)]
    made = bind_beside(overlapping, *where, options)
    # Callers of a narrower address are sent to its socket for as long as there is one.
    narrower = [port.copy() for port in overlapping if where[0] in _EVERY]
    return [made, *narrower]


_EVERY = ("0.0.0.0", "::")  # noqa: S104 - nothing is bound here


def _bound(port: ListeningPort) -> Where:
    host = port.getHost()
    return host.host, host.port


def _listens(keys: Admin) -> tuple[Any, ...]:
    return keys.ip, keys.port, keys.tls, keys.socket_options


def _running(config: RouterConfig, interpreter: Interpreter, env: Env) -> RunningRouter:
    """A router, not yet listening."""
    if isinstance(config, HttpRouter):
        return RunningHttpRouter(config, interpreter, env)
    if isinstance(config, TcpRouter):
        return RunningTcpRouter(config, interpreter, env)
    raise TypeError(f"{config.protocol} is refused when loading")
