"""Files of addresses, one on each line, as `io.l5d.fs` reads them.

    # a comment
    127.0.0.1 8080
    db.example.com 8081 * 0.23

Source: discovery spec, section 2.1.
"""

import math
import re
from dataclasses import dataclass

from linkerpy.core.errors import BindingFailed

_PORT = re.compile(r"[0-9]{1,5}")
_WEIGHT = re.compile(r"[0-9.]+([eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Line:
    """An address of a file."""

    host: str
    port: int
    weight: float | None


def parse_lines(text: str, name: str = "") -> list[Line]:
    """The addresses of a file; `name` is what errors call it.

    Raises: BindingFailed for a line that is none.
    """
    lines = []
    for number, raw in enumerate(text.split("\n"), start=1):
        shown = raw.strip()
        words = raw.partition("#")[0].split()
        if not words:
            continue
        line = _line(words)
        if line is None:
            raise BindingFailed(f"malformed address: {shown} (line {number} of {name})")
        lines.append(line)
    return lines


def _line(words: list[str]) -> Line | None:
    match words:
        case [host, port]:
            weight = None
        case [host, port, "*", number] if _WEIGHT.fullmatch(number):
            try:
                weight = float(number)
            except ValueError:
                return None
        case _:
            return None
    if not _PORT.fullmatch(port) or not 1 <= int(port) <= 65535:
        return None
    if weight is not None and not math.isfinite(weight):
        return None
    return Line(host, int(port), weight)
