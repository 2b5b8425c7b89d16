"""LiveFiles: what is at a path and what a file says, as values that change with the disk.

For whatever is configured by files that change while the process runs. A change is noticed in the
directory that holds the file, so it makes no difference whether a file is written in place,
renamed over, removed and made again, or replaced by way of a symbolic link. It must not know what
the files mean.
"""

import errno
import os
import stat
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from linkerpy.core.activity import PENDING, Failed, Ok, State
from linkerpy.core.closable import NOTHING, Closable, Group, OnClose
from linkerpy.core.computed import Read, computed
from linkerpy.core.var import Async, Derived, Order, Var, distinct_var, map_var
from linkerpy.net.log import logger

WatchDirectory = Callable[[str, Callable[[], None]], Closable]
"""Calls back after every change of a directory's entries or of a file in it."""

Identity = tuple[int, int]
"""What tells a directory from another one that took its name: device and inode."""

_NOT_THERE: Final = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)

_SETTLED_NS: Final = 1_000_000_000

T = TypeVar("T")

log = logger("linkerpy.files")


@dataclass(frozen=True, slots=True)
class RegularFile:
    """There is a regular file."""


@dataclass(frozen=True, slots=True)
class Directory:
    """There is a directory."""

    identity: Identity


Entry = RegularFile | Directory | None
"""What is at a path, symbolic links followed; None for nothing, or nothing that can be read."""


class LiveFiles:
    """Observable files. Each path is looked at once for all who observe it."""

    def __init__(self, watch: WatchDirectory) -> None:
        self._watch = watch
        self._vars: dict[Hashable, Var[Any]] = {}

    def entry(self, path: str) -> Var[State[Entry]]:
        """What is at `path`; Failed if that cannot be found out."""
        directory = os.path.dirname(path)
        changes = self.changes(directory)
        looking = distinct_var(map_var(changes, lambda _: _attempt(partial(look, path))))
        return self._shared((path,), directory, looking)

    def content(self, path: str, limit: int) -> Var[State[bytes | None]]:
        """What the file at `path` holds; None if there is no regular file.

        Failed if it cannot be read or is longer than `limit` bytes.
        """
        reading = distinct_var(computed(_Content(path, limit, self.changes).read))
        return self._shared((path, limit), os.path.dirname(path), reading)

    def changes(self, directory: str) -> Var[int]:
        """A number that grows with every change in `directory`.

        It is about the directory of that name when the observation begins; one that takes its
        place later is another one. Of a directory that is not there nothing is ever heard.
        """
        return self._shared((), directory, Async(0, partial(self._open, directory)))

    def _shared(self, what: tuple[Any, ...], directory: str, var: Var[T]) -> Var[T]:
        """`var`, or the like of it that is observed already, about the present `directory`."""

        def start(key: Hashable, update: Callable[[T], None]) -> Closable:
            def forget() -> None:
                del self._vars[key]

            return Group(var.observe(update), OnClose(forget))

        def observe(observer: Callable[[T], None], order: Order) -> Closable:
            key = (what, directory, _attempt(partial(look, directory)))
            if key not in self._vars:
                self._vars[key] = Async(PENDING, partial(start, key))
            return self._vars[key].observe(observer, order)

        return Derived(observe)

    def _open(self, directory: str, update: Callable[[int], None]) -> Closable:
        count = 0

        def changed() -> None:
            nonlocal count
            count += 1
            update(count)

        if not os.path.isdir(directory):
            return NOTHING
        try:
            return self._watch(directory, changed)
        except OSError as error:  # what is there now is used all the same
            log.warn(
                "changes in {directory} go unnoticed: {error}", directory=directory, error=error
            )
            return NOTHING


class _Content:
    """Reads one file, again only when its status has changed."""

    def __init__(self, path: str, limit: int, changes: Callable[[str], Var[int]]) -> None:
        self._path = path
        self._limit = limit
        self._changes = changes
        self._directory = os.path.dirname(path)
        self._target = self._directory
        self._status: tuple[int, ...] | None = None
        self._state: State[bytes | None] = Ok(None)

    def read(self, read: Read) -> State[bytes | None]:
        """What the file holds; its own directory and that of a link's target are watched."""
        read(self._directory, partial(self._changes, self._directory))
        status = _status(self._path)
        fresh = status is None or status != self._status
        if fresh:
            self._target = os.path.dirname(os.path.realpath(self._path))
        read(self._target, partial(self._changes, self._target))
        if fresh:
            self._status = status
            self._state = _attempt(partial(read_regular, self._path, self._limit))
        return self._state


def _status(path: str) -> tuple[int, ...] | None:
    """What differs when the file at `path` does; None when that cannot be told.

    A file may be written twice within one tick of the clock that stamps it: a stamp counts only
    when it is older than that.
    """
    try:
        found = os.stat(path)
    except OSError:
        return None
    if time.time_ns() - found.st_ctime_ns < _SETTLED_NS:
        return None
    return (found.st_dev, found.st_ino, found.st_size, found.st_ctime_ns)


def look(path: str) -> Entry:
    """What is at `path` now.

    Raises: OSError when that cannot be found out.
    """
    try:
        found = os.stat(path)
    except OSError as error:
        if error.errno in _NOT_THERE:
            return None
        raise
    if stat.S_ISDIR(found.st_mode):
        return Directory((found.st_dev, found.st_ino))
    return RegularFile() if stat.S_ISREG(found.st_mode) else None


def read_regular(path: str, limit: int) -> bytes | None:
    """What the regular file at `path` holds; None if there is none. Never waits for a writer.

    Raises: OSError when it cannot be read, or is longer than `limit` bytes.
    """
    if look(path) != RegularFile():  # opening a device can do things
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        if error.errno in _NOT_THERE:
            return None
        raise
    with open(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return None
        content = file.read(limit + 1)
    if len(content) > limit:
        size = max(found.st_size, len(content))
        raise OSError(f"file {path} is {size} bytes long; {limit} are allowed")
    return content


def _attempt(action: Callable[[], T]) -> State[T]:
    try:
        return Ok(action())
    except OSError as error:
        return Failed(error)
