"""Files and directories that tell when they change.

Whatever way a change takes is noticed: writing in place, a rename over the file, removal, creation,
a directory that goes and comes back, and a symbolic link on the way that is swapped, as Kubernetes
does with `..data` in a mounted ConfigMap. inotify brings the news; where it cannot (another system,
its limits reached, an unreadable directory), the files are looked at once a second.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

from linkerpy.core.clock import Clock
from linkerpy.core.closable import Closable, Group
from linkerpy.net.inotify import CONTENTS, ENTRIES, IN_MODIFY, Notifier, Unwatchable

# Seconds between looks where inotify is of no help.
POLL_INTERVAL = 1.0

# A file that is being written in place is left alone for this many seconds, unless its writer
# closes it: half of a file is not worth reading.
SETTLE_INTERVAL = 0.1

# As many symbolic links as Linux follows in one path.
_MOST_LINKS = 40

# Places that still change after so many looks announce it by events.
_MOST_LOOKS = 5

Signature = object
Identity = tuple[int, int] | None


class _Watch:
    """What file and directory watches share: when to look, and when to tell."""

    def __init__(self, reactor: Clock, path: str, on_change: Callable[[], None]) -> None:
        self._reactor = reactor
        self.path = os.path.abspath(path)
        self._on_change = on_change
        self._closed = False
        self._handles = Group()
        self._watched: list[tuple[tuple[str, str], Identity]] | None = None
        self._due: Any = None
        self._due_at = 0.0
        self._poll: Any = None
        self._arm()
        self._seen = self._signature()

    def close(self) -> None:
        """Tell of no more changes."""
        self._closed = True
        self._handles.close()
        for timer in (self._due, self._poll):
            if timer is not None and timer.active():
                timer.cancel()

    def _places(self) -> list[tuple[str, str]]:
        """The (directory, entry name) pairs to watch; an empty name stands for every entry."""
        raise NotImplementedError

    def _signature(self) -> Signature:
        """A value that differs when the contents may."""
        raise NotImplementedError

    def _arm(self) -> None:
        """Watch the directories that matter now, and poll if that is not possible for all."""
        # What appears while the watches are set is seen by looking again.
        for _ in range(_MOST_LOOKS):
            places = [(place, _identity(place[0])) for place in self._places()]
            if places == self._watched:
                return
            self._watched = places
            self._rewatch()

    def _rewatch(self) -> None:
        old, self._handles = self._handles, Group()
        complete = True
        for (directory, name), _ in self._watched or ():
            try:
                self._handles.add(self._watch_place(directory, name))
            except Unwatchable:
                complete = False
        # Closed only now, lest the last one takes the reactor's inotify instance with it.
        old.close()
        if not complete and self._poll is None:
            self._poll = self._reactor.callLater(POLL_INTERVAL, self._look)

    def _watch_place(self, directory: str, name: str) -> Closable:
        def on_event(entry: str, mask: int) -> None:
            if not name or not entry or entry == name:
                self._changed_within(SETTLE_INTERVAL if mask & IN_MODIFY else 0)

        # Of a directory on the way only one name matters, and only what that name stands for;
        # of the one that holds the contents, the contents too.
        mask = CONTENTS if not name or self._holds_contents(directory, name) else ENTRIES
        return Notifier.of(self._reactor).watch(directory, mask, on_event)

    def _holds_contents(self, directory: str, name: str) -> bool:
        path = os.path.join(directory, name)
        return not os.path.islink(path) and not os.path.isdir(path)

    def _changed_within(self, delay: float) -> None:
        """Tell of a change after `delay` seconds at the latest, once for all until then."""
        if self._closed:
            return
        at = self._reactor.seconds() + delay
        if self._due is not None:
            if self._due_at <= at:
                return
            self._due.cancel()
        self._due_at = at
        self._due = self._reactor.callLater(delay, self._tell)

    def _tell(self) -> None:
        self._due = None
        self._arm()
        self._seen = self._signature()
        self._on_change()

    def _look(self) -> None:
        """The poll: compare with what was there before."""
        self._poll = None
        signature = self._signature()
        changed = signature != self._seen
        self._watched = None
        self._arm()
        if changed:
            self._changed_within(0)


class FileWatch(_Watch):
    """Tells when the file at `path`, which need not exist, may have other contents."""

    def _places(self) -> list[tuple[str, str]]:
        return list(dict.fromkeys(_way(self.path)))

    def _signature(self) -> Signature:
        return _stamp(self.path)


class DirectoryWatch(_Watch):
    """Tells when an entry of the directory at `path`, or the directory itself, changes.

    Entries of subdirectories do not count, but the target of an entry that is a symbolic link does.
    The directory need not exist.
    """

    def _places(self) -> list[tuple[str, str]]:
        places = dict.fromkeys(_way(self.path))
        if os.path.isdir(self.path):
            places[os.path.realpath(self.path), ""] = None
            for name in _entries(self.path):
                entry = os.path.join(self.path, name)
                if os.path.islink(entry):
                    places.update(dict.fromkeys(_way(entry)))
        return list(places)

    def _signature(self) -> Signature:
        entries = [(name, _stamp(os.path.join(self.path, name))) for name in _entries(self.path)]
        return _identity(self.path), entries


def watch_file(reactor: Clock, path: str, on_change: Callable[[], None]) -> FileWatch:
    """Call `on_change` when the file may have changed, until the watch is closed.

    Changes that come together are told once, in a later turn of the reactor. `reactor` may be a
    bare clock: then the file is polled.
    """
    return FileWatch(reactor, path, on_change)


def watch_directory(reactor: Clock, path: str, on_change: Callable[[], None]) -> DirectoryWatch:
    """Call `on_change` when the directory or its entries may have changed, until it is closed.

    Otherwise as `watch_file`.
    """
    return DirectoryWatch(reactor, path, on_change)


def _way(path: str) -> Iterator[tuple[str, str]]:
    """Every (directory, name) that is looked up to find `path`, through symbolic links.

    The last is the file itself, or the first that does not exist.
    """
    directory = "/"
    left = path.strip("/").split("/")[::-1]
    links = 0
    while left:
        name = left.pop()
        if name in ("", "."):
            continue
        if name == "..":
            directory = os.path.dirname(directory)
            continue
        yield directory, name
        here = os.path.join(directory, name)
        try:
            target = os.readlink(here)
        except OSError:  # not a link, or not there
            if not os.path.isdir(here):
                return
            directory = here
            continue
        links += 1
        if links > _MOST_LINKS:
            return
        if target.startswith("/"):
            directory = "/"
        left.extend(target.split("/")[::-1])


def _entries(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []


def _identity(path: str) -> Identity:
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _stamp(path: str) -> tuple[int, ...] | None:
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_mode
