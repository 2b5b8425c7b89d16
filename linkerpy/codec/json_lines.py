"""JsonLines: values out of a stream of JSON texts, one on each line, however the bytes arrive.

What namerd's control API sends to those who watch. A stream may also hold the words of an error,
on a line of their own: those are in `NotJson`.

Source: discovery-namerd spec, section 4.4.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

MAX_LINE: Final = 8 * 1024 * 1024
"""Bytes of one value: a hundred thousand replicas."""

_QUOTED = 200


class NotJson(ValueError):
    """A line is no JSON; the text quotes its beginning."""


class TooLong(ValueError):
    """A line is longer than is taken."""


class JsonLines:
    """Reads one stream. After an error it is of no use any more."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._searched = 0

    def feed(self, data: bytes) -> Iterator[Any]:
        """The values that `data` completes. Blank lines are none.

        Raises: NotJson, TooLong, after the values that came before.
        """
        self._rest += data
        while (end := self._rest.find(b"\n", self._searched)) >= 0:
            line = bytes(self._rest[:end])
            del self._rest[: end + 1]
            self._searched = 0
            yield from self._read(line)
        self._searched = len(self._rest)
        self._check(self._searched)

    def end(self) -> Iterator[Any]:
        """The value of a last line without an end. Raises: NotJson."""
        line, self._rest, self._searched = bytes(self._rest), bytearray(), 0
        yield from self._read(line)

    def _read(self, line: bytes) -> Iterator[Any]:
        self._check(len(line))
        if line.strip():
            yield read_json(line)

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise TooLong(f"a line of the answer is longer than {self._limit} bytes")


def read_json(text: bytes) -> Any:
    """The value of a JSON text. Raises: NotJson."""
    try:
        return json.loads(text.decode("utf-8"), parse_constant=_refuse)
    except RecursionError:
        raise NotJson(f"nested too deep: {quote(text)}") from None
    except ValueError:  # bad UTF-8 is one, too
        raise NotJson(f"not JSON: {quote(text)}") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def quote(text: bytes) -> str:
    """The beginning of what somebody else wrote, on one line and fit for a log."""
    shown = text[:_QUOTED].decode("utf-8", "replace").strip()
    printable = "".join([c if c.isprintable() else " " for c in shown])
    return printable + (" …" if len(text) > _QUOTED else "")
