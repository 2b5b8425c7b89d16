"""Hints: what a right configuration probably gets wrong, told once when it is loaded.

Each says what, why and what to do, with its line. None keeps the program from starting: there may
be a reason that the file does not show. What certainly cannot work is a mistake, see `across`.
"""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path as File
from typing import Any, Final

from linkerpy.app.prefixes import unknown_namer
from linkerpy.app.schema import Linker, Loaded
from linkerpy.config.report import Mistake
from linkerpy.config.source import Loc, Source
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.loops import could_match
from linkerpy.naming.nametree import Alt, Leaf, NameTree, Union
from linkerpy.naming.parser import NameSyntaxError
from linkerpy.naming.path import Path
from linkerpy.net.errors import show_address
from linkerpy.protocol.tcp.config import TcpRouter
from linkerpy.router.config import RouterConfig

_CONTAINER_FILES: Final = (".dockerenv", "run/.containerenv")
_CONTAINER_VARIABLES: Final = ("KUBERNETES_SERVICE_HOST", "container")


def in_container(root: File = File("/"), environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process runs in a container, as Docker, Podman and Kubernetes show it."""
    if any((root / name).exists() for name in _CONTAINER_FILES):
        return True
    return any(environment.get(name) for name in _CONTAINER_VARIABLES)


def hints(
    loaded: Loaded, *, container: bool, given: Collection[tuple[str, int]] = ()
) -> list[Mistake]:
    """The hints for a file, in its order; there are none but for linkerd files.

    `given` are the addresses of the sockets that the process was started with.
    """
    config: object = loaded.config
    source = loaded.source
    if not isinstance(config, Linker):
        return []
    found: list[Mistake] = []
    if container:
        found += _unreachable_servers(config, source)
    found += _exposed_admin(config, source)
    found += _shared_ports(config, source)
    found += _other_sockets(config, source, given)
    for index, router in enumerate(config.routers):
        if router.interpreter is None or router.interpreter.kind == "default":
            loc: Loc = ("routers", index)
            found += _unmatched_names(router, loc, source)
            found += _unknown_namers(config, router, loc, source)
    found += _idle_namers(config, source)
    return sorted(set(found))


# -- addresses ------------------------------------------------------------------------------------


def _unreachable_servers(config: Linker, source: Source) -> Iterator[Mistake]:
    for loc, server in _servers(config):
        if ip_address(server.ip).is_loopback:
            yield Mistake(
                source.key_spot((*loc, "ip") if "ip" in server.model_fields_set else loc),
                f"the server on {server.ip}:{server.port} can only be reached from inside this "
                "container: write `ip: 0.0.0.0`, unless its callers share the container's network",
            )


def _exposed_admin(config: Linker, source: Source) -> Iterator[Mistake]:
    admin = config.admin
    if ip_address(admin.ip).is_loopback:
        return
    if admin.tls is not None and admin.tls.require_client_auth:
        return
    control = admin.security is not None and admin.security.control_for_all
    harm = "see the configuration and shut the router down" if control else "see the configuration"
    closing = ", or take out `admin.security.controlEnabled: true`" if control else ""
    yield Mistake(
        source.key_spot(("admin", "ip")),
        f"whoever reaches {admin.ip}:{admin.port} can {harm}: write `ip: 127.0.0.1`{closing}, or "
        "`admin.tls` with `requireClientAuth: true`, unless a firewall keeps others away",
    )


def _shared_ports(config: Linker, source: Source) -> Iterator[Mistake]:
    """Ports that two servers want, one of them on all addresses: the later cannot be bound."""
    taken: list[Any] = [config.admin] if config.admin.port else []
    for loc, server in _servers(config):
        other = next((one for one in taken if _collide(one, server)), None)
        if other is not None:
            yield Mistake(
                source.key_spot((*loc, "port")),
                f"{server.ip}:{server.port} cannot be bound beside {other.ip}:{other.port}, which "
                f"{'the admin server' if other is config.admin else 'another server'} of this file "
                "has: choose another port",
            )
        if server.port:
            taken.append(server)


def _other_sockets(
    config: Linker, source: Source, given: Collection[tuple[str, int]]
) -> Iterator[Mistake]:
    """Servers that mean a socket which systemd holds, and write its address in another way."""
    servers: list[tuple[Loc, Any]] = [(("admin",), config.admin), *_servers(config)]
    taken = {(server.ip, server.port) for _, server in servers}
    left = {port: host for host, port in given if (host, port) not in taken}
    for loc, server in servers:
        if server.port in left and (server.ip, server.port) not in given:
            other, own = left[server.port], show_address(server.ip, server.port)
            yield Mistake(
                source.key_spot((*loc, "port")),
                f"{own} is not {show_address(other, server.port)}, for which there is a socket "
                f"from outside: write `ListenStream={own}` in the socket unit, or `ip: '{other}'`",
            )


def _collide(one: Any, other: Any) -> bool:
    if one.port != other.port:
        return False
    if one.socket_options.reuse_port and other.socket_options.reuse_port:
        return False
    first, second = ip_address(one.ip), ip_address(other.ip)
    if first.version != second.version:
        return False
    return first == second or first.is_unspecified or second.is_unspecified


def _servers(config: Linker) -> Iterator[tuple[Loc, Any]]:
    for index, router in enumerate(config.routers):
        for at, server in enumerate(getattr(router, "servers", ())):
            yield ("routers", index, "servers", at), server


# -- names ----------------------------------------------------------------------------------------


def _unmatched_names(router: RouterConfig, loc: Loc, source: Source) -> Iterator[Mistake]:
    """Names that begin as no dentry does, so that no request can succeed."""
    for at, prefix, what in _beginnings(router, loc):
        if prefix.elems[:1] in ((b"$",), (b"#",)) or _may_match(router.dtab, prefix):
            continue
        text = f"every name here begins with {prefix.show()} ({what}), and "
        if not router.dtab.dentries:
            text += "there is no dtab"
        else:
            text += "no dentry of the dtab does"
        yield Mistake(
            source.key_spot(at),
            f"{text}: all requests fail unless they bring a dtab; "
            f"write a dentry such as `{prefix.show()} => …`{_or_prefix(router, what)}",
        )


def _beginnings(router: RouterConfig, loc: Loc) -> Iterator[tuple[Loc, Path, str]]:
    """What a router's names begin with: where the file says so, and by which key."""
    if not isinstance(router, TcpRouter):
        at = (*loc, "dtab") if "dtab" in router.model_fields_set else loc
        yield at, router.dst_prefix, "dstPrefix"
        return
    for index, server in enumerate(router.servers):
        name = router.name_of(server)
        if not name.wants_sni:
            at = (*loc, "servers", index)
            key = "dstName" if server.dst_name is not None else "dstPrefix and port"
            yield ((*at, "dstName") if server.dst_name is not None else at), name.path, key


def _may_match(dtab: Dtab, beginning: Path) -> bool:
    return any(could_match(dentry.prefix, beginning) for dentry in dtab.dentries)


def _or_prefix(router: RouterConfig, what: str) -> str:
    """The other cure: the beginning that the dtab has, where it has only one."""
    first = {prefix.show().split("/")[1] for prefix in (d.prefix for d in router.dtab.dentries)}
    if what != "dstPrefix" or len(first) != 1 or first & {"", "*", "#", "$"}:
        return ""
    return f", or `dstPrefix: /{first.pop()}`"


def _unknown_namers(
    config: Linker, router: RouterConfig, loc: Loc, source: Source
) -> Iterator[Mistake]:
    prefixes = [namer.full_prefix for namer in config.namers]
    for dentry in router.dtab.dentries:
        for path in _leaves(dentry.dst):
            cure = unknown_namer(path, prefixes)
            if cure:
                yield Mistake(
                    _spot_in_dtab(source, loc, path),
                    f"there is no namer for {path.show()}, so that names end there: {cure}",
                )


def _spot_in_dtab(source: Source, loc: Loc, path: Path) -> Any:
    at = (*loc, "dtab")
    text = source.value["routers"][loc[1]].get("dtab")
    found = re.search(rf"(?<![\w.:$#%-]){re.escape(path.show())}(?![\w./:$#%-])", str(text))
    return source.char_spot(at, found.start(), str(text)) if found else source.value_spot(at)


def _leaves(tree: NameTree[Path]) -> Iterator[Path]:
    match tree:
        case Leaf(path):
            yield path
        case Alt(trees):
            for child in trees:
                yield from _leaves(child)
        case Union(weighted):
            for branch in weighted:
                yield from _leaves(branch.tree)


_MENTIONED = re.compile(r"/#[^\s;|&()=>]*")


def _idle_namers(config: Linker, source: Source) -> Iterator[Mistake]:
    """Namers that nothing in the file mentions; dtabs kept elsewhere may, and then none is."""
    if any(r.interpreter is not None and r.interpreter.kind != "default" for r in config.routers):
        return
    mentioned = list(_mentions(source.value))
    for index, namer in enumerate(config.namers):
        prefix = namer.full_prefix
        if not any(path.starts_with(prefix) or prefix.starts_with(path) for path in mentioned):
            yield Mistake(
                source.key_spot(("namers", index)),
                f"no dtab leads to {prefix.show()}, so that this namer is never asked: "
                f"write a dentry such as `/svc => {prefix.show()} ;`",
            )


def _mentions(value: Any) -> Iterator[Path]:
    """Every name below `/#` that some text of the file holds."""
    match value:
        case dict():
            for item in value.values():
                yield from _mentions(item)
        case list():
            for item in value:
                yield from _mentions(item)
        case str():
            for text in _MENTIONED.findall(value):
                try:
                    yield Path.parse(text.rstrip("/"))
                except NameSyntaxError:  # it holds a capture, say, and may be any
                    yield Path.of("#")
