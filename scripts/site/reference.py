"""The reference: a page for each protocol and plugin family, made of the configuration models.

`pages()` gives Markdown by page name. Every key is there with its type, its default and what the
source says about it, so that the reference cannot be older than the program.
"""

import inspect
from collections.abc import Iterator
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from linkerpy.app import schema
from linkerpy.config import fields
from linkerpy.config.kinds import REGISTRY, KindOf
from linkerpy.config.meaning import as_files_say, meaning
from linkerpy.config.model import Choice, Model, key_name
from linkerpy.config.notyet import NotYet
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.path import Path
from linkerpy.protocol.tcp.dst_name import DstName

PROTOCOLS = ("http", "h2", "thrift", "thriftmux", "mux", "tcp")

FILES = {
    "linkerd": (schema.Linker, "# Files of linkerd, and of linkerpy"),
    "namerd": (schema.Namerd, "# Files of namerd"),
    "linkerd-tcp": (schema.LinkerTcp, "# Files of linkerd-tcp"),
}

FAMILIES = {
    "namer": "Namers",
    "interpreter": "Interpreters",
    "transformer": "Transformers",
    "http.identifier": "Identifiers of http",
    "h2.identifier": "Identifiers of h2",
    "http.classifier": "Response classifiers of http",
    "h2.classifier": "Response classifiers of h2",
    "balancer": "Load balancers",
    "accrual": "Failure accrual",
    "backoff": "Backoffs",
    "labeler": "Labelers of Forwarded",
    "http.propagator": "Trace propagators of http",
    "h2.propagator": "Trace propagators of h2",
    "http.authorizer": "Request authorizers of http",
    "h2.authorizer": "Request authorizers of h2",
    "telemeter": "Telemeters",
    "announcer": "Announcers",
    "store": "Stores of namerd",
    "iface": "Interfaces of namerd",
}
"""Families with a page of their own; others are told where a protocol uses them."""

_WORDS = {
    "Text": "text",
    "Flag": "`true` or `false`",
    "Port": "port",
    "Ip": "IP address",
    "PathField": "path",
    "DtabField": "dtab",
    "PatternField": "path pattern",
    "File": "file",
    "Directory": "directory",
    "Secret": "text, never shown",
    "Count": "whole number, 0 or more",
    "Positive": "whole number, 1 or more",
    "Number": "number",
    "Share": "number from 0 to 1",
}
_NAMED = [(getattr(fields, name), word) for name, word in _WORDS.items()]
_PLAIN = {
    int: "whole number",
    float: "number",
    str: "text",
    bool: "`true` or `false`",
    Path: "path",
    DstName: "path, which may hold `{sni}`",
}


def pages() -> dict[str, str]:
    """The Markdown of each page, by its name without `.md`."""
    schema.install()
    made = {name: _Page(model, heading).text() for name, (model, heading) in FILES.items()}
    for protocol in PROTOCOLS:
        router = REGISTRY.find("protocol", protocol)
        assert router is not None
        made[f"protocol-{protocol}"] = _Page(router, f"# Routers of protocol `{protocol}`").text()
    for family, title in FAMILIES.items():
        made[family_page(family)] = _family(family, title)
    return made


def titles() -> dict[str, str]:
    """What the site's menu calls each page."""
    files = {name: f"{name} files" for name in FILES}
    protocols = {f"protocol-{name}": f"Protocol {name}" for name in PROTOCOLS}
    return files | protocols | {family_page(name): title for name, title in FAMILIES.items()}


def family_page(family: str) -> str:
    """The name of a family's page."""
    return family.replace(".", "-")


def _family(family: str, title: str) -> str:
    parts = [f"# {title}\n"]
    for kind in REGISTRY.of(family):
        model = REGISTRY.find(family, kind)
        assert model is not None
        parts.append(_Page(model, f"## `{kind}`", level=3).text())
    return "\n".join(parts)


class _Page:
    """An object's keys, and those of the objects in it that are told nowhere else."""

    def __init__(self, model: type[Model], heading: str, level: int = 2) -> None:
        self._model = model
        self._heading = heading
        self._level = level
        self._told: list[type[BaseModel]] = [model]

    def text(self) -> str:
        """The page, or the section of it."""
        parts = [self._heading, "", *_about(self._model), *self._table(self._model)]
        at = 1
        while at < len(self._told):  # which grows as it is told
            model = self._told[at]
            at += 1
            parts.append(f"{'#' * self._level} {_title(model)}\n")
            parts += [*_about(model), *self._table(model)]
        return "\n".join(parts) + "\n"

    def _table(self, model: type[BaseModel]) -> Iterator[str]:
        rows = [self._row(model, name, field) for name, field in model.model_fields.items()]
        if rows:
            yield "| key | type | default | meaning |"
            yield "|---|---|---|---|"
            yield from rows
            yield ""
        removed = getattr(model, "REMOVED", {})
        if removed:
            known = ", ".join(f"`{key}` ({instead})" for key, instead in sorted(removed.items()))
            yield f"Accepted with a warning, as older releases had them: {known}.\n"

    def _row(self, model: type[BaseModel], name: str, field: FieldInfo) -> str:
        hint = hints_of(model)[name]
        key = field.alias or key_name(name)
        kind = model.__dict__.get("KIND") or getattr(model, "KIND", None)
        if issubclass(model, Choice) and key == model.KEY and kind is not None:
            return _cells(f"`{key}`", f"`{kind}`", "", "")
        refused = getattr(model, "MEANINGLESS", {}).get(name)
        if refused is not None:
            return _cells(f"`{key}`", "", "", f"Refused: {refused}.")
        notes = [meaning(model, name)]
        notes += [f"Not supported yet ({one.what})." for one in _marks(hint, NotYet)]
        said = " ".join(filter(None, notes))
        return _cells(f"`{key}`", self.type_of(hint), _default(field), said)

    def type_of(self, hint: Any) -> str:
        """What a key holds, in words, with links to what is told elsewhere."""
        for known, word in _NAMED:
            if hint == known:
                return word
        kinds = _marks(hint, KindOf, deep=False)
        if kinds:
            return self._kind(kinds[0])
        origin, inner = get_origin(hint), get_args(hint)
        if origin is Annotated:
            return self._annotated(hint)
        if origin in (Union, UnionType):
            return " or ".join(self.type_of(one) for one in inner if one is not NoneType)
        if origin is tuple:
            return f"list of: {self.type_of(inner[0])}"
        if origin is dict:
            return f"mapping to: {self.type_of(inner[1])}"
        if origin is Literal:
            return " or ".join(f"`{one}`" for one in inner)
        if isinstance(hint, type) and issubclass(hint, BaseModel):
            return self._object(hint)
        return _PLAIN.get(hint, getattr(hint, "__name__", str(hint)))

    def _annotated(self, hint: Any) -> str:
        base, *marks = get_args(hint)
        word = self.type_of(base)
        limits = [one for mark in marks for one in getattr(mark, "metadata", [mark])]
        bounds = [
            f"{words} {getattr(limit, name)}"
            for limit in limits
            for name, words in (("ge", "at least"), ("le", "at most"))
            if getattr(limit, name, None) is not None
        ]
        one_or_many = any(type(mark).__name__ == "_OrOne" for mark in marks)
        if one_or_many:
            return f"{word.removeprefix('list of: ')}, or a list of such"
        return ", ".join([word, *bounds])

    def _kind(self, place: KindOf) -> str:
        if place.family in FAMILIES:
            return f"[{place.family}]({family_page(place.family)}.md)"
        if place.family == "protocol":
            return ", ".join(f"[{name}](protocol-{name}.md)" for name in PROTOCOLS)
        models = [REGISTRY.find(place.family, kind) for kind in REGISTRY.of(place.family)]
        return " or ".join(self._object(model) for model in models if model is not None)

    def _object(self, model: type[BaseModel]) -> str:
        if model not in self._told:
            self._told.append(model)
        title = _title(model)
        return f"[{title}](#{_anchor(title)})"


def _title(model: type[BaseModel]) -> str:
    kind = getattr(model, "KIND", "")
    name = "".join(f" {c.lower()}" if c.isupper() else c for c in model.__name__).strip()
    return f"{name}: {kind}" if kind else name


def _anchor(title: str) -> str:
    """As the site's generator makes it of a heading."""
    kept = "".join(c for c in title.lower() if c.isalnum() or c in " -_")
    return "-".join(kept.split())


def _about(model: type[BaseModel]) -> Iterator[str]:
    if model.__doc__:
        yield as_files_say(inspect.cleandoc(model.__doc__)) + "\n"
    not_yet = getattr(model, "NOT_YET", "")
    if not_yet:
        yield f"**Not supported yet** ({not_yet}): the file is refused, with the line.\n"
    if getattr(model, "EXPERIMENTAL", ""):
        yield "Experimental, as in linkerd: needs `experimental: true`.\n"


@cache
def hints_of(model: type[BaseModel]) -> dict[str, Any]:
    """The annotations of a model's keys, with all that they are marked with."""
    return get_type_hints(model, include_extras=True)


def _marks(hint: Any, mark: type[Any], *, deep: bool = True) -> list[Any]:
    """What an annotation is marked with; `deep` looks into lists and alternatives, too."""
    if get_origin(hint) is Annotated:
        base, *marks = get_args(hint)
        here = [one for one in marks if isinstance(one, mark)]
        return here + (_marks(base, mark) if deep else [])
    if deep and get_origin(hint) in (Union, UnionType):
        return [one for part in get_args(hint) for one in _marks(part, mark)]
    return []


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True)
    match value:
        case None | () | {} | "":
            return ""
        case Model():
            given = value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
            given.pop("kind", None)
            return ", ".join(f"`{key}: {item}`" for key, item in given.items()) or "as below"
        case bool():
            return f"`{str(value).lower()}`"
        case tuple():
            return ", ".join(f"`{item}`" for item in value)
        case Dtab() | Path():
            return f"`{value.show()}`" if value.show() else ""
    return f"`{value}`"


def _cells(*cells: str) -> str:
    escaped = [" ".join(cell.split()).replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"
