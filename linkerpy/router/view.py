"""What a router can tell people of itself: the names in use, and the endpoints of a client.

The admin pages ask; nothing here is on the way of a request. Spans of time are in seconds.
"""

from collections.abc import Iterator
from typing import Any

from linkerpy.naming.bound import Bound
from linkerpy.naming.namer import BoundTree
from linkerpy.naming.nametree import Alt, Leaf, Neg, Union, show
from linkerpy.router.binding import Binding
from linkerpy.router.routing import ClientKey, ClientRoute, PathRoute, Router

Json = dict[str, Any]


def names(router: Router, now: float) -> Iterator[Json]:
    """The names that the router follows at present, one at a time, in no order."""
    for entry in router.paths:
        route: PathRoute = entry.value
        binding, story = route.binding, route.binding.story
        yield {
            "path": route.dst.path.show(),
            "local": route.dst.local.show(),
            "state": _state(binding),
            "tree": "" if binding.tree is None else show(binding.tree),
            "leaves": [_leaf(router, bound, now) for bound in _leaves(binding.tree)],
            "followed": _ago(story.opened, now),
            "changed": _ago(story.changed, now),
            "changes": story.changes,
            "failed": _ago(story.failed_at, now),
            "failures": story.failures,
            "error": story.last_error,
            "used": 0.0 if entry.busy else _ago(entry.idle_since, now),
        }


def _state(binding: Binding) -> str:
    """`stale` serves what it had before the namers failed."""
    if binding.tree is None:
        return "pending" if binding.error is None else "failed"
    if binding.error is not None:
        return "stale"
    return "neg" if binding.tree == Neg() else "bound"


def _leaves(tree: BoundTree | None) -> Iterator[Bound]:
    match tree:
        case Leaf(bound):
            yield bound
        case Alt(trees):
            for branch in trees:
                yield from _leaves(branch)
        case Union(branches):
            for weighted in branches:
                yield from _leaves(weighted.tree)


def _leaf(router: Router, bound: Bound, now: float) -> Json:
    """A bound name; of its addresses only what its client knows, which exists once it is used."""
    entry = router.clients.peek(ClientKey(bound))
    told: Json = {"id": bound.id.show(), "residual": bound.residual.show()}
    if entry is None:
        return {**told, "state": "unused", "addresses": [], "updated": None, "trouble": ""}
    client = entry.value.client
    return {
        **told,
        **client.state(),
        "updated": _ago(client.updated, now),
        "trouble": client.trouble,
    }


def _ago(moment: float | None, now: float) -> float | None:
    return None if moment is None else round(max(now - moment, 0.0), 3)


def client_named(router: Router, name: str) -> Json | None:
    """What is behind the client of that id: its state and its endpoints. None: there is none."""
    for entry in router.clients:
        route: ClientRoute = entry.value
        if entry.key.bound.id.show() == name:
            client = route.client
            return {
                "state": client.state()["state"],
                "trouble": client.trouble,
                "endpoints": client.endpoints(),
            }
    return None
