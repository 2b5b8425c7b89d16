"""The whole explanation as one value, and the one sentence about why a name leads nowhere."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from linkerpy.app.explain.look_up import Destination, Found, NotAsked
from linkerpy.app.explain.policies import (
    Policy,
    client_policies,
    server_policies,
    service_policies,
)
from linkerpy.app.explain.question import Door, LoadedLinker, Question, shown_request
from linkerpy.app.prefixes import unknown_namer
from linkerpy.config.source import Source, Spot
from linkerpy.naming import delegate
from linkerpy.naming.addr import Addr, AddrBound, AddrFailed, AddrNeg
from linkerpy.naming.delegate import DelegateTree
from linkerpy.naming.path import Path
from linkerpy.router.dst import Dst


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a share of the requests goes, and what is done on the way there."""

    destination: Destination
    policies: tuple[Policy, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the request goes nowhere, and what to do about it."""

    why: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An explanation, as far as it got."""

    request: str
    door: Door
    file: str
    spot: Spot
    """Where the file speaks of the server."""
    server: tuple[Policy, ...]
    dst: Dst | None = None
    identifiers: tuple[str, ...] = ()
    steps: DelegateTree | None = None
    goals: tuple[Goal, ...] = ()
    service: tuple[Policy, ...] = ()
    trouble: Trouble | None = None
    """None if the request would reach somebody."""


def refused(loaded: LoadedLinker, door: Door, question: Question, reason: str) -> Answer:
    """The answer for a request that gets no name."""
    trouble = Trouble(reason, _cure_for_refusal(reason))
    return replace(_beginning(loaded.source, door, question), trouble=trouble)


def answered(
    loaded: LoadedLinker, door: Door, question: Question, dst: Dst, found: Found
) -> Answer:
    """The answer for a request that has a name."""
    source = loaded.source
    goals = tuple(
        Goal(one, client_policies(door, one.bound.id, source)) for one in found.destinations
    )
    reached = any(_reachable(goal.destination.addr) for goal in goals)
    return replace(
        _beginning(source, door, question),
        dst=dst,
        steps=found.steps,
        goals=goals,
        service=service_policies(door, dst.path, source),
        trouble=None if reached else _trouble(loaded, door, dst, found),
    )


def _beginning(source: Source, door: Door, question: Question) -> Answer:
    """What is known before the request has a name."""
    identifiers = getattr(door.router, "identifier", None)
    return Answer(
        request=shown_request(door, question),
        door=door,
        file=source.name,
        spot=source.key_spot(door.server_loc),
        server=server_policies(door, source),
        identifiers=tuple(one.kind for one in identifiers or ()),
    )


def _reachable(addr: Addr) -> bool:
    match addr:
        case AddrBound(addresses):
            return bool(addresses)
        case AddrFailed(error):
            return isinstance(error, NotAsked)
    return False


def _cure_for_refusal(reason: str) -> str:
    if "header is absent" in reason or "missing hostname" in reason:
        return "give it: --host NAME, or -H 'name: value'"
    return ""


def _trouble(loaded: LoadedLinker, door: Door, dst: Dst, found: Found) -> Trouble:
    """What went wrong, and the cure where there is a sure one."""
    if found.error:
        return Trouble(found.error)
    for goal in found.destinations:
        return Trouble(f"{goal.bound.id.show()}: {shown_addr(goal.addr)}", _cure_for(goal.addr))
    dead = [] if found.steps is None else list(dead_ends(found.steps))
    prefixes = [namer.full_prefix for namer in loaded.config.namers]
    for path, _ in dead:
        cure = unknown_namer(path, prefixes)
        if cure:
            return Trouble(f"there is no namer for {path.show()}", cure)
    if not (door.router.dtab + dst.local).matches(dst.path):
        example = f"{dst.path.take(1).show()} => /$/inet/127.0.0.1/8888 ;"
        return Trouble(
            f"no dentry begins like {dst.path.show()}", f"add one to the dtab: {example}"
        )
    if dead:
        path, why = dead[-1]
        return Trouble(f"{path.show()}: {why}")
    return Trouble(f"{dst.path.show()} leads nowhere")


def _cure_for(addr: Addr) -> str:
    match addr:
        case AddrNeg():
            return "is the name spelled as service discovery has it?"
        case AddrBound():
            return "start one, or add a fall-back to the dtab: … | /another/name"
    return ""


def dead_ends(tree: DelegateTree) -> Iterator[tuple[Path, str]]:
    """The names at which a tree ends without being bound, and why, in its order."""
    match tree:
        case delegate.Neg(path):
            if not path.is_empty:
                yield path, "nobody knows it"
        case delegate.Fail(path):
            yield path, "fails, as the dtab says; what comes after is not tried"
        case delegate.Empty(path):
            yield path, "is nobody, as the dtab says"
        case delegate.Error(path, _, message):
            yield path, message
        case delegate.Delegate(tree=child) | delegate.Transformation(tree=child):
            yield from dead_ends(child)
        case delegate.Alt(trees=trees):
            for child in trees:
                yield from dead_ends(child)
        case delegate.Union(weighted=weighted):
            for _, child in weighted:
                yield from dead_ends(child)


def shown_addr(addr: Addr) -> str:
    """Replicas in a few words."""
    match addr:
        case AddrBound(addresses):
            count = len(addresses)
            return f"{count} endpoint{'' if count == 1 else 's'}" if count else "no endpoints now"
        case AddrNeg():
            return "no such service"
        case AddrFailed(error):
            return str(error) or type(error).__name__
    return "no answer yet"
