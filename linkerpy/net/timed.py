"""Transports that break off a connection on which nothing moves.

`listen` and `connect` use them in place of the plain ones where `SocketOptions` sets a timeout;
the plain ones spend no time on it.
"""

# mypy: disallow-untyped-calls=False
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from linkerpy.net.errors import ReadTimedOut, WriteTimedOut
from linkerpy.net.transport import Client, Immediate, Server


class Timed(Immediate):
    """Ends the connection when it was quiet for too long, in the direction that has a limit.

    Only what can be held against the peer counts: not the time in which the protocol has paused
    reading, nor the time in which there is nothing to send.
    """

    _timer: IDelayedCall | None = None
    _reading = True
    _read_at = 0.0
    _sent_at = 0.0

    def _start_timing(self) -> None:
        self._read_at = self._sent_at = self.reactor.seconds()
        self._look()

    def _look(self) -> None:
        """End the connection if a limit has passed, or look again when the next one may have."""
        self._timer = None
        now = self.reactor.seconds()
        due: list[float] = []
        if (limit := self.options.read_timeout) is not None:
            due.append((self._read_at if self._reading else now) + limit)
            if due[-1] <= now:
                self._break_off(ReadTimedOut(f"no data for {limit:g} s"))
                return
        if (limit := self.options.write_timeout) is not None:
            due.append((self._sent_at if self.pending else now) + limit)
            if due[-1] <= now:
                self._break_off(WriteTimedOut(f"no data was taken for {limit:g} s"))
                return
        self._timer = self.reactor.callLater(min(due) - now, self._look)

    def _break_off(self, reason: Exception) -> None:
        self.stopReading()
        self.stopWriting()
        self.connectionLost(Failure(reason))

    def receive(self) -> Any:
        """Receive, and note when."""
        self._read_at = self.reactor.seconds()
        return super().receive()

    def doWrite(self) -> Any:
        """Send what is buffered, and note when the socket took any."""
        before = self.pending
        result = super().doWrite()
        if self.pending != before:
            self._sent_at = self.reactor.seconds()
        return result

    def _keep(self, *args: Any) -> None:
        self._sent_at = self.reactor.seconds()
        super()._keep(*args)

    def pauseProducing(self) -> None:
        """Stop reading; the read timeout waits too."""
        self._reading = False
        super().pauseProducing()

    def resumeProducing(self) -> None:
        """Read again; the read timeout starts anew."""
        self._reading = True
        self._read_at = self.reactor.seconds()
        super().resumeProducing()

    def connectionLost(self, reason: Failure) -> None:
        """Stop the clock and close."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        super().connectionLost(reason)


class TimedServer(Timed, Server):
    """The server side of a connection with timeouts."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._start_timing()


class TimedClient(Timed, Client):
    """The client side of a connection with timeouts."""

    def _connectDone(self) -> None:
        self._start_timing()
        super()._connectDone()
