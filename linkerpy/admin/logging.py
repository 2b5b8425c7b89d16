"""`/logging.json`: the levels of our loggers, changed at run time.

A logger without a level of its own has its nearest ancestor's; `root` is the ancestor of all.

Source: telemetry-admin spec, section 4.4.
"""

from collections.abc import Callable
from dataclasses import replace

from linkerpy.net.log import Levels
from linkerpy.net.web import Answer, Asked, Page, as_json, not_allowed


def logging_page(levels: Levels, may_change: Callable[[Asked], bool]) -> Page:
    """The page: GET lists, POST changes. `Allow` says whether this caller may do so."""

    def page(asked: Asked) -> Answer:
        if asked.method in ("GET", "HEAD"):
            allowed = "GET, POST" if may_change(asked) else "GET"
            return replace(as_json(levels.all()), headers={"Allow": allowed})
        if asked.method != "POST":
            return not_allowed("GET", "POST")
        logger, level = asked.args.get("logger"), asked.args.get("level")
        if not logger or not level:
            return Answer(status=400)
        levels.set(logger, level)
        return Answer()

    return page
