"""An epoll reactor that calls linkerpy's own transports straight.

Twisted runs every read and write event inside a logging context, which costs more than many of
the reads themselves. `DirectEPollReactor` leaves the context out for selectables that are marked
`Direct` (those of `linkerpy.net.transport`) and treats every other one as Twisted does. `app`
installs it; where the platform has no epoll, Twisted's own reactors serve just as well.
"""

# mypy: disallow-untyped-calls=False
import errno
import sys
import time
from typing import TYPE_CHECKING, Any

from twisted.internet import main
from twisted.python import log

from linkerpy.net.dispatch import Direct, Round

try:
    from twisted.internet import epollreactor
except ImportError:  # a platform without epoll
    HAVE_EPOLL = False
else:
    HAVE_EPOLL = True

# More events than this wait for the next round, so that timers are never far behind.
_MOST_EVENTS = 1024

# So many are received for in a row: it bounds what is in memory and not yet delivered.
_BATCH = 64

if HAVE_EPOLL or TYPE_CHECKING:
    _IN, _OUT = epollreactor.EPOLLIN, epollreactor.EPOLLOUT

    class DirectEPollReactor(epollreactor.EPollReactor):
        """Twisted's epoll reactor with direct dispatch of `Direct` selectables."""

        _selectables: dict[int, Any]
        _reads: set[int]
        _writes: set[int]

        # Wall-clock time may jump, and would take every timeout with it.
        seconds = staticmethod(time.monotonic)

        def __init__(self) -> None:
            self.round = Round()
            super().__init__()

        def doPoll(self, timeout: float | None) -> None:
            """Wait up to `timeout` seconds (None: for ever) and serve what is ready."""
            try:
                ready = self._poller.poll(
                    -1 if timeout is None else timeout, min(len(self._selectables), _MOST_EVENTS)
                )
            except OSError as error:
                if error.errno == errno.EINTR:
                    return
                raise
            if len(ready) == 1:
                self._serve_each(ready)
                return
            self.round.open = True
            try:
                for start in range(0, len(ready), _BATCH):
                    self._serve_batch(ready[start : start + _BATCH])
            finally:
                self.round.close()

        # The base class binds its own doPoll to this name.
        doIteration = doPoll

        def _serve_batch(self, ready: list[tuple[int, int]]) -> None:
            """Receive for all that can be read, then deliver to each that still reads."""
            selectables, reads = self._selectables, self._reads
            received: list[tuple[int, Any, Any]] = []
            others: list[tuple[int, int]] = []
            for fd, event in ready:
                selectable = selectables.get(fd)
                if event != _IN or fd not in reads or not isinstance(selectable, Direct):
                    others.append((fd, event))
                elif (data := selectable.receive()) is not None:
                    received.append((fd, selectable, data))
            for fd, selectable, data in received:
                if fd in reads and selectables[fd] is selectable:
                    try:
                        why = selectable.deliver(data)
                    except BaseException as error:  # noqa: BLE001 - it costs one connection
                        why = _logged(selectable, error)
                    if why is not None:
                        self._disconnectSelectable(selectable, why, True)
                elif selectable.connected:
                    selectable.hold(data)
            self._serve_each(others)

        def _deliver(self, selectable: Any, data: Any) -> None:
            try:
                why = selectable.deliver(data)
            except BaseException as error:  # noqa: BLE001 - it costs one connection
                why = _logged(selectable, error)
            if why is not None:
                self._disconnectSelectable(selectable, why, True)

        def replace(self, old: Any, new: Any) -> None:
            """Watch `new` for reading in place of `old`; both have the same descriptor."""
            fd = new.fileno()
            if fd in self._writes:
                self.removeWriter(old)
            if fd in self._reads:
                self._selectables[fd] = new  # the system knows only the descriptor
            else:
                self.addReader(new)

        def deliver_held(self, selectable: Any) -> None:
            """Deliver what a transport holds, if it reads again."""
            if selectable.fileno() in self._reads and (data := selectable.receive()) is not None:
                self._deliver(selectable, data)

        def _serve_each(self, ready: list[tuple[int, int]]) -> None:
            # An earlier event of the round may have closed, replaced or paused a later one's
            # selectable, so each is looked up when its turn comes.
            selectables, reads = self._selectables, self._reads
            for fd, event in ready:
                selectable = selectables.get(fd)
                if selectable is None:
                    continue
                if not isinstance(selectable, Direct):
                    log.callWithLogger(selectable, self._doReadOrWrite, selectable, fd, event)
                elif event != _IN:
                    self._serve(selectable, fd, event)
                elif fd in reads and (data := selectable.receive()) is not None:
                    self._deliver(selectable, data)

        def _serve(self, selectable: Any, fd: int, event: int) -> None:
            """Serve an event that is not plain readability.

            A hang-up or an error is not believed but looked into, by reading or writing: the call
            tells what happened, delivers what was still received, and does no harm where the flag
            was meant for a connection closed earlier in this round whose number was used again.
            """
            why = None
            in_read = False
            try:
                if event & ~_OUT and fd in self._reads:
                    in_read = True
                    why = selectable.doRead()
                if (
                    why is None
                    and event & ~_IN
                    and fd in self._writes
                    and self._selectables[fd] is selectable
                ):
                    in_read = False
                    why = selectable.doWrite()
            except BaseException as error:  # noqa: BLE001 - it costs one connection
                why = _logged(selectable, error)
            if why is not None:
                self._disconnectSelectable(selectable, why, in_read)


def _logged(selectable: Any, error: BaseException) -> BaseException:
    log.callWithLogger(selectable, log.err)
    return error


def install() -> None:
    """Make a `DirectEPollReactor` the global reactor.

    Raises: ImportError on a platform without epoll; ReactorAlreadyInstalledError.
    """
    if not HAVE_EPOLL:
        raise ImportError(
            f"there is no epoll on {sys.platform}: use one of Twisted's reactors (twistd -r NAME)"
        )
    main.installReactor(DirectEPollReactor())


def install_best() -> bool:
    """Install the direct reactor if there is none yet and the platform has epoll.

    Returns whether it did; otherwise the reactor installed, or Twisted's default, is used.
    """
    if not HAVE_EPOLL or "twisted.internet.reactor" in sys.modules:
        return False
    install()
    return True
