"""RunningRouter: one router of the configuration, from its listening addresses to its end.

Protocols derive from it: they say how their stacks and their ports are made. What is here is the
same for all: to listen, to take the place of others after a reload, to wind down.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from linkerpy.core.closable import Group
from linkerpy.naming.namer import Interpreter
from linkerpy.net.errors import show_address
from linkerpy.net.inherited import Inherited
from linkerpy.net.listen import ListeningPort, bind, listen_on
from linkerpy.net.tls_handshake import ServerTls
from linkerpy.router.env import Env
from linkerpy.router.routing import Router
from linkerpy.router.sockets import socket_options
from linkerpy.telemetry.metrics import Claim

Where = tuple[str, int]
"""A server's address as it is configured."""


class ServerPort(Protocol):
    """A server's factory of connections. It knows those there are."""

    listening: Sequence[ListeningPort]
    """Its listening sockets."""

    def adopt(self, other: Any) -> None:
        """Go on with the connections of a port of the same class."""

    def wind_down(self, on_idle: Callable[[], None]) -> None:
        """Let connections end when nothing is lost by it; then call `on_idle`."""

    def close_idle(self) -> None:
        """Close the connections that do nothing."""

    def abort(self) -> None:
        """Break off every connection."""


@dataclass(slots=True)
class Server:
    """One server: its configuration, and what is made of it."""

    keys: Any
    port: ServerPort
    tls: ServerTls | None
    listening: list[ListeningPort] = field(default_factory=list)

    @property
    def where(self) -> Where:
        """Its address."""
        return self.keys.ip, self.keys.port

    def adopt(self, other: "Server") -> None:
        """Go on with the connections of another server of the same protocol."""
        self.port.adopt(other.port)
        if self.tls is not None and other.tls is not None:
            self.tls.handshakes.take_over(other.tls.handshakes)

    def unlisten(self) -> list[ListeningPort]:
        """The listening sockets, for the caller to stop."""
        listening, self.listening, self.port.listening = self.listening, [], ()
        return listening


class RunningRouter:
    """A router and its servers, built but not yet listening.

    Raises: ValueError or OSError for what only the machine can tell. Nothing is left then.
    """

    router: Router
    """The router proper; `_route` makes it."""

    def __init__(self, config: Any, interpreter: Interpreter, env: Env) -> None:
        """`config` is a `RouterConfig` with `servers` and a `client`."""
        self.config = config
        self.servers: list[Server] = []
        self._env = env
        self._parts = Group()
        """What is closed when the last request has ended."""
        try:
            self.router = self._route(interpreter)
            if config.originator:
                self.router.metrics.gauge("originator", read=lambda: 1.0)
            for keys in config.servers:
                self._add_server(keys)
        except BaseException:
            self._undo()
            raise

    def _undo(self) -> None:
        """Close what there is of a router that could not be built."""
        if hasattr(self, "router"):
            self.router.close()
        self._parts.close()

    def _route(self, interpreter: Interpreter) -> Router:
        """Make the router proper, and whatever else servers need."""
        raise NotImplementedError

    def _server(self, keys: Any, metrics: Claim) -> tuple[Any, ServerTls | None]:
        """Make the port of one server, and its TLS. `metrics` is the server's scope.

        Raises: ValueError.
        """
        raise NotImplementedError

    def _add_server(self, keys: Any) -> None:
        metrics = self.router.metrics.scope("server", f"{keys.ip}/{keys.port}").claim()
        self._parts.add(metrics)
        port, tls = self._server(keys, metrics)
        if tls is not None:
            self._parts.add(tls)
        self.servers.append(Server(keys, port, tls))

    # -- listening --------------------------------------------------------------------------------

    def listen(self, inherited: Inherited | None = None) -> list[str]:
        """Accept at every server, in their order; their addresses as `ip:port`.

        Raises:
            ListenError: one cannot be bound; the others have stopped.
        """
        try:
            return [self._listen(server, inherited) for server in self.servers]
        except BaseException:
            self.stop_listening()
            raise

    def _listen(self, server: Server, inherited: Inherited | None) -> str:
        options = socket_options(server.keys.socket_options)
        factory: Any = server.port
        sockets = [] if inherited is None else inherited.take_all(*server.where)
        for sock in sockets or [bind(*server.where, options)]:
            bound = listen_on(sock, self._env.reactor, factory, options, server.tls)
            server.listening.append(bound)
        server.port.listening = server.listening
        host = server.listening[0].getHost()
        return show_address(host.host, host.port)

    def adopt(self, others: Iterable[Server]) -> None:
        """Go on with the connections of those who served our addresses in the same protocol.

        An address is as good as another of the same port: the server has moved.
        """
        left = list(others)
        for same in (_where, _port):
            for server in self.servers:
                for other in [one for one in left if same(one) == same(server)]:
                    if type(other.port) is type(server.port):
                        server.adopt(other)
                        left.remove(other)

    def stop_listening(self) -> None:
        """Take no new connections, and break off the handshakes under way."""
        for server in self.servers:
            for listening in server.unlisten():
                listening.stopListening()

    # -- ending -----------------------------------------------------------------------------------

    def wind_down(self, on_idle: Callable[[], None]) -> None:
        """Take no new connections, and let those there are end when nothing is lost by it.

        An idle one stays, so that its client's next request is answered, and told to connect anew:
        see `close_idle`. `on_idle` is called when the last has gone.
        """
        waiting = len(self.servers) + 1

        def one_idle() -> None:
            nonlocal waiting
            waiting -= 1
            if waiting == 0:
                on_idle()

        for server in self.servers:
            for listening in server.unlisten():
                listening.stop_accepting()
        for server in self.servers:
            server.port.wind_down(one_idle)
        one_idle()

    def close_idle(self) -> None:
        """Close the connections that do nothing."""
        for server in self.servers:
            server.port.close_idle()

    def retire(self, on_gone: Callable[[], None]) -> None:
        """Wind down for good: what is under way is finished, then everything is closed."""

        def closed() -> None:
            self._parts.close()
            on_gone()

        self.wind_down(lambda: self.router.close(closed))

    def drain(self, on_idle: Callable[[], None]) -> None:
        """Let requests under way finish; `on_idle` is called when the last connection has gone."""
        self.stop_listening()
        self.wind_down(on_idle)
        self.close_idle()

    def break_off(self) -> None:
        """End what is still under way."""
        self.stop_listening()
        for server in self.servers:
            server.port.abort()

    def close(self) -> None:
        """Break off what is still under way, stop following names and give the metrics up."""
        self.break_off()
        self.router.close()
        self._parts.close()


def _where(server: Server) -> Where:
    return server.where


def _port(server: Server) -> int | Server:
    """Port 0 is no port to be found again."""
    return server.keys.port or server
