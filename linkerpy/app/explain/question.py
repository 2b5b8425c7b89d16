"""What is asked of `explain`, and the name that it gets: the part that needs no network."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from linkerpy.app.linkerd_tcp import as_linker
from linkerpy.app.schema import Linker, LinkerTcp, Loaded
from linkerpy.codec.fields import Headers
from linkerpy.codec.http import Request, header_line
from linkerpy.config.fields import Port
from linkerpy.config.source import Loc
from linkerpy.core.errors import UnknownDestination
from linkerpy.protocol.http.config import HttpRouter
from linkerpy.protocol.http.rehearse import rehearse
from linkerpy.protocol.tcp.config import TcpRouter, TcpServer
from linkerpy.router.config import RouterConfig, ServerConfig
from linkerpy.router.dst import Dst


class UsageError(Exception):
    """The question does not fit the configuration; the text says which would."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request as the command line spells it, and by which door it comes.

    `sni` and no method is a connection; a router of another protocol cannot be asked about it.
    """

    method: str | None = None
    target: str | None = None
    headers: Sequence[tuple[str, str]] = ()
    sni: str | None = None
    router: str | None = None
    server: int | None = None


@dataclass(frozen=True, slots=True)
class LoadedLinker(Loaded):
    """A configuration file of linkerd's form, or as if it were."""

    config: Linker


def linkerd_form(loaded: Loaded) -> LoadedLinker:
    """The file, or the one of linkerd's form that means the same."""
    config = loaded.config
    linker = as_linker(config) if isinstance(config, LinkerTcp) else config
    return LoadedLinker(linker, loaded.source, loaded.warnings)


@dataclass(frozen=True, slots=True)
class Door:
    """Where the request comes in: a server, its router, and where the file speaks of them."""

    router: RouterConfig
    server: ServerConfig
    router_loc: Loc
    server_loc: Loc


def find_door(loaded: LoadedLinker, question: Question) -> Door:
    """The server that is meant; if none is named, the first of the only router.

    Raises: UsageError.
    """
    routers = [
        (index, router)
        for index, router in enumerate(loaded.config.routers)
        if question.router in (None, router.name) and _has_port(router, question.server)
    ]
    if not routers:
        wanted = f"--router {question.router}" if question.router is not None else ""
        port = f"--server {question.server}" if question.server is not None else ""
        asked = " ".join(filter(None, (wanted, port)))
        raise UsageError(f"nothing here is {asked}; there is:\n{_doors(loaded)}")
    if len(routers) > 1:
        raise UsageError(f"name a router by --router or --server; there is:\n{_doors(loaded)}")
    index, router = routers[0]
    servers = _servers(router)
    if not servers:
        raise UsageError(f"router '{router.name}' has no servers")
    at = next((i for i, s in enumerate(servers) if question.server in (None, s.port)), 0)
    loc: Loc = ("routers", index)
    return Door(router, servers[at], loc, (*loc, "servers", at))


def name_request(door: Door, question: Question) -> Dst:
    """The name at that door, and the dtab that the request brings.

    Raises:
        UsageError: that is no question for such a router.
        RouterError: the request would be refused, with that text.
    """
    router, server = door.router, door.server
    if isinstance(router, TcpRouter):
        assert isinstance(server, TcpServer)
        return _name_connection(router, server, question)
    if question.sni is not None:
        raise UsageError(f"--sni is for tcp routers; router '{router.name}' is {router.protocol}")
    if isinstance(router, HttpRouter):
        return rehearse(router, server, _request(question))  # type: ignore[arg-type]
    raise UsageError(f"routers of protocol {router.protocol} cannot be explained yet")


def shown_request(door: Door, question: Question) -> str:
    """The question in a line."""
    if isinstance(door.router, TcpRouter):
        return f"a connection for {question.sni}" if question.sni else "a connection"
    host = next((value for name, value in question.headers if name.lower() == "host"), None)
    line = f"{question.method or 'GET'} {question.target or '/'}"
    return f"{line} (Host: {host})" if host is not None else line


def _name_connection(router: TcpRouter, server: TcpServer, question: Question) -> Dst:
    if question.method is not None or question.headers:
        text = "a connection has no method and no headers: leave them out, or give --sni NAME"
        raise UsageError(f"router '{router.name}' is tcp: {text}")
    name = router.name_of(server)
    if not name.wants_sni:
        return Dst(name.path)
    if question.sni is not None:
        return Dst(name.fill(question.sni))
    if server.default_dst_name is not None:
        return Dst(server.default_dst_name)
    raise UnknownDestination(
        f"the connection asks for no TLS server name, and `dstName: {name}` needs one: "
        "give --sni NAME, or configure `defaultDstName` for such connections"
    )


def _request(question: Question) -> Request:
    headers: Headers = []
    for name, value in question.headers:
        try:
            header_line(name.encode("latin-1"), value.encode("latin-1"))
        except ValueError as error:
            raise UsageError(f"not a header: {name}: {value}") from error
        headers.append((name.encode("latin-1"), value.encode("latin-1")))
    target = question.target or "/"
    method = question.method or "GET"
    if not target.isascii() or not method.isascii() or any(c.isspace() for c in target + method):
        raise UsageError(f"not a request line: {method} {target}")
    return Request(method.encode(), target.encode(), headers)


def _servers(router: RouterConfig) -> Sequence[ServerConfig]:
    servers: Sequence[Any] = getattr(router, "servers", ())
    return servers


def _has_port(router: RouterConfig, port: Port | None) -> bool:
    return port is None or any(server.port == port for server in _servers(router))


def _doors(loaded: LoadedLinker) -> str:
    lines = []
    for router in loaded.config.routers:
        ports = " ".join(f"--server {server.port}" for server in _servers(router))
        lines.append(f"  --router {router.name}  {ports}  ({router.protocol})")
    return "\n".join(lines)
