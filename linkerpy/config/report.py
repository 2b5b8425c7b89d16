"""Mistakes: what is wrong with a file, where, and what to write instead, in people's words.

Turns the errors of models into `Mistake`s by means of the file's `Source`. Models say what they
want in their errors; how that is put to people is decided here.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from linkerpy.config.kinds import EXPERIMENTAL, UNKNOWN_KIND
from linkerpy.config.model import MISSING_KEY, REMOVED_KEY, UNKNOWN_KEY
from linkerpy.config.notyet import NOT_YET
from linkerpy.config.source import Loc, Source, Spot
from linkerpy.naming.parser import NameSyntaxError


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing wrong with a file."""

    spot: Spot
    message: str
    line: str = field(default="", compare=False)
    """The line of the file to show with a caret under the spot; empty when that would not help."""

    def show(self, name: str) -> str:
        """`file:line:col: message`, and the line with a caret if there is one to show."""
        text = f"{name}:{self.spot.line}:{self.spot.column}: {self.message}"
        if not self.line:
            return text
        before = self.line[: self.spot.column - 1]
        caret = "".join("\t" if char == "\t" else " " for char in before) + "^"
        return f"{text}\n    {self.line}\n    {caret}"


class ConfigError(Exception):
    """A file that cannot be used: all its mistakes, in file order."""

    def __init__(
        self, name: str, mistakes: Iterable[Mistake], warnings: Iterable[Mistake] = ()
    ) -> None:
        self.name = name
        self.mistakes = sorted(set(mistakes))
        self.warnings = sorted(set(warnings))
        super().__init__("\n".join(mistake.show(name) for mistake in self.mistakes))


def mistakes_of(failed: ValidationError, source: Source) -> list[Mistake]:
    """The mistakes that a model found; removed keys are not among them (see `removed_keys`)."""
    errors = failed.errors(include_url=False)
    return [_mistake(error, source) for error in errors if error["type"] != REMOVED_KEY]


def removed_keys(failed: ValidationError, source: Source) -> list[tuple[Loc, Mistake]]:
    """The keys of older releases that a model met: where they are, and the warning for each."""
    errors = failed.errors(include_url=False)
    return [
        (source.resolve(error["loc"]), Mistake(source.key_spot(error["loc"]), error["msg"]))
        for error in errors
        if error["type"] == REMOVED_KEY
    ]


def _mistake(error: ErrorDetails, source: Source) -> Mistake:
    loc: Loc = error["loc"]
    match error["type"]:
        case "missing":
            parent, key = loc[:-1], loc[-1]
            return Mistake(source.key_spot(parent), f"`{key}` is a required field")
        case _ if error["type"] == MISSING_KEY:
            return Mistake(source.key_spot(loc[:-1]), error["msg"])
        case _ if error["type"] == NOT_YET:
            return Mistake(source.key_spot(loc), f"{_subject(loc, error)} is {error['msg']}")
        case _ if error["type"] in _AT_KEY:
            return Mistake(source.key_spot(loc), _AT_KEY[error["type"]](error))
        case _ if error["type"] in _AT_VALUE:
            return Mistake(source.value_spot(loc), _AT_VALUE[error["type"]](error))
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, NameSyntaxError):
        return _syntax(cause, loc, source)
    wanted = _wanted(error)
    if wanted.startswith("must be"):
        wanted = f"{_name(loc)} {wanted}".lstrip()
    elif not _names(loc, wanted) and not isinstance(error["input"], dict):
        wanted = f"{_name(loc)}: {wanted}"  # an object's own complaint names its keys itself
    return Mistake(source.value_spot(loc), wanted)


def _syntax(cause: NameSyntaxError, loc: Loc, source: Source) -> Mistake:
    """A path or dtab that does not parse: pointed at its very character."""
    spot = source.char_spot(loc, cause.position, cause.text)
    # The parser's text goes on to show the whole input; the caret does that better.
    message = cause.message.partition(" found at '")[0] + " found"
    return Mistake(spot, f"{_name(loc)} does not parse: {message}", source.line(spot.line))


def _name(loc: Loc) -> str:
    """The key that a value belongs to, with its index in a list."""
    name = ""
    for step in reversed(loc):
        if isinstance(step, str):
            return f"`{step}{name}`"
        name = f"[{step}]{name}"
    return ""


def _names(loc: Loc, text: str) -> bool:
    """Whether a text speaks of the key of a value already."""
    return any(re.search(rf"\b{re.escape(str(step))}\b", text) for step in loc[-1:])


def _subject(loc: Loc, error: ErrorDetails) -> str:
    name = f"`{loc[-1]}`" if loc else "this file"
    return f"{name[:-1]}: {error['input']}`" if loc and loc[-1] in _CHOOSERS else name


_CHOOSERS = {"kind", "protocol"}


def _nearest(word: str, known: list[str]) -> str:
    spelled = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), spelled, n=1, cutoff=0.7)
    return f"; did you mean `{spelled[near[0]]}`?" if near else ""


def _unknown_key(error: ErrorDetails) -> str:
    key, known, moved = (error["ctx"][item] for item in ("key", "known", "moved"))
    if moved:
        return f"{error['msg']}: {moved}"
    hint = _nearest(key, known)
    if not hint:
        hint = "; known keys: " + ", ".join(known) if known else "; no keys are known here"
    return error["msg"] + hint


def _unknown_kind(error: ErrorDetails) -> str:
    kind, known = error["ctx"]["kind"], error["ctx"]["known"]
    return f"{error['msg']}{_nearest(kind, known)} (known: {', '.join(known) or 'none'})"


_AT_KEY: dict[str, Callable[[ErrorDetails], str]] = {
    UNKNOWN_KEY: _unknown_key,
    EXPERIMENTAL: lambda error: error["msg"],
}
_AT_VALUE: dict[str, Callable[[ErrorDetails], str]] = {UNKNOWN_KIND: _unknown_kind}

_TYPES = {
    "bool_type": "must be true or false",
    "dict_type": "must be a mapping",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "int_type": "must be a whole number",
    "model_type": "must be a mapping",
    "not_mapping": "must be a mapping",
    "string_type": "must be text",
    "tuple_type": "must be a list",
}

_BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
}


def _wanted(error: ErrorDetails) -> str:
    """What a value must be, and what it is instead."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in _TYPES:
        return f"{_TYPES[kind]}, not {_shown(error['input'])}"
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        limit = context[bound]
        shown = int(limit) if float(limit).is_integer() else limit
        return f"must be {words} {shown}, not {_shown(error['input'])}"
    if kind == "literal_error":
        return f"must be one of {context['expected']}, not {_shown(error['input'])}"
    if kind == "value_error":
        return str(context["error"])
    return error["msg"][:1].lower() + error["msg"][1:]


def _shown(value: Any) -> str:
    match value:
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return f"the text {value[:60] + '…' if len(value) > 60 else value!r}"
    return str(value)
