"""IdleCache: built things kept by key, closed when they have been idle for long.

A router keeps four of them, one for each layer of naming. An entry is idle while nothing holds it;
holding and letting go are two integer operations, because every request does them at every layer.

Source: naming spec, section 5.1.
"""

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from linkerpy.core.clock import Clock
from linkerpy.telemetry.metrics import Metrics

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Entry(Generic[V]):
    """A built value and how many hold it.

    `idle_since` is when it was last taken or let go of; holders on the hot path note it when they
    take it. `open` turns false once the cache has let go of the entry: whoever remembers it must
    look its key up again. The value itself is closed when the last holder has let go.
    """

    __slots__ = ("_cache", "busy", "idle_since", "key", "open", "value")

    def __init__(self, cache: "IdleCache[Any, V]", key: Any, value: V) -> None:
        self._cache = cache
        self.key = key
        self.value = value
        self.busy = 0
        self.idle_since = cache.clock.seconds()
        self.open = True

    def __repr__(self) -> str:
        state = f"busy {self.busy}" if self.busy else "idle"
        return f"<Entry {self.key!r} {state}{'' if self.open else ', evicted'}>"

    def release(self, _outcome: object = None) -> None:
        """Let go, once for every `busy += 1`. The way a response ended makes no difference."""
        self.busy -= 1
        if self.busy == 0:
            if self.open:
                self.idle_since = self._cache.clock.seconds()
            else:
                self.discard()

    def discard(self) -> None:
        """End the value; for the last holder of an entry that the cache no longer keeps."""
        self._cache.end(self)


class IdleCache(Generic[K, V]):
    """At most `size` entries, each built by `build(key)` and ended by `close(value)`.

    A full cache makes room by closing the entry that has been idle longest. If none is idle it
    builds a one-shot: an entry it does not keep, closed by its last holder.
    """

    def __init__(
        self,
        size: int,
        idle_ttl: float,
        clock: Clock,
        build: Callable[[K], V],
        close: Callable[[V], None],
        metrics: Metrics,
    ) -> None:
        self.clock = clock
        self._size = size
        self._idle_ttl = idle_ttl
        self._build = build
        self._close = close
        self._entries: dict[K, Entry[V]] = {}
        self._misses = metrics.counter("misses")
        self._evicts = metrics.counter("evicts")
        self._expires = metrics.counter("expires")
        self._oneshots = metrics.counter("oneshots")

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Any:
        return iter(list(self._entries.values()))

    def get(self, key: K) -> Entry[V]:
        """The entry for `key`, built if need be. The caller does `entry.busy += 1` at once."""
        entry = self._entries.get(key)
        if entry is not None:
            return entry
        self._misses.value += 1
        kept = len(self._entries) < self._size or self._make_room()
        entry = Entry(self, key, self._build(key))
        if kept:
            self._entries[key] = entry
        else:
            self._oneshots.value += 1
            entry.open = False
        return entry

    def peek(self, key: K) -> Entry[V] | None:
        """The entry for `key` if there is one."""
        return self._entries.get(key)

    def _make_room(self) -> bool:
        idle = [entry for entry in self._entries.values() if entry.busy == 0]
        if not idle:
            return False
        self._evicts.value += 1
        self._drop(min(idle, key=lambda entry: entry.idle_since))
        return True

    def sweep(self) -> None:
        """Close what has been idle for longer than the TTL, but never the last entry."""
        cutoff = self.clock.seconds() - self._idle_ttl
        old = [e for e in self._entries.values() if e.busy == 0 and e.idle_since < cutoff]
        if len(old) == len(self._entries) and old:
            old.remove(max(old, key=lambda entry: entry.idle_since))
        for entry in old:
            self._expires.value += 1
            self._drop(entry)

    def _drop(self, entry: Entry[V]) -> None:
        del self._entries[entry.key]
        entry.open = False
        self._close(entry.value)

    def end(self, entry: Entry[V]) -> None:
        """Close the value of an entry that is no longer kept and that nobody holds."""
        self._close(entry.value)

    def close(self) -> None:
        """Let go of everything: idle entries are closed now, held ones by their last holder.

        What is asked for later, by who has begun before, is a one-shot.
        """
        self._size = 0
        for entry in list(self._entries.values()):
            if entry.busy == 0:
                self._drop(entry)
            else:
                del self._entries[entry.key]
                entry.open = False
