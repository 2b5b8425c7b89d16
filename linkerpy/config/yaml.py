"""Reads a configuration text, YAML or JSON, into plain values and their places.

For `app.schema`. It knows the formats and no models. A text whose first character is `{` is strict
JSON; anything else is YAML, of which the first document counts.

Deliberate in YAML:

- a key given twice, a merge key, a tag of one's own and a second value for the root are errors;
- numbers are decimal: `010`, `0x1f`, `1:30` and dates are text, as is everything quoted;
- `true` and `false` (any case) are switches; `yes`, `no`, `on`, `off` are switches where a switch
  is wanted and words elsewhere; unquoted numbers are spelled-out text where text is wanted;
- an alias repeats its anchor's value. What it expands to is bounded, and so are depth and size.

Source: config spec, section 2.
"""

import re
from typing import Any

import yaml
from yaml.error import MarkedYAMLError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from linkerpy.config import strict_json
from linkerpy.config.fields import PlainFloat, PlainInt, PlainWord
from linkerpy.config.source import START, Loc, Scalar, Source, SourceError, Spot

MAX_BYTES = 1 << 20
MAX_DEPTH = 64
MAX_NODES = 100_000
"""Most values in a file, aliases expanded."""

_TAG = "tag:yaml.org,2002:"
_SWITCHES = re.compile(r"yes|no|on|off", re.IGNORECASE)


class _Loader(yaml.SafeLoader):
    """Composes nodes only; they are bounded, and scalars resolve as the module says."""

    yaml_implicit_resolvers: dict[str | None, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012
    depth = count = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        self.depth += 1
        self.count += 1
        if self.depth > MAX_DEPTH:
            raise self._too_much(f"nested more than {MAX_DEPTH} deep")
        if self.count > MAX_NODES:
            raise self._too_much(f"more than {MAX_NODES} keys and values")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def _too_much(self, message: str) -> SourceError:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        return SourceError(message, _spot(mark))


_RESOLVERS = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?(?:0|[1-9][0-9_]{0,300})", list("-+0123456789")),
    "float": (
        r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?",
        list("-+.0123456789"),
    ),
    "merge": (r"<<", ["<"]),
}
for _name, (_pattern, _first) in _RESOLVERS.items():
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(rf"(?:{_pattern})\Z"), _first)


def parse(name: str, text: str) -> Source:
    """The values of a text, with their places; of a key given twice, the first value.

    Raises: SourceError when there are no values to go on with.
    """
    source = Source(name, text.removeprefix("\ufeff"))
    start = source.text.lstrip(" \t\r\n")
    if not start:
        raise SourceError("the file is empty")
    if start[0] == "{":
        source.value = strict_json.read(source, MAX_DEPTH)
    else:
        source.value = _Reading(source).read(_compose(source.text))
    return source


def decode(data: bytes) -> str:
    """The text of a file.

    Raises: SourceError when it is too big or no UTF-8 text.
    """
    if len(data) > MAX_BYTES:
        raise SourceError(f"the file is bigger than {MAX_BYTES >> 20} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError("the file is not UTF-8 text", Spot(line, 1)) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise SourceError("the file is binary, not text", Spot(line, 1))
    return text.replace("\r\n", "\n")


def _compose(text: str) -> Node:
    """The nodes of the first document."""
    try:
        loader = _Loader(text)
        if not loader.check_node():
            raise SourceError("the file is empty")
        loader.get_event()  # type: ignore[no-untyped-call]
        node = loader.compose_node(None, 0)
        loader.get_event()  # type: ignore[no-untyped-call]
        _ = loader.peek_event()  # type: ignore[no-untyped-call]
    except yaml.YAMLError as error:
        raise _syntax_error(error, text) from None
    assert node is not None
    return node


# What the YAML scanner says, what that means, and whether it is better pointed at where the
# scanner began than at where it gave up.
_WORDS_FOR = (
    ("'\\t'", "a tab where only spaces may stand", False),
    (
        "mapping values are not allowed here",
        "no key may stand here: check the indentation, and quote text that contains `: `",
        False,
    ),
    ("end of stream while scanning a quoted scalar", "the quote is not closed", True),
    (
        "expected <block end>",
        "not where the lines above let it stand: check the indentation",
        False,
    ),
    ("could not find expected ':'", "a key without its `:`", True),
    ("expected ',' or", "the bracket is not closed, or a comma is missing", True),
    ("found '<stream end>'", "a bracket is not closed", False),
)


def _syntax_error(error: yaml.YAMLError, text: str) -> SourceError:
    if isinstance(error, ReaderError):
        before = text[: error.position]
        spot = Spot(before.count("\n") + 1, len(before) - before.rfind("\n"))
        return SourceError(_not_allowed(text[error.position]), spot)
    assert isinstance(error, MarkedYAMLError)
    problem, context = error.problem or "", error.context or ""
    for said, meant, at_context in _WORDS_FOR:
        if said in f"{problem} {context}":
            mark = error.context_mark if at_context else error.problem_mark
            return SourceError(f"not YAML: {meant}", _spot(mark) if mark else START)
    mark = error.problem_mark or error.context_mark
    return SourceError(f"not YAML: {problem} {context}".rstrip(), _spot(mark) if mark else START)


def _not_allowed(char: str) -> str:
    return f"the character U+{ord(char):04X} is not allowed; in quotes, write \\u{ord(char):04x}"


def _spot(mark: yaml.Mark) -> Spot:
    return Spot(mark.line + 1, mark.column + 1)


class _Reading:
    """Turns nodes into values and notes their places in `source`."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.count = 0

    def read(self, node: Node, loc: Loc = ()) -> Any:
        """The value of a node. Raises: SourceError."""
        self.count += 1
        spot = _spot(node.start_mark)
        if len(loc) > MAX_DEPTH:
            raise SourceError(f"nested more than {MAX_DEPTH} deep, or an alias of itself", spot)
        if self.count > MAX_NODES:
            raise SourceError(f"more than {MAX_NODES} values, aliases expanded", spot)
        self.source.values[loc] = spot
        match node:
            case MappingNode():
                return self._mapping(node, loc)
            case SequenceNode() if node.tag == _TAG + "seq":
                return [self.read(item, (*loc, i)) for i, item in enumerate(node.value)]
            case ScalarNode():
                span = Scalar(node.start_mark.index, node.end_mark.index, node.style or "")
                self.source.scalars[loc] = span
                return _scalar(node)
        raise _foreign_tag(node)

    def _mapping(self, node: MappingNode, loc: Loc) -> dict[str, Any]:
        if node.tag != _TAG + "map":
            raise _foreign_tag(node)
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            spot = _spot(key_node.start_mark)
            if not isinstance(key_node, ScalarNode):
                raise SourceError("a key must be text", spot)
            if key_node.tag == _TAG + "merge":
                raise SourceError("merge keys (<<) are not supported: write the keys out", spot)
            key = str(key_node.value)
            if key in mapping:
                first = self.source.keys[(*loc, key)]
                text = f"key `{key}` is given twice, first in line {first.line}"
                self.source.flaws.append(SourceError(text, spot))
                continue
            self.source.keys[(*loc, key)] = spot
            mapping[key] = self.read(value_node, (*loc, key))
        return mapping


def _scalar(node: ScalarNode) -> Any:
    text = str(node.value)
    if node.tag == _TAG + "str":
        return PlainWord(text) if node.style is None and _SWITCHES.fullmatch(text) else text
    try:
        return _typed(node.tag.removeprefix(_TAG), text)
    except (ValueError, OverflowError):
        raise SourceError(f"{text!r} is not what its tag says", _spot(node.start_mark)) from None
    except LookupError:
        raise _foreign_tag(node) from None


def _typed(tag: str, text: str) -> Any:
    """The value of a scalar that is no text. Raises: LookupError for a tag of one's own."""
    match tag:
        case "null":
            return None
        case "bool":
            return {"true": True, "false": False}[text.lower()]
        case "int":
            number: PlainInt | PlainFloat = PlainInt(text.replace("_", ""))
        case "float":
            number = PlainFloat(text)
        case "merge":
            return text
        case _:
            raise LookupError(tag)
    number.text = text
    return number


def _foreign_tag(node: Node) -> SourceError:
    tag = node.tag.replace(_TAG, "!!")
    return SourceError(f"the tag {tag} is not supported", _spot(node.start_mark))
