"""File descriptors run out: a port then accepts nobody for a while, and whom it serves lives on.

A process may have so many of them (RLIMIT_NOFILE). Clients who are accepted need more: connections
to servers, files. So ports stop before the last; who connects then waits in the system's queue.
"""

import errno
import os
import resource
from typing import Any, Final

from linkerpy.net.errors import show_address
from linkerpy.net.log import logger

EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""What the system says when it has no more to give."""

_PAUSE: Final = 0.1
"""Seconds until a port that has paused looks again."""

_QUIET: Final = 60.0
"""Seconds without a pause until the next one is logged."""

_log = logger("linkerpy.net")


class Headroom:
    """Has a port pause while less is left than an eighth of the limit, or than 1,000."""

    def __init__(self, port: Any) -> None:
        """`port` is a Twisted port; nothing is asked of it before it listens."""
        self._port = port
        self._clock: Any = port.reactor
        self._look: Any = None
        self._paused = -_QUIET
        limit = _limit()
        self.most = limit - min(limit // 8, 1000)
        """A descriptor with this number, or a higher one, is to be the last for now."""

    def use_up(self) -> None:
        """Accept to the last descriptor: what operators ask must be answered even then."""
        self.most = _limit()

    def pause(self) -> None:
        """Accept nobody until there are descriptors again. One line of the log tells of it."""
        self._port.stopReading()
        if self._look is None:
            self._look = self._clock.callLater(_PAUSE, self._again)
        now = self._clock.seconds()
        if now - self._paused >= _QUIET:
            host = self._port.getHost()
            _log.warn(
                "{where} accepts nobody until some of the {limit} file descriptors are free again; "
                "raise the limit: LimitNOFILE= of systemd, ulimit -n",
                where=show_address(host.host, host.port),
                limit=_limit(),
            )
        self._paused = now

    def _again(self) -> None:
        self._look = None
        if _lowest_free(self._port.fileno()) < self.most:
            self._port.startReading()
        else:
            self.pause()

    def end(self) -> None:
        """The port is closed."""
        if self._look is not None:
            self._look.cancel()
            self._look = None


def _limit() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _lowest_free(sample: int) -> int:
    """The number the next descriptor gets: about as many are in use.

    `sample` is any open one.
    """
    try:
        number = os.dup(sample)
    except OSError:
        return _limit()
    os.close(number)
    return number
