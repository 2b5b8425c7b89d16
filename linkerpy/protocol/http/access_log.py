"""AccessLog: a line for each attempt that got a response, as web servers write them.

A request only leaves a note; the lines are made, and written, a moment later and many at once.

Source: dataplane spec, section 2.11; config spec, section 10.2.
"""

import re
import time
from collections.abc import Callable
from functools import lru_cache

from linkerpy.codec.fields import Fields, Headers
from linkerpy.codec.http import Request, Response, get
from linkerpy.core.clock import TimerWheel
from linkerpy.core.closable import NOTHING, Closable
from linkerpy.protocol.http.filters import HttpService
from linkerpy.router.rolling_log import RollingLog

_LATENESS = 0.1
"""Seconds until a line is written."""

_Note = tuple[float, bytes, bytes, bytes, str, Fields | Headers, bytes, int, Fields | Headers]
"""Moment, method, target, version, peer, headers, headers added; status and headers of the answer.

Headers are shared with the messages or copied; the messages go on without us.
"""


class AccessLog:
    """Notes what the filter `logged` sees, and writes it to `file`."""

    def __init__(
        self, file: RollingLog, timers: TimerWheel, wall: Callable[[], float] = time.time
    ) -> None:
        self._file = file
        self._timers = timers
        self._wall = wall
        self._notes: list[_Note] = []
        self._timer: Closable = NOTHING

    async def logged(self, service: HttpService, request: Request) -> Response:
        """The filter. What fails leaves no line."""
        response = await service(request)
        notes = self._notes
        if not notes:
            self._timer = self._timers.after(_LATENESS, self.flush)
        notes.append(
            (
                self._wall(),
                request.method,
                request.uri,
                request.version,
                request.ctx.peer,
                request.fields or list(request.headers),
                request.added,
                response.status,
                response.fields or list(response.headers),
            )
        )
        return response

    def flush(self) -> None:
        """Write what there is."""
        self._timer.close()
        notes, self._notes = self._notes, []
        if notes:
            self._file.write([_line(note) for note in notes])

    def close(self) -> None:
        """Write the rest. The file stays open if others use it, too."""
        self.flush()
        self._file.release()


def _line(note: _Note) -> bytes:
    moment, method, uri, version, peer, asked, added, status, answered = note
    host = _value(asked, b"host")
    if host is _NONE and (found := _ADDED_HOST.search(added)):
        host = _escaped(found[1]) or _NONE
    return b'%b %b - - [%b] "%b %b HTTP/%b" %d %b "%b" "%b"\n' % (
        host,
        peer.rpartition(":")[0].strip("[]").encode("ascii") or _NONE,
        _time(int(moment)),
        method,
        _escaped(uri),
        version,
        status,
        _value(answered, b"content-length"),
        _value(asked, b"referer"),
        _value(asked, b"user-agent"),
    )


_NONE = b"-"
_ADDED_HOST = re.compile(rb"^host: (.*)\r$", re.IGNORECASE | re.MULTILINE)
"""The only one of these that the router may have added: the authority of an absolute target."""


def _value(headers: Fields | Headers, name: bytes) -> bytes:
    found = headers.names.get(name) if isinstance(headers, Fields) else get(headers, name)
    return _escaped(found) if found else _NONE


_SPECIAL = re.compile(rb'["\\\x00-\x1f\x7f]')


def _escaped(value: bytes) -> bytes:
    """What cannot be taken for the end of a quoted field, or a line."""
    return _SPECIAL.sub(lambda found: b"\\x%02x" % found[0][0], value)


@lru_cache(2)
def _time(second: int) -> bytes:
    return time.strftime("%d/%m/%Y:%H:%M:%S GMT", time.gmtime(second)).encode("ascii")
