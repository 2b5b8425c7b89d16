"""The pages people look at, and the static files that they are made of.

Each page is one frame around a text of its own; scripts ask the JSON pages for all they show.
Every file is read once, when the server is made.

Source: telemetry-admin spec, sections 4.4 (`/files`) and 5.
"""

from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

from linkerpy.net.web import Answer, Asked, Page, Pages, not_found, text

_TYPES: Final = {
    "html": "text/html;charset=UTF-8",
    "css": "text/css;charset=UTF-8",
    "js": "text/javascript;charset=UTF-8",
    "svg": "image/svg+xml;charset=UTF-8",
    "txt": "text/plain;charset=UTF-8",
}

_FRESH: Final = {"Cache-Control": "no-cache"}
"""Browsers ask each time: another version may run by then."""


class _Sheet(NamedTuple):
    """A page: its path, its name in the navigation, and the file of its text.

    A page with a `script` has one of the same name as its text; one with charts loads the library
    that draws them, too.
    """

    path: str
    title: str
    file: str
    script: bool = True
    charts: bool = False


_SHEETS: Final = (
    _Sheet("/", "Dashboard", "dashboard", charts=True),
    _Sheet("/names", "Names", "names"),
    _Sheet("/delegator", "Dtab", "delegator"),
    _Sheet("/requests", "Requests", "requests"),
    _Sheet("/admin/metrics", "Metrics", "metrics"),
    _Sheet("/logging", "Logging", "logging"),
    _Sheet("/tls", "TLS", "tls"),
    _Sheet("/config", "Config", "config"),
    _Sheet("/help", "Help", "help", script=False),
)


def ui_pages(version: str) -> Pages:
    """The pages by path."""
    static = _static()
    return {
        **{sheet.path: _always(_framed(sheet, version)) for sheet in _SHEETS},
        "/favicon.ico": _always(static["logo.svg"]),
        "/files/": _files_page(static),
    }


def _always(answer: Answer) -> Page:
    return lambda _asked: answer


def _framed(sheet: _Sheet, version: str) -> Answer:
    """A page with everything around its text. Its links are relative: a prefix does no harm."""
    root = "../" * (sheet.path.count("/") - 1)
    values = {
        "title": "linkerpy admin" if sheet.path == "/" else f"{sheet.title} · linkerpy admin",
        "nav": "\n    ".join(_link(other, sheet, root) for other in _SHEETS),
        "head": "\n".join(_head(sheet, root)),
        "main": _html(f"{sheet.file}.html"),
        "version": escape(version),
        "root": root or "./",
    }
    page = _html("frame.html")
    for name, value in values.items():
        page = page.replace(f"{{{{{name}}}}}", value)
    return Answer(page.encode("utf-8"), content_type=_TYPES["html"], headers=_FRESH)


def _head(sheet: _Sheet, root: str) -> Iterator[str]:
    if sheet.charts:
        yield f'<link rel="stylesheet" href="{root}files/vendor/uPlot.min.css">'
    yield f'<link rel="stylesheet" href="{root}files/app.css">'
    if sheet.charts:
        yield f'<script src="{root}files/vendor/uPlot.iife.min.js" defer></script>'
    if sheet.script:
        yield f'<script type="module" src="{root}files/{sheet.file}.js"></script>'


def _link(other: _Sheet, here: _Sheet, root: str) -> str:
    current = ' aria-current="page"' if other is here else ""
    return f'<a href="{root}{other.path[1:] or "./"}"{current}>{other.title}</a>'


def _html(name: str) -> str:
    return (files("linkerpy.admin") / "html" / name).read_text("utf-8")


def _static() -> dict[str, Answer]:
    """The static files by name, those of folders with the folder's."""
    return {
        name: Answer(
            file.read_bytes(), content_type=_TYPES[name.rpartition(".")[2]], headers=_FRESH
        )
        for name, file in _below(files("linkerpy.admin") / "static", "")
    }


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for file in folder.iterdir():
        if file.is_dir():
            yield from _below(file, f"{prefix}{file.name}/")
        else:
            yield prefix + file.name, file


def _files_page(static: Mapping[str, Answer]) -> Page:
    def page(asked: Asked) -> Answer:
        name = asked.path.removeprefix("/files/")
        if ".." in name:
            return text("Invalid path!", 400)
        return static.get(name) or not_found(asked)

    return page
