r"""PathPattern: matches the beginning of a path and captures parts of it.

Serves the `prefix` of static client and service configs and the `pattern` of `io.l5d.rewrite`.
A pattern is segments joined by `/`, each compared with one path element as printed:

- `*` any one element;
- text with `{name}` captures, which are greedy; all other characters stand for themselves.

Two deliberate differences from linkerd: a segment must match the whole element (there, `{A}:http`
also matches `x:httpfoo`), and a name may hold a `-`.

Source: naming spec, section 3.6; config spec, section 8.2.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from linkerpy.naming.path import Path, show_element

_CAPTURE = re.compile(r"\{([-0-9A-Za-z_.:;<=>?@\[\]^\\]+)\}")


@dataclass(frozen=True, slots=True)
class _Captures:
    """A segment with captures: `literals[i]` stands before `names[i]`, the last one at the end."""

    literals: tuple[str, ...]
    names: tuple[str, ...]

    def match(self, element: str) -> dict[str, str] | None:
        """What each name captured.

        Searching each literal from the right gives what greedy captures would, in linear time:
        elements come from clients, and a backtracking regular expression could be made to crawl.
        """
        head, *inner, tail = self.literals
        start, end = len(head), len(element) - len(tail)
        if start > end or not (element.startswith(head) and element.endswith(tail)):
            return None
        found: list[str] = []
        for literal in reversed(inner):
            at = element.rfind(literal, start, end)
            if at < 0:
                return None
            found.append(element[at + len(literal) : end])
            end = at
        found.append(element[start:end])
        return dict(zip(self.names, reversed(found), strict=True))


@dataclass(frozen=True, slots=True)
class PathPattern:
    """A parsed pattern. `/` matches every path; a segment left empty (`//`) matches no element."""

    text: str
    segments: tuple[str | _Captures, ...]

    @classmethod
    def parse(cls, text: str) -> "PathPattern":
        """Any text is a pattern; slashes at either end are ignored."""
        inside = text.strip("/")
        segments = inside.split("/") if inside else []
        return cls(text, tuple([_parse_segment(segment) for segment in segments]))

    def __str__(self) -> str:
        return self.text

    def match(self, path: Path) -> dict[str, str] | None:
        """The captures, if `path` begins with this pattern; of two equal names the later counts."""
        if len(self.segments) > len(path):
            return None
        captures: dict[str, str] = {}
        for segment, element in zip(self.segments, path.elems, strict=False):
            if segment == "*":
                continue
            shown = show_element(element)
            if isinstance(segment, str):
                if segment != shown:
                    return None
                continue
            captured = segment.match(shown)
            if captured is None:
                return None
            captures |= captured
        return captures


def substitute(template: str, captures: Mapping[str, str]) -> str:
    """`template` with each captured `{name}` filled in; unknown names stay as they are."""
    return _CAPTURE.sub(lambda found: captures.get(found[1], found[0]), template)


def _parse_segment(segment: str) -> str | _Captures:
    literals_and_names = _CAPTURE.split(segment)
    if len(literals_and_names) == 1:
        return segment
    return _Captures(tuple(literals_and_names[::2]), tuple(literals_and_names[1::2]))
