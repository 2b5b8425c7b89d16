"""The dashboard and its static files.

Source: telemetry-admin spec, sections 4.4 (`/files`) and 5.
"""

from importlib.resources import files

from linkerpy.net.web import Answer, Asked, Pages, not_found, text

_TYPES = {
    ".html": "text/html;charset=UTF-8",
    ".css": "text/css;charset=UTF-8",
    ".js": "text/javascript;charset=UTF-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
_ROOT = files("linkerpy.admin") / "static"


def file_pages() -> Pages:
    """The pages by path."""
    return {
        "/": lambda asked: _file(asked, "index.html"),
        "/help": lambda asked: _file(asked, "help.html"),
        "/favicon.ico": lambda asked: _file(asked, "favicon.svg"),
        "/files/": lambda asked: _file(asked, asked.path.removeprefix("/files/")),
    }


def _file(asked: Asked, name: str) -> Answer:
    """A file of the package; it may change with the package only, so it is not cached for long."""
    if ".." in name or name.startswith("/") or "\\" in name:
        return text("Invalid path!", 400)
    file = _ROOT / name
    suffix = name[name.rfind(".") :]
    if suffix not in _TYPES or not file.is_file():
        return not_found(asked)
    return Answer(file.read_bytes(), 200, _TYPES[suffix], {"Cache-Control": "max-age=60"})
