"""An explanation for people: a page of text, with colours where the terminal has them."""

from collections.abc import Iterator
from dataclasses import dataclass

from linkerpy.app.explain.answer import Answer, Goal, dead_ends, shown_addr
from linkerpy.app.explain.policies import Policy
from linkerpy.naming import delegate, nametree
from linkerpy.naming.addr import Addr, AddrBound
from linkerpy.naming.delegate import DelegateTree
from linkerpy.naming.dtab import Dentry
from linkerpy.net.errors import show_address

MOST_ENDPOINTS = 20
"""Endpoints of one name that are listed; JSON has all."""


@dataclass(frozen=True, slots=True)
class Ink:
    """How the page is drawn."""

    colour: bool = False
    unicode: bool = True

    def __call__(self, style: str, text: str) -> str:
        """`text` in a style, which is a row of SGR parameters."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.colour and text else text

    def glyphs(self, text: str) -> str:
        """`text` with line drawing that the terminal can show."""
        return text if self.unicode else text.translate(_ASCII)


_ASCII = str.maketrans({"├": "|", "└": "`", "│": "|", "─": "-", "✓": "+", "✗": "x", "…": "."})
_BOLD, _DIM, _GOOD, _BAD, _NAME = "1", "2", "32", "31", "36"


def as_text(answer: Answer, ink: Ink) -> str:
    """The page, ending in a newline."""
    return ink.glyphs("\n".join(_page(answer, ink)) + "\n")


def _page(answer: Answer, ink: Ink) -> Iterator[str]:
    yield from _heading(answer, ink)
    if answer.dst is not None:
        yield ""
        if answer.steps is None:
            yield "  (this interpreter cannot show its steps)"
        else:
            yield from _tree(answer.steps, ink)
    for goal in answer.goals:
        yield ""
        yield from _goal(goal, ink)
    yield from _policies(answer, ink)
    yield ""
    if answer.trouble is None:
        yield ink(_GOOD, "✓ resolves")
    else:
        yield ink(_BAD, f"✗ does not resolve: {answer.trouble.why}")
        if answer.trouble.cure:
            yield f"  {answer.trouble.cure}"


def _heading(answer: Answer, ink: Ink) -> Iterator[str]:
    router, server = answer.door.router, answer.door.server
    where = ink(_DIM, f"  {answer.file}:{answer.spot.line}")
    yield ink(_BOLD, answer.request)
    yield f"  router      {router.name} ({router.protocol})"
    yield f"  server      {show_address(server.ip, server.port)}{where}"
    if answer.dst is None:
        return
    if router.protocol != "tcp":
        yield f"  identifier  {', '.join(answer.identifiers) or 'io.l5d.header.token (default)'}"
    yield f"  name        {ink(_NAME, answer.dst.path.show())}"
    if answer.dst.local.dentries:
        yield f"  its dtab    {answer.dst.local.show()}"


# -- the steps ------------------------------------------------------------------------------------


def _tree(
    tree: DelegateTree, ink: Ink, by: Dentry | None = None, first: str = "  ", rest: str = "  "
) -> Iterator[str]:
    """A node and what is below it.

    `by` is the dentry that was shown last; `first` stands before the node's line and `rest` before
    the others.
    """
    shown = "" if tree.dentry in (None, by) else ink(_DIM, f"   by {_dentry(tree.dentry)}")
    yield first + _node(tree, ink) + shown
    by = tree.dentry or by
    children = list(_children(tree))
    for index, (label, child) in enumerate(children):
        last = index == len(children) - 1
        stem = "└─ " if last else "├─ "
        below = "   " if last else "│  "
        yield from _tree(child, ink, by, rest + stem + label, rest + below)
        by = child.dentry or by


def _children(tree: DelegateTree) -> Iterator[tuple[str, DelegateTree]]:
    """What is below a node, each with the words before it."""
    match tree:
        case delegate.Delegate(tree=child):
            yield "", child
        case delegate.Transformation(name=name, tree=child):
            yield f"{name}: ", child
        case delegate.Alt(trees=trees):
            taken = False
            for index, child in enumerate(trees):
                yield ("not tried: " if taken else "else: " if index else "first: "), child
                taken = taken or not _gives_way(child)
        case delegate.Union(weighted=weighted):
            total = sum(weight for weight, _ in weighted)
            for weight, child in weighted:
                yield f"{_percent(weight / total if total else 1 / len(weighted))}: ", child


def _gives_way(tree: DelegateTree) -> bool:
    """Whether the next alternative is tried after this one. Source: naming spec, section 2.4."""
    match tree:
        case delegate.Neg():
            return True
        case delegate.Delegate(tree=child) | delegate.Transformation(tree=child):
            return _gives_way(child)
        case delegate.Alt(trees=trees):
            return all(map(_gives_way, trees))
        case delegate.Union(weighted=weighted):
            return all(_gives_way(child) for _, child in weighted)
    return False


def _node(tree: DelegateTree, ink: Ink) -> str:
    match tree:
        case delegate.Leaf(bound=bound, addr=addr):
            known = isinstance(addr, AddrBound) and addr.addresses
            mark = ink(_GOOD, "✓") if known else ink(_BAD, "✗")
            return f"{mark} {ink(_NAME, bound.show())}  {shown_addr(addr)}"
        case delegate.Neg(path) if path.is_empty:
            return f"{ink(_BAD, '✗')} ~"
        case delegate.Neg() | delegate.Fail() | delegate.Empty() | delegate.Error():
            [(path, why)] = dead_ends(tree)
            return f"{ink(_BAD, '✗')} {path.show()}  {why}"
    return f"{tree.path.show()}"


def _dentry(dentry: Dentry | None) -> str:
    return "" if dentry is None else f"{dentry.prefix.show()} => {nametree.show(dentry.dst)}"


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"


# -- where it goes, and how -----------------------------------------------------------------------


def _goal(goal: Goal, ink: Ink) -> Iterator[str]:
    one = goal.destination
    share = "" if one.share == 1 else f"{_percent(one.share)} "
    residual = f"   left over: {one.bound.residual.show()}" if one.bound.residual.elems else ""
    yield f"  {ink(_BOLD, f'{share}to {one.bound.id.show()}')}{residual}"
    yield from (f"      {line}" for line in _endpoints(one.addr))


def _endpoints(addr: Addr) -> Iterator[str]:
    if not isinstance(addr, AddrBound) or not addr.addresses:
        yield shown_addr(addr)
        return
    ordered = sorted(addr.addresses, key=lambda one: (one.ip, one.port))
    for one in ordered[:MOST_ENDPOINTS]:
        yield one.show() + ("" if one.weight == 1 else f"   weight {one.weight:g}")
    if len(ordered) > MOST_ENDPOINTS:
        yield f"… and {len(ordered) - MOST_ENDPOINTS} more"


def _policies(answer: Answer, ink: Ink) -> Iterator[str]:
    yield from _group("at the server", answer, answer.server, ink)
    name = "" if answer.dst is None else answer.dst.path.show()
    yield from _group(f"for the service {name}", answer, answer.service, ink)
    seen: dict[tuple[Policy, ...], list[str]] = {}
    for goal in answer.goals:
        seen.setdefault(goal.policies, []).append(goal.destination.bound.id.show())
    for policies, names in seen.items():
        yield from _group(f"for the client {', '.join(names)}", answer, policies, ink)


def _group(title: str, answer: Answer, policies: tuple[Policy, ...], ink: Ink) -> Iterator[str]:
    if not policies:
        return
    yield ""
    yield f"  {ink(_BOLD, title)}"
    for policy in policies:
        if policy.spot is None:
            yield f"      {policy.key:<24} {ink(_DIM, f'{policy.text}  (default)')}"
        else:
            where = ink(_DIM, f"  {answer.file}:{policy.spot.line}")
            yield f"      {policy.key:<24} {policy.text}{where}"
