"""Log files that roll: when one is full or its time is over, it is renamed and a new one begun.

Access logs write here, a batch of lines at a time. What goes wrong when a file is opened raises; a
write that fails later costs its lines and a warning, never a request.

Several processes may write to one file: each batch of lines is appended in one piece, and of those
who find that it is time, one renames it.

Source: config spec, section 10.2.
"""

import fcntl
import os
import re
import stat
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import FileIO

from linkerpy.net.log import logger

_log = logger("linkerpy.accesslog")

_SIZE = re.compile(r"([0-9]+)\.([bkmgtpe]).*")
_WEEKLY = re.compile(r"weekly\(([1-7])\)")
_STAMPS = {"hourly": "%Y%m%d-%H", "daily": "%Y%m%d", "weekly": "%Y%m%d", "size": "%Y%m%d-%H%M%S"}
_ROLLED = r"-\d{8}(-\d{2}|-\d{6})?(\.\d+)?"
_DAY = 86400


class RollRule:
    """A roll policy that was checked when the configuration was read.

    `size` is the most bytes of a file, None for any number. Times are local.
    """

    def __init__(self, policy: str) -> None:
        name = self.policy = policy.lower()
        weekly, sized = _WEEKLY.fullmatch(name), _SIZE.fullmatch(name)
        self.reopens = name == "sighup"
        self.size = int(sized[1]) << 10 * "bkmgtpe".index(sized[2]) if sized else None
        self._weekday = int(weekly[1]) if weekly else 0
        self._kind = "weekly" if weekly else "size" if sized else name

    def period(self, moment: float) -> str | int | None:
        """What a file is for that is written at `moment`: it rolls when this changes."""
        local = time.localtime(moment)
        if self._kind == "weekly":
            day = int(moment + local.tm_gmtoff) // _DAY  # 0 was a Thursday, the fifth day
            return (day + 5 - self._weekday) // 7
        if self._kind in ("hourly", "daily"):
            return time.strftime(_STAMPS[self._kind], local)
        return None

    def suffix(self, opened: float) -> str:
        """What is put into the name of a file that was begun at `opened`."""
        return time.strftime(_STAMPS[self._kind], time.localtime(opened))


class RollingLog:
    """A log file.

    `keep` is how many rolled files stay, a negative number for all of them. Directories on the way
    are made. A file that is no regular one, such as `/dev/stdout`, never rolls.

    Raises: OSError if the file cannot be written.
    """

    def __init__(
        self,
        path: str,
        rule: RollRule,
        *,
        append: bool = True,
        keep: int = -1,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.path = os.path.abspath(path)
        self.rule = rule
        self.append = append
        self.keep = keep
        self._wall = wall
        self._file: FileIO | None = None
        self._closed = self._failing = False
        self._torn = False
        """Whether the last line is not whole: the disk was full."""
        self.users = 0
        """How many write to it; see `release`."""
        with suppress(FileExistsError):  # of a file there, opening says what is wrong
            os.makedirs(os.path.dirname(self.path))
        self._open("ab" if append else "wb")

    @property
    def settings(self) -> tuple[str, bool, int]:
        """The policy, whether a file there is added to, and how many rolled ones stay."""
        return self.rule.policy, self.append, self.keep

    def __repr__(self) -> str:
        return f"<RollingLog {self.path} {self._size} bytes>"

    def _open(self, mode: str) -> None:
        self._file = FileIO(self.path, mode)
        self._torn = False
        found = os.fstat(self._file.fileno())
        self._rolls = stat.S_ISREG(found.st_mode)
        self._size = found.st_size if self._rolls else 0
        # What a former process wrote may belong to a period that is over.
        self._opened = found.st_mtime if self._size else self._wall()
        self._period = self.rule.period(self._opened)

    def write(self, lines: Sequence[bytes]) -> None:
        """Append lines, each with its line end, and roll before or between them if it is time.

        Does nothing once closed.
        """
        if self._closed:
            return
        try:
            if self._file is None:
                self._open("ab")
            elif self._rolls and self.rule.period(self._wall()) != self._period:
                self._roll()
            self._append(lines)
            self._failing = False
        except OSError as error:
            self._complain("write", error)

    def _append(self, lines: Sequence[bytes]) -> None:
        limit = self.rule.size if self._rolls else None
        if limit is None:
            self._put(b"".join(lines))
            return
        self._size = os.fstat(self._opened_file.fileno()).st_size
        batch: list[bytes] = []
        size = self._size
        for line in lines:
            if size and size + len(line) > limit:
                self._put(b"".join(batch))
                batch.clear()
                self._roll()
                size = self._size
            batch.append(line)
            size += len(line)
        self._put(b"".join(batch))

    def _put(self, data: bytes) -> None:
        assert self._file is not None
        view = memoryview(b"\n" + data if self._torn else data)
        while view:
            written = self._file.write(view)
            if written is None:
                raise BlockingIOError("nobody takes what is written")
            self._size += written
            self._torn = view[written - 1] != ord(b"\n")
            view = view[written:]

    def _roll(self) -> None:
        """Rename the file and begin a new one; if it cannot be renamed, it goes on."""
        failed = False
        with self._opened_file as file:
            self._file = None
            fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
            moved = self._moved(file)
            try:
                if self._size and not moved:
                    os.rename(self.path, self._free_name())
                if not moved:
                    self._remove_old()
            except OSError as error:
                failed = True
                self._complain("roll", error)
        self._open("ab")
        if failed:  # try again when as much has been written
            self._size = 0
        self._opened = self._wall()
        self._period = self.rule.period(self._opened)

    def _moved(self, file: FileIO) -> bool:
        """Whether another process has renamed the file that we have open."""
        try:
            return not os.path.samestat(os.fstat(file.fileno()), os.stat(self.path))
        except FileNotFoundError:
            return True

    @property
    def _opened_file(self) -> FileIO:
        assert self._file is not None
        return self._file

    def _free_name(self) -> str:
        stem, extension = os.path.splitext(self.path)
        base = f"{stem}-{self.rule.suffix(self._opened)}"
        name, number = base + extension, 0
        while os.path.lexists(name):  # rolled twice within what the suffix tells apart
            number += 1
            name = f"{base}.{number}{extension}"
        return name

    def _remove_old(self) -> None:
        if self.keep < 0:
            return
        directory, name = os.path.split(self.path)
        stem, extension = os.path.splitext(name)
        ours = re.compile(re.escape(stem) + _ROLLED + re.escape(extension))
        rolled = [entry for entry in os.scandir(directory) if ours.fullmatch(entry.name)]
        rolled.sort(key=lambda entry: (entry.stat().st_mtime_ns, entry.name))
        for entry in rolled[: max(len(rolled) - self.keep, 0)]:
            os.remove(entry.path)

    def _complain(self, what: str, error: OSError) -> None:
        if not self._failing:
            text = "cannot {what} {path}: {error}"
            _log.warn(text, what=what, path=self.path, error=error.strerror or error)
        self._failing = True

    def reopen(self) -> None:
        """Open the path anew: whoever rolls it from outside has moved the file away."""
        if self._file is not None and self._rolls:
            self._file.close()
            self._file = None
            self.write(())

    def release(self) -> None:
        """One writes to it no more: the last closes it."""
        self.users -= 1
        if self.users == 0:
            self.close()

    def close(self) -> None:
        """Write no more."""
        self._closed = True
        if self._file is not None:
            self._file.close()
            self._file = None


class LogFiles:
    """The log files of a configuration: of each path one, whoever writes to it.

    After a reload they are those of the configuration `before` wherever their settings have stayed.
    With `shared`, other processes have begun the files, and write to them: none is emptied.
    """

    def __init__(self, before: "LogFiles | None" = None, *, shared: bool = False) -> None:
        self.shared: bool = shared or (before is not None and before.shared)
        self._files: dict[str, RollingLog] = {}
        self._before: dict[str, RollingLog] = {} if before is None else before._files

    def open(self, path: str, policy: str, *, append: bool, keep: int) -> RollingLog:
        """The log file at `path`, for one who gives it back by `release`.

        Raises: ValueError if it cannot be written, or is in use with other settings.
        """
        wanted = (policy.lower(), append, keep)
        place = os.path.abspath(path)
        known = self._files.get(place)
        if known is not None and wanted != known.settings:
            raise ValueError(f"{path} is in use already, with other settings")
        if known is None:
            known = self._before.get(place)
            if known is None or known.users == 0:
                known = self._opened(path, policy, append=append, keep=keep)
            elif wanted != known.settings:  # until those who write to it with the old ones end
                known = self._opened(path, policy, append=append, keep=keep, empty=False)
            self._files[place] = known
        known.users += 1
        return known

    def _opened(
        self, path: str, policy: str, *, append: bool, keep: int, empty: bool = True
    ) -> RollingLog:
        adds = append or self.shared or not empty
        try:
            file = RollingLog(path, RollRule(policy), append=adds, keep=keep)
        except OSError as error:
            raise ValueError(f"cannot write {path}: {error.strerror or error}") from error
        file.append = append
        return file

    def keep(self, path: str) -> None:
        """Go on with a file of the configuration before: who writes to it stays."""
        place = os.path.abspath(path)
        self._files[place] = self._before[place]

    def settle(self) -> None:
        """Forget the configuration before: this one is in use."""
        self._before = {}

    @property
    def reopened_on_hangup(self) -> bool:
        """Whether any of the files wants to hear of SIGHUP."""
        return any(file.rule.reopens for file in self._files.values())

    def reopen(self) -> None:
        """SIGHUP has come: open those files anew whose policy says so."""
        for file in self._files.values():
            if file.rule.reopens:
                file.reopen()

    def close(self) -> None:
        """Close them all."""
        for file in self._files.values():
            file.close()
