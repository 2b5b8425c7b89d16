"""Long texts made in short turns, so that making them keeps nobody else waiting.

For pages whose text grows with the number of names a router has seen: ten scrapers that come at
once share one text, and the event loop serves requests between its pieces.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from linkerpy.core.clock import Clock
from linkerpy.core.closable import Closable

TURN: Final = 0.002
"""Seconds after which others get their turn."""

_LOOK: Final = 16
"""Pieces between two looks at the clock."""

_CHUNK: Final = 1 << 16
"""Characters that are encoded in one go."""


class Turns:
    """Runs an iterator to its end, a turn at a time, handing its pieces to `take`.

    `ended` is told once: None, or the exception that the iterator raised. It may be told before
    `start` returns, when everything fits into the first turn.
    """

    def __init__(
        self,
        pieces: Iterator[str],
        take: Callable[[str], None],
        ended: Callable[[BaseException | None], None],
        clock: Clock,
    ) -> None:
        self._pieces = pieces
        self._take = take
        self._ended = ended
        self._clock = clock
        self._timer: Any = None

    def start(self) -> None:
        """Take the first turn now, the others in the rounds of the event loop that follow."""
        self._turn()

    def _turn(self) -> None:
        until = self._clock.seconds() + TURN
        try:
            while self._clock.seconds() < until:
                some = list(islice(self._pieces, _LOOK))
                self._take("".join(some))
                if len(some) < _LOOK:
                    self._ended(None)
                    return
        except Exception as error:  # noqa: BLE001 - it is the asker's to judge
            self._ended(error)
            return
        self._timer = self._clock.callLater(0, self._turn)

    def close(self) -> None:
        """Go no further."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()


class SharedText:
    """A text that is made when asked for; who asks while it is being made waits for that one.

    It is given up when everybody who waited has left.
    """

    def __init__(self, make: Callable[[], Iterator[str]], clock: Clock) -> None:
        self._make = make
        self._clock = clock
        self._waiting: list[Deferred[list[bytes]]] = []
        self._running: Closable | None = None

    def ask(self) -> Deferred[list[bytes]]:
        """The text in UTF-8, in long pieces; cancelling leaves the others waiting."""
        answer: Deferred[list[bytes]] = Deferred(self._leave)
        self._waiting.append(answer)
        if len(self._waiting) == 1:
            self._start()
        return answer

    def _leave(self, answer: Deferred[list[bytes]]) -> None:
        self._waiting.remove(answer)
        if not self._waiting:
            self.close()

    def _start(self) -> None:
        chunks: list[bytes] = []
        letters: list[str] = []
        size = 0

        def take(piece: str) -> None:
            nonlocal size
            letters.append(piece)
            size += len(piece)
            if size >= _CHUNK:
                flush()

        def flush() -> None:
            nonlocal size
            chunks.append("".join(letters).encode("utf-8"))
            letters.clear()
            size = 0

        def ended(error: BaseException | None) -> None:
            flush()
            self._tell(Failure(error) if error is not None else chunks)

        running = self._running = Turns(self._make(), take, ended, self._clock)
        running.start()

    def _tell(self, result: Any) -> None:
        waiting, self._waiting = self._waiting, []
        for answer in waiting:
            answer.callback(result)

    def close(self) -> None:
        """Make the text no further; who waits is told nothing."""
        running, self._running = self._running, None
        if running is not None:
            running.close()
