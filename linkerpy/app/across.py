"""Mistakes between the parts of a configuration file: equal labels, ports, prefixes.

For `schema`. They are looked for in the file's plain values, because a part that is wrong in itself
has no model, and its neighbours' mistakes are to be found all the same.

Source: config spec, section 3.
"""

from collections.abc import Iterator
from typing import Any

from linkerpy.config.fields import as_text
from linkerpy.config.kinds import REGISTRY
from linkerpy.config.report import Mistake
from linkerpy.config.source import Loc, Source
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.loops import certain_loops
from linkerpy.naming.parser import NameSyntaxError
from linkerpy.naming.path import Path
from linkerpy.router.config import RouterConfig


def items(value: Any) -> list[Any]:
    """The elements of a list; of anything else, none."""
    return value if isinstance(value, list) else []


def router_mistakes(source: Source) -> Iterator[Mistake]:
    """Routers with equal labels, servers with equal addresses, routers without servers."""
    labels: set[str] = set()
    taken: set[tuple[str, int]] = set()
    for index, router in enumerate(items(source.value.get("routers"))):
        if isinstance(router, dict):
            loc: Loc = ("routers", index)
            yield from _label_mistakes(source, loc, router, labels)
            yield from _server_mistakes(source, loc, router, taken)
            yield from _loop_mistakes(source, loc, router)


def _loop_mistakes(source: Source, loc: Loc, router: dict[str, Any]) -> Iterator[Mistake]:
    try:
        dtab = Dtab.parse(as_text(router.get("dtab")) or "")
    except (NameSyntaxError, TypeError):
        return  # reported by the router itself
    loops = certain_loops(dtab)
    if loops:
        text = "names are rewritten in a circle and fail after 100 look-ups, by "
        yield Mistake(source.value_spot((*loc, "dtab")), text + " ; ".join(loops))


def namerd_mistakes(source: Source) -> Iterator[Mistake]:
    """Namers with overlapping prefixes: namerd looks addresses up by prefix alone."""
    known: list[Path] = []
    for index, namer in enumerate(items(source.value.get("namers"))):
        if not isinstance(namer, dict):
            continue
        try:
            prefix = Path.parse(as_text(namer.get("prefix")) or f"/{namer.get('kind')}")
        except (NameSyntaxError, TypeError):
            continue  # reported by the namer itself
        spot = source.value_spot(("namers", index, "prefix"))
        if prefix.is_empty:
            yield Mistake(spot, "Namers must not have an empty prefix")
        for other in known:
            if prefix.starts_with(other) or other.starts_with(prefix):
                pair = f"/#{other.show()} & /#{prefix.show()}"
                yield Mistake(spot, f"Namers must not have overlapping prefixes: {pair}")
        known.append(prefix)


def _label(router: dict[str, Any]) -> str:
    label = router.get("label")
    return str(as_text(router.get("protocol", "") if label is None else label))


def _label_mistakes(
    source: Source, loc: Loc, router: dict[str, Any], labels: set[str]
) -> Iterator[Mistake]:
    label = _label(router)
    if label in labels:
        spot = source.value_spot((*loc, "label"))
        yield Mistake(spot, f"Multiple routers with the label {label}")
    elif label:
        labels.add(label)


def _server_mistakes(
    source: Source, loc: Loc, router: dict[str, Any], taken: set[tuple[str, int]]
) -> Iterator[Mistake]:
    servers = router.get("servers")
    if servers is None or servers == []:
        yield Mistake(
            source.key_spot((*loc, "servers")), f"router '{_label(router)}' has no servers"
        )
    for index, server in enumerate(items(servers)):
        if not isinstance(server, dict):
            continue
        port = server.get("port", _default_port(router))
        address = (str(server.get("ip", "127.0.0.1")), port)
        if address in taken:
            spot = source.value_spot((*loc, "servers", index, "port"))
            yield Mistake(spot, f"Server conflict on port {port}")
        elif isinstance(port, int):
            taken.add(address)


def _default_port(router: dict[str, Any]) -> Any:
    protocol = REGISTRY.find("protocol", str(router.get("protocol")))
    if protocol is None or not issubclass(protocol, RouterConfig):
        return None
    return protocol.SERVER.model_fields["port"].default
