"""Dtabs that can only fail: names that are rewritten in a circle whatever the world says.

Used when a configuration is loaded, so that such a dtab is an error then and not the failure of
every request after a hundred look-ups.

Source: naming spec, section 9.
"""

from linkerpy.naming.dtab import WILDCARD, Dtab, Prefix
from linkerpy.naming.nametree import Alt, Leaf, NameTree, Neg, Union
from linkerpy.naming.path import Path


def certain_loops(dtab: Dtab) -> list[str]:
    """The dentries, as text and in file order, under which every name fails at the depth limit.

    A dentry is only named if no other could end the circle: one that a header or an interpreter's
    own dtab adds still might. Looked at alone, so none is certain that depends on a name's rest.
    """
    doomed = set(range(len(dtab)))
    while True:
        ending = {i for i in doomed if not _loops(dtab.dentries[i].dst, dtab, doomed)}
        if not ending:
            return [dtab.dentries[i].show() for i in sorted(doomed)]
        doomed -= ending


def _loops(tree: NameTree[Path], dtab: Dtab, doomed: set[int]) -> bool:
    """Whether binding `tree` fails if binding by each of the `doomed` dentries does."""
    match tree:
        case Leaf(path):
            return _next(path, dtab) in doomed
        case Alt(trees):  # a failure is not failed over
            first = next((child for child in trees if not isinstance(child, Neg)), None)
            return first is not None and _loops(first, dtab, doomed)
        case Union(weighted):
            return all(_loops(branch.tree, dtab, doomed) for branch in weighted)
        case _:
            return False


def _next(path: Path, dtab: Dtab) -> int | None:
    """The dentry that is first to rewrite `path`, whatever elements follow it."""
    for i in reversed(range(len(dtab))):
        prefix = dtab.dentries[i].prefix
        if prefix.matches(path):
            return i
        if could_match(prefix, path):
            return None
    return None


def could_match(prefix: Prefix, path: Path) -> bool:
    """Whether `prefix` matches some path that begins with `path`."""
    pairs = zip(prefix.elems, path.elems, strict=False)
    return all(mine is WILDCARD or mine == theirs for mine, theirs in pairs)
