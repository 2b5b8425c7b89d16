"""Namer `io.l5d.fs`: a file for each service, an address on each line.

What is on the disk counts at any time: a file or directory that is written, replaced, removed or
made again is followed, and so are the hosts that a file names.

Source: discovery spec, section 2.1.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from linkerpy.config.fields import Directory as DirectoryName
from linkerpy.core.activity import Activity, Failed, Ok, State
from linkerpy.core.closable import Closable, Group, OnClose
from linkerpy.core.computed import Read, computed, computed_activity
from linkerpy.core.errors import BindingFailed
from linkerpy.core.var import Derived, Order, Var, distinct_var
from linkerpy.naming.addr import (
    ADDR_NEG,
    WEIGHT,
    Addr,
    AddrBound,
    Address,
    AddrFailed,
    AddrPending,
    bound,
)
from linkerpy.naming.address_file import Line, parse_lines
from linkerpy.naming.bound import Bound
from linkerpy.naming.inet import Inet, literal
from linkerpy.naming.namer import LookupTree, Namer
from linkerpy.naming.nametree import NEG, Leaf
from linkerpy.naming.path import Path
from linkerpy.naming.watch_state import WatchState
from linkerpy.net.files import watch_directory
from linkerpy.net.live_files import Directory, LiveFiles, RegularFile
from linkerpy.net.paced import paced
from linkerpy.router.families import NamerConfig

if TYPE_CHECKING:  # checking a file needs no network
    from linkerpy.router.env import Env

T = TypeVar("T")

MAX_SIZE: Final = 500 * 1024
"""Bytes of a file."""


class FsConfig(NamerConfig):
    """Names are paths of files below `rootDir`; what follows a file's name is left over."""

    KIND: ClassVar[str] = "io.l5d.fs"
    LOCAL: ClassVar[bool] = True

    root_dir: DirectoryName
    """The directory with the files; followed while it runs."""

    def build(self, env: "Env") -> Namer:
        """See `NamerConfig.build`."""
        files = LiveFiles(paced(partial(watch_directory, env.reactor), env.clock))
        return FsNamer(self.root_dir, self.full_prefix, files, env.inet)


@dataclass(frozen=True, slots=True)
class _Found:
    """The file that a path leads to, and how many elements of the path do."""

    file: str
    elements: int
    identity: Any
    """Of the directory that it is in."""


class FsNamer:
    """Binds paths to files below `root`; ids begin with `prefix`."""

    def __init__(self, root: str, prefix: Path, files: LiveFiles, inet: Inet) -> None:
        self._root = os.path.abspath(root)
        self._prefix = prefix
        self._files = files
        self._inet = inet
        self._states: dict[Path, WatchState[dict[str, str]]] = {}

    def lookup(self, path: Path) -> Activity[LookupTree]:
        """See `Namer.lookup`.

        A directory is no name; what is outside `root` only a symbolic link inside it can reach.
        """

        def looking(read: Read) -> State[LookupTree]:
            found = self._find(read, path)
            if found is None:
                return Ok(NEG)
            name = path.take(found.elements)
            rest = path.drop(found.elements)
            return Ok(Leaf(Bound(self._prefix + name, self._addr(name), rest)))

        return computed_activity(looking)

    def names(self) -> Activity[frozenset[Path]]:
        """The ids of all files."""

        def listing(read: Read) -> State[frozenset[Path]]:
            names: set[Path] = set()
            self._list(read, self._root, Path.EMPTY, names, ())
            return Ok(frozenset(names))

        return computed_activity(listing)

    def snapshot(self, directory: Path = Path.EMPTY) -> dict[str, Any]:
        """What the namer's state page shows: the files of a directory that are observed.

        Directories below it follow under their names.
        """
        below = {}
        for other in self._states:
            if len(other) > len(directory) and other.starts_with(directory):
                child = other.take(len(directory) + 1)
                below[os.fsdecode(child.elems[-1])] = self.snapshot(child)
        return {"events": {}, "state": self._state(directory).snapshot(), **below}

    def _state(self, directory: Path) -> WatchState[dict[str, str]]:
        return self._states.get(directory) or WatchState({})

    def _entry(self, read: Read, path: str, parent: Any) -> Any:
        """What is at `path` in the directory `parent`.

        Raises: OSError when that cannot be found out.
        """
        return _value(read(("entry", path, parent), partial(self._files.entry, path)))

    def _find(self, read: Read, path: Path) -> _Found | None:
        """The first file on the way along `path`."""
        where = self._root
        entry = self._entry(read, where, None)
        for count, element in enumerate(path.elems, start=1):
            if not isinstance(entry, Directory) or not _is_entry_name(element):
                return None
            where = os.path.join(where, os.fsdecode(element))
            identity = entry.identity
            entry = self._entry(read, where, identity)
            if isinstance(entry, RegularFile):
                return _Found(where, count, identity)
        return None

    def _list(
        self, read: Read, directory: str, name: Path, names: set[Path], above: tuple[Any, ...]
    ) -> None:
        """Add the ids of all files in and below `directory`, that `above` lead to, to `names`."""
        try:
            entry = self._entry(read, directory, above[-1] if above else None)
        except OSError:
            return  # what cannot be looked at cannot be bound
        if isinstance(entry, RegularFile):
            names.add(self._prefix + name)
        if not isinstance(entry, Directory) or entry.identity in above:
            return
        read(("list", directory, entry.identity), partial(self._files.changes, directory))
        for child in sorted(_listdir(directory)):
            path = os.path.join(directory, child)
            element = Path.of(os.fsencode(child))
            self._list(read, path, name + element, names, (*above, entry.identity))

    def _addr(self, name: Path) -> Var[Addr]:
        """The replicas in the file `name`, whatever becomes of it."""

        def observe(observer: Callable[[Addr], None], order: Order) -> Closable:
            reading = _Reading(name, self._find, self._files, self._inet, state)
            state.started()
            subscription = distinct_var(computed(reading.addr)).observe(observer, order)
            return Group(OnClose(state.stopped), subscription)

        state = self._states.setdefault(name.take(len(name) - 1), WatchState({}))
        return Derived(observe)


class _Reading:
    """One observation of the file `name`."""

    def __init__(
        self,
        name: Path,
        find: Callable[[Read, Path], _Found | None],
        files: LiveFiles,
        inet: Inet,
        state: WatchState[dict[str, str]],
    ) -> None:
        self._name = name
        self._find = find
        self._files = files
        self._inet = inet
        self._state = state
        self._content: bytes | None = None
        self._lines: list[tuple[Line, Addr | None]] | BindingFailed = []

    def addr(self, read: Read) -> Addr:
        """The replicas at present."""
        try:
            content = self._read(read)
        except OSError as error:
            self._note(f"error: {error}")
            return AddrFailed(error)
        if content is None:
            self._note(None)
            self._content = None
            return ADDR_NEG
        if content != self._content:
            self._content = content
            text = content.decode("utf-8-sig", "replace")
            self._note(text)
            self._lines = _parsed(text, self._name)
        if isinstance(self._lines, BindingFailed):
            return AddrFailed(self._lines)
        return _combine([(line, known or self._resolve(read, line)) for line, known in self._lines])

    def _read(self, read: Read) -> bytes | None:
        found = self._find(read, self._name)
        if found is None:
            return None
        make = partial(self._files.content, found.file, MAX_SIZE)
        return _value(read(("content", found.file, found.identity), make))

    def _resolve(self, read: Read, line: Line) -> Addr:
        make = partial(self._inet.addr, line.host, line.port)
        return read(("inet", line.host, line.port), make)

    def _note(self, text: str | None) -> None:
        """Keep for the state page what the file says; None when it is gone."""
        file = os.fsdecode(self._name.elems[-1])
        others = {key: value for key, value in self._state.value.items() if key != file}
        self._state.updated(others if text is None else {**others, file: text})


def _parsed(text: str, name: Path) -> list[tuple[Line, Addr | None]] | BindingFailed:
    """The lines with the addresses of those that need no resolver, or where the mistake is."""
    try:
        return [(line, _literal(line)) for line in parse_lines(text, name.show())]
    except BindingFailed as error:
        return error


def _literal(line: Line) -> Addr | None:
    ip = literal(line.host)
    return None if ip is None else bound(Address(ip, line.port))


def _combine(found: Iterable[tuple[Line, Addr]]) -> Addr:
    """All replicas that are known; if there are none, why."""
    addresses: set[Address] = set()
    others: list[Addr] = []
    for line, addr in found:
        if isinstance(addr, AddrBound):
            meta = () if line.weight is None else ((WEIGHT, line.weight),)
            addresses |= {Address(a.ip, a.port, meta) for a in addr.addresses}
        else:
            others.append(addr)
    if addresses or not others:
        return AddrBound(frozenset(addresses))
    waiting = [addr for addr in others if isinstance(addr, AddrPending)]
    failed = [addr for addr in others if isinstance(addr, AddrFailed)]
    return (waiting + failed + others)[0]


def _listdir(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:  # gone since it was looked at
        return []


def _is_entry_name(element: bytes) -> bool:
    """Whether `element` can only mean an entry of the directory it is looked for in."""
    return element not in {b".", b".."} and b"/" not in element and b"\0" not in element


def _value(state: State[T]) -> T:
    """What was read.

    Raises: OSError when it could not be.
    """
    if isinstance(state, Failed):
        raise state.error
    assert isinstance(state, Ok)
    return state.value
