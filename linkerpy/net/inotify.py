"""Linux's inotify, one instance per reactor.

The system allows a user only some hundred instances, so all watches of a reactor share one; and
unlike Twisted's `INotify`, this one lives on when a watched directory is removed. `files` is its
only user.
"""

# mypy: disallow-untyped-calls=False
import os
import struct
from collections.abc import Callable
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from twisted.internet import fdesc
from twisted.internet.abstract import FileDescriptor
from twisted.python.failure import Failure
from twisted.python.filepath import FilePath

from linkerpy.core.closable import Closable, OnClose

try:
    from twisted.python import _inotify as libc
except ImportError:  # not Linux
    libc = None  # type: ignore[assignment,unused-ignore]

IN_MODIFY = 0x02
_ATTRIB, _CLOSE_WRITE = 0x04, 0x08
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF = 0x400, 0x800
_Q_OVERFLOW, _IGNORED = 0x4000, 0x8000
_ONLY_DIRECTORY, _MASK_ADD = 0x01000000, 0x20000000

# What changes which entries a directory has, and what moreover changes their contents.
ENTRIES = _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF
CONTENTS = ENTRIES | IN_MODIFY | _ATTRIB | _CLOSE_WRITE

_EVENT = struct.Struct("iIII")

# The name of the entry, empty for the directory itself or when events were lost; and the mask.
OnEvent = Callable[[str, int], None]


class Unwatchable(Exception):
    """The directory cannot be watched: it is gone or unreadable, or a limit is reached."""


class Notifier(FileDescriptor):
    """The inotify instance of one reactor; closes itself when the last watch leaves."""

    _instances: ClassVar[WeakKeyDictionary[Any, "Notifier"]] = WeakKeyDictionary()

    def __init__(self, reactor: Any) -> None:
        super().__init__(reactor)
        try:
            self._fd = libc.init()
        except libc.INotifyError as error:
            raise Unwatchable("no more inotify instances are allowed") from error
        fdesc.setNonBlocking(self._fd)
        os.set_inheritable(self._fd, False)
        self._watches: dict[int, dict[object, OnEvent]] = {}
        self.connected = 1
        self.startReading()

    @classmethod
    def of(cls, reactor: Any) -> "Notifier":
        """The reactor's instance.

        Raises: Unwatchable if there is no inotify, or the reactor cannot wait for it.
        """
        if libc is None or not hasattr(reactor, "addReader"):
            raise Unwatchable("there is no inotify")
        notifier = cls._instances.get(reactor)
        if notifier is None:
            notifier = cls._instances[reactor] = cls(reactor)
        return notifier

    def watch(self, directory: str, mask: int, on_event: OnEvent) -> Closable:
        """Tell `on_event` of the directory's events in `mask`, and perhaps of more.

        Raises: Unwatchable.
        """
        try:
            wd = libc.add(self._fd, FilePath(directory), mask | _MASK_ADD | _ONLY_DIRECTORY)
        except libc.INotifyError as error:
            self._close_if_idle()
            raise Unwatchable(f"cannot watch {directory}") from error
        key = object()
        self._watches.setdefault(wd, {})[key] = on_event
        return OnClose(lambda: self._leave(wd, key))

    def _leave(self, wd: int, key: object) -> None:
        watchers = self._watches.get(wd)
        if watchers is None or watchers.pop(key, None) is None:
            return
        if not watchers:
            del self._watches[wd]
            libc.remove(self._fd, wd)
            self._close_if_idle()

    def _close_if_idle(self) -> None:
        if not self._watches and self.connected:
            self._instances.pop(self.reactor, None)
            self.stopReading()
            self.connected = 0
            os.close(self._fd)

    def fileno(self) -> int:
        """The instance's file descriptor."""
        return self._fd if self.connected else -1

    def logPrefix(self) -> str:
        """The log's name for it."""
        return "inotify"

    def doRead(self) -> None:
        """Pass the events on."""
        try:
            data = os.read(self._fd, 65536)
        except BlockingIOError:
            return
        offset = 0
        while offset < len(data):
            wd, mask, _cookie, size = _EVENT.unpack_from(data, offset)
            offset += _EVENT.size
            name = os.fsdecode(data[offset : offset + size].rstrip(b"\0"))
            offset += size
            self._dispatch(wd, mask, name)
        self._close_if_idle()

    def _dispatch(self, wd: int, mask: int, name: str) -> None:
        if mask & _Q_OVERFLOW:
            watchers = [each for group in self._watches.values() for each in group.values()]
        elif mask & _IGNORED:
            watchers = list(self._watches.pop(wd, {}).values())
        else:
            watchers = list(self._watches.get(wd, {}).values())
        for on_event in watchers:
            on_event(name, mask)

    def connectionLost(self, reason: Failure) -> None:
        """The reactor stops or could not read: give the instance back."""
        self._watches.clear()
        self._close_if_idle()
        super().connectionLost(reason)
