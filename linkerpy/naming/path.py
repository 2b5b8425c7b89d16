"""Path: a name, as an ordered list of non-empty byte strings.

The value every part of naming speaks in, and the key of the caches on the request path.

Source: naming spec, section 1.1.
"""

import re
from dataclasses import dataclass
from typing import ClassVar, Final

from linkerpy.naming.parser import Scanner, parse_all

_SHOWABLE = re.compile(rb"[0-9A-Za-z_:.#$%-]+")


def show_element(element: bytes) -> str:
    r"""One element as text: itself, or wholly as `\xNN` if any of its bytes is not showable."""
    if _SHOWABLE.fullmatch(element):
        return element.decode("ascii")
    return "".join(f"\\x{byte:02x}" for byte in element)


def show_elements(elements: tuple[bytes, ...]) -> str:
    """Elements joined by slashes, with the slash in front."""
    return "/" + "/".join([show_element(element) for element in elements])


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """A name. Elements are compared byte by byte.

    Raises: ValueError for an empty element, which no text could stand for.
    """

    EMPTY: ClassVar["Path"]

    elems: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not all(self.elems):
            raise ValueError(f"a path element must not be empty: {self.elems!r}")

    @classmethod
    def parse(cls, text: str) -> "Path":
        """The path that `text` spells.

        Raises: NameSyntaxError.
        """
        return parse_all(text, read_path)

    @classmethod
    def of(cls, *elems: bytes | str) -> "Path":
        """A path of these elements; text is taken as its UTF-8 bytes, nothing is unescaped."""
        return cls(tuple([e.encode() if isinstance(e, str) else e for e in elems]))

    def show(self) -> str:
        """The canonical text; `parse` reads it back."""
        return show_elements(self.elems)

    __str__ = show

    # Written out because paths key the caches of the request path: what a dataclass generates
    # wraps `elems` in a tuple on each call, and a lookup then costs about a third more.
    def __eq__(self, other: object) -> bool:
        return self.elems == other.elems if other.__class__ is Path else NotImplemented

    def __hash__(self) -> int:
        return hash(self.elems)

    def __len__(self) -> int:
        return len(self.elems)

    def __add__(self, other: "Path") -> "Path":
        return Path(self.elems + other.elems)

    @property
    def is_empty(self) -> bool:
        """Whether this is `/`."""
        return not self.elems

    def take(self, n: int) -> "Path":
        """The first `n` elements, or all if there are fewer."""
        return Path(self.elems[:n])

    def drop(self, n: int) -> "Path":
        """What `take(n)` leaves."""
        return Path(self.elems[n:])

    def starts_with(self, other: "Path") -> bool:
        """Whether `other` is a prefix of this path, element by element."""
        return self.elems[: len(other.elems)] == other.elems


EMPTY: Final = Path(())
Path.EMPTY = EMPTY


def read_path(scanner: Scanner) -> Path:
    """The production `path`."""
    return Path(scanner.elements())
