"""Loggers whose levels can be changed while they run.

Every logger of ours is made here, so that `/logging.json` governs what is written. Twisted's own
lines do not pass through: they are its user's to filter.

Source: telemetry-admin spec, section 4.4.
"""

from twisted.logger import (
    FilteringLogObserver,
    ILogFilterPredicate,
    Logger,
    LogLevel,
    PredicateResult,
    globalLogPublisher,
)
from zope.interface import implementer

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

LEVEL_NAMES = tuple(_LEVELS)
"""linkerd's levels, as they may be configured."""


def log_level(level: str) -> object:
    """Twisted's level for one of linkerd's; None for `OFF`."""
    return _LEVELS[level]


@implementer(ILogFilterPredicate)
class Levels:
    """The level of each logger; a predicate for observers."""

    def __init__(self) -> None:
        self._levels: dict[str, str] = {"root": "INFO"}
        self._loggers = {"root", "linkerpy"}

    def level(self, logger: str) -> str:
        """The level that counts for a logger: its own, or its nearest ancestor's."""
        while logger not in self._levels:
            logger = logger.rpartition(".")[0] or "root"
        return self._levels[logger]

    def know(self, logger: str) -> None:
        """List a logger, whether or not it has written."""
        self._loggers.add(logger)

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
        wanted = _LEVELS[self.level(namespace)]
        level = event.get("log_level") or LogLevel.info
        if wanted is None or level < wanted:
            return PredicateResult.no
        return PredicateResult.maybe


LEVELS = Levels()
"""The levels of this process's loggers."""

_governed = FilteringLogObserver(globalLogPublisher, [LEVELS])


def logger(namespace: str) -> Logger:
    """A logger below `linkerpy`; what its level keeps back is dropped before it is formatted."""
    LEVELS.know(namespace)
    return Logger(namespace=namespace, observer=_governed)
