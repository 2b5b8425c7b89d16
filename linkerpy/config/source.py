"""Source: a configuration text, its plain values, and where in the text each of them stands.

`yaml` makes it, `report` points with it. It knows lines and columns, and no models.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Loc = tuple[int | str, ...]
"""The way to a value: keys of mappings and indexes of lists, from the root."""


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A place in a text: line and column, both from 1."""

    line: int
    column: int


START = Spot(1, 1)


class SourceError(Exception):
    """The text cannot be read: what is wrong, and where."""

    def __init__(self, message: str, spot: Spot = START) -> None:
        super().__init__(message)
        self.message = message
        self.spot = spot


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar as the file spells it: the text from `start` to `end`, quotes included."""

    start: int
    end: int
    style: str
    """The YAML style: empty for plain, else the character that opens it (`'`, `"`, `|`, `>`)."""


@dataclass(slots=True)
class Source:
    """One configuration file."""

    name: str
    text: str
    value: Any = None
    keys: dict[Loc, Spot] = field(default_factory=dict)
    """Where the key of each mapping entry stands."""
    values: dict[Loc, Spot] = field(default_factory=dict)
    """Where each value begins."""
    scalars: dict[Loc, Scalar] = field(default_factory=dict)
    flaws: list[SourceError] = field(default_factory=list)
    """Mistakes of the text that did not keep its values from being read."""

    def resolve(self, loc: Loc) -> Loc:
        """The nearest way in this file to what a model calls `loc`.

        A model may see a list where the file has its only element, and keys the file leaves out:
        an index into something that is no list is skipped, and so is all after an absent key.
        """
        here: Loc = ()
        for step in loc:
            if (*here, step) in self.values:
                here = (*here, step)
            elif step != 0:
                break
        return here

    def key_spot(self, loc: Loc) -> Spot:
        """Where the key of `loc` stands; a list element has none, and begins at its value."""
        here = self.resolve(loc)
        return self.keys.get(here) or self.values.get(here, START)

    def value_spot(self, loc: Loc) -> Spot:
        """Where the value of `loc` begins."""
        return self.values.get(self.resolve(loc), START)

    def char_spot(self, loc: Loc, offset: int, value: str) -> Spot:
        """Where the character at `offset` of the text `value`, found at `loc`, stands.

        The value's start when that cannot be told (escapes that change the text before it).
        """
        here = self.resolve(loc)
        scalar = self.scalars.get(here)
        index = None if scalar is None else self._index(scalar, offset, value)
        return self.value_spot(loc) if index is None else self.spot(index)

    def spot(self, index: int) -> Spot:
        """The place of the character at `index` of the text."""
        line_start = self.text.rfind("\n", 0, index) + 1
        return Spot(self.text.count("\n", 0, index) + 1, index - line_start + 1)

    def line(self, number: int) -> str:
        """A line of the text, without its end; empty when there is no such line."""
        lines = self.text.split("\n")
        return lines[number - 1].rstrip("\r") if number <= len(lines) else ""

    def _index(self, scalar: Scalar, offset: int, value: str) -> int | None:
        """Where the character at `offset` of a scalar's value stands in the text.

        Folding and indentation change only whitespace, so the other characters are counted off
        against each other; where they differ, an escape made the value and nothing can be said.
        """
        spelled = self._visible(scalar)
        last = -1
        for position, char in enumerate(value[: offset + 1]):
            if char.isspace():
                continue
            index = next(spelled, None)
            if index is None or self.text[index] != char:
                return None
            if position == offset:
                return index
            last = index
        return None if last < 0 else last + 1

    def _visible(self, scalar: Scalar) -> Iterator[int]:
        """The indexes of a scalar's characters that are no whitespace and no quotes around it."""
        begin, end = scalar.start, scalar.end
        if scalar.style in {"'", '"'}:
            begin, end = begin + 1, end - 1
        elif scalar.style:
            begin = self.text.find("\n", begin, end) + 1 or end
        return (index for index in range(begin, end) if not self.text[index].isspace())
