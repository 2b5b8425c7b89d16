"""The scanner under the grammars of paths, name trees and dtabs, and the error they share.

`path`, `nametree` and `dtab` each hold the productions of their own values, written over this
scanner; it knows characters and must not know values. A production takes the scanner and returns
what it read, leaving the scanner after it.

Source: naming spec, sections 1.2 (lexical rules) and 1.4 (messages).
"""

import math
import re
from collections.abc import Callable
from typing import TypeVar

V = TypeVar("V")

_SHOWABLE = re.compile(r"[0-9A-Za-z_:.#$%-]*")
_LABEL_START = re.compile(r"[0-9A-Za-z_:.#$%\\-]")
# ASCII only: Unicode spaces are not whitespace here, nor are other scripts' digits numbers.
_SPACE = re.compile(r"(?:[ \t-\r\x1c-\x1f]++|#[^\n]*+\n?+)*+")
_DIGITS = re.compile(r"[0-9]*")
_HEX = frozenset("0123456789abcdefABCDEF")


class NameSyntaxError(ValueError):
    """A name, tree, prefix or dtab does not parse.

    `message` shows the whole input with the offending character in brackets; `position` is that
    character's offset in `text`, or the length of `text` when the input ends too early.
    """

    def __init__(self, message: str, text: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.text = text
        self.position = position

    @property
    def line(self) -> int:
        """The line of the offending character, counted from 1."""
        return self.text.count("\n", 0, self.position) + 1

    @property
    def column(self) -> int:
        """The column of the offending character in its line, in characters counted from 1."""
        return self.position - self.text.rfind("\n", 0, self.position)


class Scanner:
    """A text and a position in it. Every failure is a `NameSyntaxError` at that position."""

    __slots__ = ("position", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def peek(self) -> str:
        """The next character; the empty string at the end of input."""
        return self.text[self.position : self.position + 1]

    def error(self, expected: str, found: str | None = None) -> NameSyntaxError:
        """The error saying that `expected` should stand here; `found` defaults to what does."""
        text, at = self.text, self.position
        here = self.peek()
        if found is None:
            found = here
        seen = f"'{found}'" if found else "end of input"
        shown = f"{text[:at]}[{here}]{text[at + 1 :]}"
        return NameSyntaxError(f"{expected} expected but {seen} found at '{shown}'", text, at)

    def accept(self, char: str) -> bool:
        """Step over `char` if it is next; say whether it was."""
        if not self.text.startswith(char, self.position):
            return False
        self.position += 1
        return True

    def expect(self, char: str) -> None:
        """Step over `char`, which must be next."""
        if not self.accept(char):
            raise self.error(f"'{char}'")

    def skip_space(self) -> None:
        """Step over whitespace and comments."""
        self.position = self._run(_SPACE)

    def end(self) -> None:
        """Step over trailing whitespace; nothing else may be left."""
        self.skip_space()
        if self.position < len(self.text):
            raise self.error("end of input")

    def at_label(self) -> bool:
        """Whether a label begins here."""
        return _LABEL_START.match(self.text, self.position) is not None

    def label(self) -> bytes:
        r"""One path element, its `\xNN` escapes resolved."""
        label = bytearray()
        while True:
            start, self.position = self.position, self._run(_SHOWABLE)
            label += self.text[start : self.position].encode("ascii")
            if not self.accept("\\"):
                break
            self.expect("x")
            label.append(int(self._hex() + self._hex(), 16))
        if not label:
            raise self.error("label char")
        return bytes(label)

    def elements(self) -> tuple[bytes, ...]:
        """The elements of a path."""
        self.skip_space()
        self.expect("/")
        if not self.at_label():
            return ()
        elements = [self.label()]
        while self.accept("/"):
            elements.append(self.label())
        return tuple(elements)

    def at_weight(self) -> bool:
        """Whether a weight begins here."""
        char = self.peek()
        return char == "." or (char.isascii() and char.isdigit())

    def weight(self) -> float:
        """A weight without its `*`: digits with at most one dot among them, and a finite value."""
        start = self.position
        self.position = self._run(_DIGITS)
        if self.accept("."):
            self.position = self._run(_DIGITS)
            if self.peek() == ".":
                raise self.error("number char")
        number = self.text[start : self.position]
        if number == ".":
            raise self.error("weight", ".")
        weight = float(number)
        if math.isinf(weight):
            self.position = start
            raise self.error("weight below 1.8e308")
        return weight

    def _hex(self) -> str:
        char = self.peek()
        if char not in _HEX:
            raise self.error("hex char")
        self.position += 1
        return char

    def _run(self, pattern: re.Pattern[str]) -> int:
        """Where the longest run of `pattern` that starts here ends."""
        run = pattern.match(self.text, self.position)
        assert run is not None  # each of the patterns matches the empty run too
        return run.end()


def parse_all(text: str, production: Callable[[Scanner], V]) -> V:
    """Read all of `text` as one `production`, whitespace around it allowed.

    Raises: NameSyntaxError when it is not one, or when something follows it.
    """
    scanner = Scanner(text)
    value = production(scanner)
    scanner.end()
    return value
