"""What an attack on the router is, and what must come of it. The rows are in `requests_*.py`."""

from dataclasses import dataclass
from enum import Enum, auto


class End(Enum):
    """What becomes of the client's connection."""

    OPEN = auto()
    """It serves a next request."""
    CLOSED = auto()
    """It serves nothing more, whatever is sent."""
    WAITING = auto()
    """The request is not whole: the router waits for the rest."""


@dataclass(frozen=True, slots=True)
class Attack:
    """Bytes of a client, and their one permitted outcome."""

    name: str
    sent: bytes
    statuses: tuple[int, ...]
    """Of the responses that the client sees, in order."""
    end: End
    backend: bytes
    """All that backends received, in order, without the headers that the router adds."""
    whole_only: bool = False
    """Arriving in many reads, it may come out otherwise: the answer need not wait for the body."""


def refused(name, sent, status=400, *, before=b"", ok=0):
    """The bytes get an error and the end; `before` them, `ok` good requests reach the backend."""
    return Attack(name, sent, (200,) * ok + (status,), End.CLOSED, before)


def passed(name, sent, backend=None, *, times=1, end=End.OPEN):
    """The backend receives this; the same bytes as were sent unless told."""
    return Attack(name, sent, (200,) * times, end, sent if backend is None else backend)


def answered(name, sent, *statuses, backend=b"", end=End.OPEN, whole_only=False):
    """The router itself answers at least one of the requests."""
    return Attack(name, sent, statuses, end, backend, whole_only)


def waiting(name, sent, backend=b""):
    """Not an end of a request: nobody gets an answer yet."""
    return Attack(name, sent, (), End.WAITING, backend)


GET = b"GET / HTTP/1.1\r\nHost: web\r\n"
POST = b"POST / HTTP/1.1\r\nHost: web\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
NEXT = b"GET /next HTTP/1.1\r\nHost: web\r\n\r\n"
"""An honest request behind another on the same connection."""
EVIL = b"GET /evil HTTP/1.1\r\nHost: admin\r\n\r\n"
"""The request that an attack tries to slip past."""
