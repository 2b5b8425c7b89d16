"""The pages people look at: the dashboard, and the static files that it and the others are made of.

They ask the JSON pages for all they show. Every file is read once, when the server is made.

Source: telemetry-admin spec, sections 4.4 (`/files`) and 5.
"""

from collections.abc import Mapping
from importlib.resources import files

from linkerpy.net.web import Answer, Asked, Page, Pages, not_found, text

_TYPES = {
    "html": "text/html;charset=UTF-8",
    "css": "text/css;charset=UTF-8",
    "js": "text/javascript;charset=UTF-8",
    "svg": "image/svg+xml;charset=UTF-8",
}
_VERSION = b"{{version}}"


def dashboard_pages(version: str) -> Pages:
    """The pages by path."""
    static = _static(version)
    return {
        "/": lambda _: static["index.html"],
        "/admin/metrics": lambda _: static["metrics.html"],
        "/delegator": lambda _: static["delegator.html"],
        "/tls": lambda _: static["tls.html"],
        "/logging": lambda _: static["logging.html"],
        "/help": lambda _: static["help.html"],
        "/favicon.ico": lambda _: static["logo.svg"],
        "/files/": _files_page(static),
    }


def _static(version: str) -> dict[str, Answer]:
    """The files by name. Browsers ask for them each time: another version may run by then."""
    return {
        file.name: Answer(
            file.read_bytes().replace(_VERSION, version.encode("utf-8")),
            content_type=_TYPES[file.name.rpartition(".")[2]],
            headers={"Cache-Control": "no-cache"},
        )
        for file in (files("linkerpy.admin") / "static").iterdir()
    }


def _files_page(static: Mapping[str, Answer]) -> Page:
    def page(asked: Asked) -> Answer:
        name = asked.path.removeprefix("/files/")
        if ".." in name:
            return text("Invalid path!", 400)
        return static.get(name) or not_found(asked)

    return page
