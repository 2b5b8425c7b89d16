"""`/logging.json`: the levels of our loggers, changed at run time.

A logger without a level of its own has its nearest ancestor's; `root` is the ancestor of all.

Source: telemetry-admin spec, section 4.4.
"""

from twisted.logger import ILogFilterPredicate, LogLevel, PredicateResult
from zope.interface import implementer

from linkerpy.net.web import Answer, Asked, Page, as_json, not_allowed

_LEVELS = {
    "ALL": LogLevel.debug,
    "TRACE": LogLevel.debug,
    "DEBUG": LogLevel.debug,
    "INFO": LogLevel.info,
    "WARNING": LogLevel.warn,
    "ERROR": LogLevel.error,
    "CRITICAL": LogLevel.critical,
    "FATAL": LogLevel.critical,
    "OFF": None,
}

_LOGGERS = ("linkerpy", "linkerpy.admin", "linkerpy.http", "linkerpy.naming", "linkerpy.router")


@implementer(ILogFilterPredicate)
class Levels:
    """The level of each logger; a predicate for the log's observers."""

    def __init__(self) -> None:
        self._levels: dict[str, str] = {"root": "INFO"}
        self._loggers = {"root", *_LOGGERS}

    def level(self, logger: str) -> str:
        """The level that counts for a logger: its own, or its nearest ancestor's."""
        while logger not in self._levels:
            logger = logger.rpartition(".")[0] or "root"
        return self._levels[logger]

    def set(self, logger: str, level: str) -> None:
        """Change a level; what is not known changes nothing, as in linkerd."""
        if logger in self._loggers and level.upper() in _LEVELS:
            self._levels[logger] = level.upper()

    def all(self) -> list[dict[str, str]]:
        """Every logger and the level that counts for it, by name."""
        return [{"logger": name, "level": self.level(name)} for name in sorted(self._loggers)]

    def __call__(self, event: dict[str, object]) -> object:
        """Let an event of a sufficient level pass."""
        namespace = str(event.get("log_namespace") or "")
        if namespace.startswith("linkerpy"):
            self._loggers.add(namespace)
        wanted = _LEVELS[self.level(namespace)]
        level = event.get("log_level") or LogLevel.info
        if wanted is None or level < wanted:
            return PredicateResult.no
        return PredicateResult.maybe


LEVELS = Levels()
"""The levels of this process's loggers."""


def logging_page(levels: Levels) -> Page:
    """The page: GET lists, POST changes."""

    def page(asked: Asked) -> Answer:
        if asked.method in ("GET", "HEAD"):
            return as_json(levels.all())
        if asked.method != "POST":
            return not_allowed("GET", "POST")
        logger, level = asked.args.get("logger"), asked.args.get("level")
        if not logger or not level:
            return Answer(status=400)
        levels.set(logger, level)
        return Answer()

    return page
