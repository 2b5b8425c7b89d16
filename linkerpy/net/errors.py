"""What can go wrong with a socket, said so that an operator can act on it."""

import errno
import os

from twisted.internet import error


class ListenError(Exception):
    """A server's address could not be bound. The text says what, where, why and what to do."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"cannot listen on {show_address(host, port)}: {reason}")
        self.host = host
        self.port = port
        self.reason = reason


class ConnectFailed(Exception):
    """A connection could not be established; `code` is the errno, where there is one."""

    def __init__(self, host: str, port: int, reason: str, code: int | None = None) -> None:
        super().__init__(f"cannot connect to {show_address(host, port)}: {reason}")
        self.host = host
        self.port = port
        self.reason = reason
        self.code = code


class ConnectRefused(ConnectFailed):
    """Nothing listens on the port."""


class ConnectTimeout(ConnectFailed):
    """No answer within the connect timeout, or none that the system still waits for."""


class ReadTimedOut(error.ConnectionAborted):
    """Nothing was received for the whole read timeout."""


class WriteTimedOut(error.ConnectionAborted):
    """The peer took no data for the whole write timeout."""


_LISTEN_ADVICE = {
    errno.EADDRINUSE: "another process has the port: stop it or choose another port",
    errno.EACCES: "ports below 1024 need root or CAP_NET_BIND_SERVICE: choose a higher port",
    errno.EADDRNOTAVAIL: "no interface of this machine has the address: use 0.0.0.0 for all",
    errno.EAFNOSUPPORT: "the system has no IPv6: use an IPv4 address",
}


def listen_error(host: str, port: int, failure: OSError | OverflowError) -> ListenError:
    """The error for a bind that failed."""
    if isinstance(failure, OverflowError):
        return ListenError(host, port, "no such port; choose one from 0 to 65535")
    code = failure.errno or 0
    advice = _LISTEN_ADVICE.get(code)
    reason = describe(code) if code > 0 else str(failure)
    return ListenError(host, port, f"{reason}; {advice}" if advice else reason)


def connect_error(host: str, port: int, failure: BaseException, timeout: float) -> ConnectFailed:
    """The error for an attempt that ended with Twisted's `failure`."""
    code = getattr(failure, "osError", None)
    if isinstance(failure, error.ConnectionRefusedError):
        return ConnectRefused(host, port, describe(errno.ECONNREFUSED), errno.ECONNREFUSED)
    if code == errno.ETIMEDOUT:
        return ConnectTimeout(host, port, describe(errno.ETIMEDOUT), errno.ETIMEDOUT)
    if isinstance(failure, error.TimeoutError):
        reason = f"no answer within {timeout:g} s"
        return ConnectTimeout(host, port, reason, errno.ETIMEDOUT)
    if isinstance(code, int):
        return ConnectFailed(host, port, describe(code), code)
    return ConnectFailed(host, port, str(failure) or type(failure).__name__)


def describe(code: int) -> str:
    """The system's words for an errno, without a capital."""
    text = os.strerror(code)
    return text[:1].lower() + text[1:]


def show_address(host: str, port: int) -> str:
    """`host:port`, with brackets where the host has colons."""
    return f"[{host}]:{port}" if ":" in host else f"{host or '0.0.0.0'}:{port}"  # noqa: S104
