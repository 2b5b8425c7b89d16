"""Reads a JSON text into plain values and their places, for `yaml`, which tells the two apart.

Source: RFC 8259; config spec, section 2.
"""

import json
import re
from bisect import bisect_right
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out
from typing import Any

from linkerpy.config.source import Loc, Scalar, Source, SourceError, Spot

_SPACE = re.compile(r"[ \t\n\r]*")
_LITERAL = re.compile(r"[^ \t\n\r,\]}]+")


def read(source: Source, max_depth: int) -> Any:
    """The values of a JSON text; their places go into `source`.

    Of a key given twice the first value counts; the second is a flaw. Raises: SourceError.
    """
    try:
        json.loads(source.text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        message = f"not JSON (the file begins with a brace): {error.msg}"
        raise SourceError(message, Spot(error.lineno, error.colno)) from None
    except RecursionError:
        raise SourceError(f"nested more than {max_depth} deep") from None
    except ValueError as error:
        raise SourceError(f"not JSON: {error}") from None
    return _Walk(source, max_depth).run()


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


class _Walk:
    """Goes through a text that is known to be JSON. Each step returns where its value ended."""

    def __init__(self, source: Source, max_depth: int) -> None:
        self.source = source
        self.text = source.text
        self.max_depth = max_depth
        self.line_starts = [0, *(found.end() for found in re.finditer("\n", self.text))]

    def run(self) -> Any:
        """The whole text's value."""
        return self._value(self._skip(0), ())[0]

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def _after_comma(self, at: int) -> int:
        at = self._skip(at)
        return self._skip(at + 1) if self.text[at] == "," else at

    def _spot(self, at: int) -> Spot:
        line = bisect_right(self.line_starts, at)
        return Spot(line, at - self.line_starts[line - 1] + 1)

    def _value(self, at: int, loc: Loc) -> tuple[Any, int]:
        spot = self._spot(at)
        if len(loc) > self.max_depth:
            raise SourceError(f"nested more than {self.max_depth} deep", spot)
        self.source.values[loc] = spot
        match self.text[at]:
            case "{":
                return self._mapping(self._skip(at + 1), loc)
            case "[":
                return self._list(self._skip(at + 1), loc)
            case '"':
                value, end = scanstring(self.text, at + 1)
                self.source.scalars[loc] = Scalar(at, end, '"')
                return value, end
        found = _LITERAL.match(self.text, at)
        assert found
        return json.loads(found[0]), found.end()

    def _mapping(self, at: int, loc: Loc) -> tuple[dict[str, Any], int]:
        mapping: dict[str, Any] = {}
        while self.text[at] != "}":
            spot = self._spot(at)
            key, at = scanstring(self.text, at + 1)
            at = self._skip(self._skip(at) + 1)  # the colon
            if key in mapping:
                first = self.source.keys[(*loc, key)]
                text = f"key `{key}` is given twice, first in line {first.line}"
                self.source.flaws.append(SourceError(text, spot))
                _, at = json.JSONDecoder().raw_decode(self.text, at)
            else:
                self.source.keys[(*loc, key)] = spot
                mapping[key], at = self._value(at, (*loc, key))
            at = self._after_comma(at)
        return mapping, at + 1

    def _list(self, at: int, loc: Loc) -> tuple[list[Any], int]:
        values: list[Any] = []
        while self.text[at] != "]":
            value, at = self._value(at, (*loc, len(values)))
            values.append(value)
            at = self._after_comma(at)
        return values, at + 1
