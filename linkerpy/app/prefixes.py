"""Names that no namer answers for, and which one was probably meant. For hints and `explain`."""

from collections.abc import Sequence
from difflib import get_close_matches

from linkerpy.config.kinds import REGISTRY
from linkerpy.naming.path import Path
from linkerpy.naming.rewrites import REWRITES

_NAMERS, _SYSTEM = Path.of("#"), Path.of("$")
_SYSTEM_NAMES = (
    "inet",
    "fixedinet",
    "nil",
    "fail",
    "io.buoyant.rinet",
    "com.twitter.finagle.namer.global",
    *REWRITES,
)


def unknown_namer(path: Path, prefixes: Sequence[Path]) -> str:
    """What to do about a name below `/#` or `/$` that nobody answers for; empty if somebody does.

    `prefixes` are those of the configured namers. A name that is shorter than a prefix may still
    grow to it.
    """
    if path.starts_with(_SYSTEM) and len(path) > 1:
        return _unknown_system(path.elems[1].decode("utf-8", "replace"))
    if not path.starts_with(_NAMERS):
        return ""
    if any(path.starts_with(prefix) or prefix.starts_with(path) for prefix in prefixes):
        return ""
    wanted = path.drop(1).take(1).show()[1:]
    if wanted in REGISTRY.of("namer"):
        return f"add it: namers: [{{kind: {wanted}, …}}]"
    near = _nearest(path, prefixes)
    if near is not None:
        configured = any(near.starts_with(prefix) for prefix in prefixes)
        return f"did you mean {near.show()}?" + ("" if configured else " (not configured either)")
    if not prefixes:
        return "there are no namers: add one under `namers`"
    return f"write one of the configured prefixes: {', '.join(p.show() for p in prefixes)}"


def _unknown_system(name: str) -> str:
    if name in _SYSTEM_NAMES:
        return ""
    near = get_close_matches(name, _SYSTEM_NAMES, n=1, cutoff=0.6)
    if near:
        return f"did you mean /$/{near[0]}?"
    return f"below /$ there are {', '.join(_SYSTEM_NAMES)}"


def _nearest(path: Path, prefixes: Sequence[Path]) -> Path | None:
    """The configured prefix, or else that of a known kind, which `path` is a misspelling of."""
    kinds = [Path.of("#", kind) for kind in REGISTRY.of("namer")]
    spelled = {prefix.show(): prefix for prefix in (*kinds, *prefixes)}
    for length in range(len(path), 1, -1):
        near = get_close_matches(path.take(length).show(), spelled, n=1, cutoff=0.75)
        if near:
            return spelled[near[0]]
    return None
