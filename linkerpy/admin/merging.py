"""One JSON value of those that several workers tell, for the pages of their supervisor.

Each function takes what the workers said, by their numbers.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from linkerpy.admin.member import UNKNOWN
from linkerpy.admin.state import Json
from linkerpy.net.web import Asked
from linkerpy.telemetry.recent import limit_of

Merge = Callable[[dict[int, Any], Asked], Any]

_NAMES_WORST_FIRST: Final = ("failed", "stale", "neg", "pending", "bound")
_ENDPOINTS_WORST_FIRST: Final = ("busted", "probation", "draining", "live")


def clients(parts: dict[int, Json], _asked: Asked) -> Json:
    """By id: bound, if it is anywhere, to all the addresses that anybody knows."""
    whole: dict[str, Json] = {}
    for part in parts.values():
        for name, client in part.items():
            whole[name] = _either(whole[name], client) if name in whole else client
    return whole


def _either(known: Json, other: Json) -> Json:
    """What is known of addresses: those of both, unless one alone is bound."""
    if other["state"] != "bound":
        return known
    if known["state"] != "bound":
        return other
    return known | {"addresses": _once([*known["addresses"], *other["addresses"]])}


def _once(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def bound_names(parts: dict[int, list[str]], _asked: Asked) -> list[str]:
    """All, each once."""
    return _once(name for part in parts.values() for name in part)


def names(parts: dict[int, Json], _asked: Asked) -> Json:
    """Each name once, as it is where it does worst; counts and moments of who knows most."""
    whole: dict[tuple[str, ...], Json] = {}
    for part in parts.values():
        for name in part["names"]:
            key = (name["router"], name["path"], name["local"])
            whole[key] = _name(whole[key], name) if key in whole else name
    namers = _once(prefix for part in parts.values() for prefix in part["namers"])
    return {"namers": namers, "names": list(whole.values())}


def _name(one: Json, other: Json) -> Json:
    worse = min(one, other, key=lambda name: _NAMES_WORST_FIRST.index(name["state"]))
    better = other if worse is one else one
    most = {key: max(one[key], other[key]) for key in ("followed", "changes", "failures")}
    latest = {key: _latest(one[key], other[key]) for key in ("changed", "failed", "used")}
    leaves = {leaf["id"]: leaf for leaf in worse["leaves"]}
    for leaf in better["leaves"]:
        if leaf["id"] in leaves:
            leaves[leaf["id"]] = _leaf(leaves[leaf["id"]], leaf)
    error = worse["error"] or better["error"]
    return worse | most | latest | {"leaves": list(leaves.values()), "error": error}


def _leaf(one: Json, other: Json) -> Json:
    latest = {"updated": _latest(one["updated"], other["updated"])}
    return _either(one, other) | latest | {"trouble": one["trouble"] or other["trouble"]}


def _latest(one: float | None, other: float | None) -> float | None:
    """Of two moments, given as seconds since then."""
    known = [seconds for seconds in (one, other) if seconds is not None]
    return min(known, default=None)


def client(parts: Iterable[Json]) -> Json:
    """The state and the endpoints of a client: each endpoint as it is where it does worst."""
    whole = UNKNOWN
    for part in parts:
        endpoints = {endpoint["address"]: endpoint for endpoint in whole["endpoints"]}
        for endpoint in part["endpoints"]:
            known = endpoints.get(endpoint["address"])
            endpoints[endpoint["address"]] = endpoint if known is None else _both(known, endpoint)
        known_best = part if whole["state"] != "bound" else whole
        whole = {
            "state": known_best["state"],
            "trouble": whole["trouble"] or part["trouble"],
            "endpoints": list(endpoints.values()),
        }
    return whole


def _both(one: Json, other: Json) -> Json:
    worse = min(one, other, key=lambda each: _ENDPOINTS_WORST_FIRST.index(each["state"]))
    return worse | {"load": one["load"] + other["load"]}


def failures(parts: dict[int, Json], _asked: Asked) -> Json:
    """All, each with its worker, the newest first."""
    rows = [
        failure | {"worker": number}
        for number, part in parts.items()
        for failure in part["failures"]
    ]
    return {"failures": sorted(rows, key=lambda row: -row["at"])}


def requests(parts: dict[int, Json], asked: Asked) -> Json:
    """As many as were asked for, each with its worker, the newest first."""
    rows = [
        request | {"worker": number}
        for number, part in parts.items()
        for request in part["requests"]
    ]
    return {"requests": sorted(rows, key=lambda row: -row["at"])[: limit_of(asked.args)]}


def threads(parts: dict[int, Json], _asked: Asked) -> Json:
    """All, named after their workers."""
    return {
        "threads": {
            f"{number}/{name}": thread | {"thread": f"worker {number}: {thread['thread']}"}
            for number, part in parts.items()
            for name, thread in part["threads"].items()
        }
    }
