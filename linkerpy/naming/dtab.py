"""Dtab: the delegation table, an ordered list of `prefix => tree` entries; later ones win.

Routers, interpreters and requests each bring a dtab; the interpreter looks paths up in their sum.
One step of rewriting happens here; following the steps is the interpreter's work.

Source: naming spec, sections 1.2 and 1.3 (text), 2.1 (prefix match), 2.2 (lookup).
"""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Final

from linkerpy.naming import nametree
from linkerpy.naming.nametree import NEG, Alt, NameTree
from linkerpy.naming.parser import Scanner, parse_all
from linkerpy.naming.path import Path, show_element


class Wildcard(Enum):
    """The prefix element `*`: exactly one element, whatever it is."""

    ANY = "*"


WILDCARD: Final = Wildcard.ANY


@dataclass(frozen=True, slots=True)
class Prefix:
    """The left side of a dentry: a path in which elements may be wildcards.

    Raises: ValueError for an empty element.
    """

    elems: tuple[bytes | Wildcard, ...]

    def __post_init__(self) -> None:
        if b"" in self.elems:
            raise ValueError(f"a prefix element must not be empty: {self.elems!r}")

    @classmethod
    def parse(cls, text: str) -> "Prefix":
        """The prefix that `text` spells.

        Raises: NameSyntaxError.
        """
        return parse_all(text, read_prefix)

    def show(self) -> str:
        """The canonical text; `parse` reads it back."""
        return "/" + "/".join(["*" if e is WILDCARD else show_element(e) for e in self.elems])

    __str__ = show

    def __len__(self) -> int:
        return len(self.elems)

    def matches(self, path: Path) -> bool:
        """Whether `path` begins with this prefix."""
        if len(self.elems) > len(path.elems):
            return False
        for mine, theirs in zip(self.elems, path.elems, strict=False):
            if mine is not WILDCARD and mine != theirs:
                return False
        return True


@dataclass(frozen=True, slots=True)
class Dentry:
    """One entry: paths that begin with `prefix` continue in `dst`."""

    prefix: Prefix
    dst: NameTree[Path]

    @classmethod
    def parse(cls, text: str) -> "Dentry":
        """The dentry that `text` spells.

        Raises: NameSyntaxError.
        """
        return parse_all(text, read_dentry)

    def show(self, *, exact: bool = False) -> str:
        """The canonical text; `exact` as in `nametree.show`."""
        return f"{self.prefix.show()}=>{nametree.show(self.dst, exact=exact)}"

    __str__ = show


@dataclass(frozen=True, slots=True)
class Dtab:
    """A delegation table. The sum of two consults the right one first."""

    EMPTY: ClassVar["Dtab"]

    dentries: tuple[Dentry, ...]

    @classmethod
    def parse(cls, text: str) -> "Dtab":
        """The dtab that `text` spells.

        Raises: NameSyntaxError.
        """
        return parse_all(text, read_dtab)

    def show(self, *, exact: bool = False) -> str:
        """The canonical text; `exact` as in `nametree.show`."""
        return ";".join([dentry.show(exact=exact) for dentry in self.dentries])

    __str__ = show

    def __len__(self) -> int:
        return len(self.dentries)

    def __add__(self, other: "Dtab") -> "Dtab":
        return Dtab(self.dentries + other.dentries)

    def matches(self, path: Path) -> list[tuple[Dentry, NameTree[Path]]]:
        """The dentries that match, last first, each with the tree it makes of `path`.

        That tree is the dentry's own, with the unmatched rest of the path on every leaf.
        """
        return [
            (dentry, _append(dentry.dst, path.drop(len(dentry.prefix))))
            for dentry in reversed(self.dentries)
            if dentry.prefix.matches(path)
        ]

    def lookup(self, path: Path) -> NameTree[Path]:
        """What `path` is rewritten to in one step; Neg when no dentry matches."""
        trees = [tree for _, tree in self.matches(path)]
        if not trees:
            return NEG
        return trees[0] if len(trees) == 1 else Alt(tuple(trees))


EMPTY: Final = Dtab(())
Dtab.EMPTY = EMPTY


def read_prefix(scanner: Scanner) -> Prefix:
    """The production `prefix`."""
    scanner.skip_space()
    scanner.expect("/")
    if scanner.peek() != "*" and not scanner.at_label():
        return Prefix(())
    elems = [_read_element(scanner)]
    while scanner.accept("/"):
        elems.append(_read_element(scanner))
    return Prefix(tuple(elems))


def read_dentry(scanner: Scanner) -> Dentry:
    """The production `dentry`."""
    prefix = read_prefix(scanner)
    scanner.skip_space()
    scanner.expect("=")
    scanner.expect(">")
    return Dentry(prefix, nametree.read_tree(scanner))


def read_dtab(scanner: Scanner) -> Dtab:
    """The production `dtab`. Only the end of input may stand where a dentry should."""
    dentries: list[Dentry] = []
    scanner.skip_space()
    while scanner.peek():
        dentries.append(read_dentry(scanner))
        scanner.skip_space()
        if not scanner.accept(";"):
            break
        scanner.skip_space()
    return Dtab(tuple(dentries))


def _read_element(scanner: Scanner) -> bytes | Wildcard:
    return WILDCARD if scanner.accept("*") else scanner.label()


def _append(tree: NameTree[Path], rest: Path) -> NameTree[Path]:
    return tree if rest.is_empty else nametree.map(tree, lambda leaf: leaf + rest)
