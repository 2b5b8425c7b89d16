"""Pipes for the splice relay: lent while a stream moves in bulk, and bounded in number.

A pipe costs two descriptors and, while it holds bytes, as much of the system's memory. Streams that
are idle or chatty have none.
"""

import os
from contextlib import suppress
from fcntl import fcntl

F_SETPIPE_SZ = 1031  # Linux; elsewhere nobody asks for pipes

KEPT = 32
"""Unused pipes that are kept for the next stream, which saves it three system calls."""

MOST = 512
"""Pipes that there may be at the same time: streams beyond are relayed without."""

MOST_LARGE = 32
"""Of these, the large ones. With all others that is the 64 MB that Linux lets a user have."""

SIZE, LARGE = 65536, 1 << 20
"""Bytes that a pipe holds. Through a large one a gigabyte costs half as much processor time."""


class Pipe:
    """A non-blocking pipe: its two descriptors, and how many bytes it may hold."""

    __slots__ = ("read", "size", "write")

    def __init__(self, *, large: bool) -> None:
        self.read, self.write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.size = SIZE
        if large:
            with suppress(OSError):  # the user has too many
                self.size = fcntl(self.write, F_SETPIPE_SZ, LARGE)

    def close(self) -> None:
        """Let go of both descriptors, and of what is in the pipe."""
        os.close(self.read)
        os.close(self.write)


class Pipes:
    """All pipes of a process. `lent` are in use, `idle` are kept, `large` is how many of both."""

    def __init__(self, kept: int = KEPT, most: int = MOST, most_large: int = MOST_LARGE) -> None:
        self._kept = kept
        self._most = most
        self._most_large = most_large
        self._idle: list[Pipe] = []
        self.lent = self.large = 0

    def __repr__(self) -> str:
        return f"<Pipes {self.lent} lent, {self.idle} idle, {self.large} large>"

    @property
    def idle(self) -> int:
        """How many could be lent without a system call."""
        return len(self._idle)

    def take(self) -> Pipe | None:
        """An empty pipe; None if there are too many, or the process has no descriptors left."""
        if self._idle:
            self.lent += 1
            return self._idle.pop()
        if self.lent >= self._most:
            return None
        try:
            made = Pipe(large=self.large < self._most_large)
        except OSError:
            return None
        self.lent += 1
        self.large += made.size > SIZE
        return made

    def give(self, pipe: Pipe, *, empty: bool) -> None:
        """Give a pipe back. One that still holds bytes is closed."""
        self.lent -= 1
        if empty and len(self._idle) < self._kept:
            self._idle.append(pipe)
            return
        self.large -= pipe.size > SIZE
        pipe.close()


PIPES = Pipes()
"""The process's."""
