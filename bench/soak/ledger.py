"""What became of every request, and whether what went wrong had to.

A request may fail that was under way when a worker or its backend was killed, or that came before
the replacement was there. Anything else that goes wrong is amiss.
"""

import threading
import time
from collections import Counter

_AFTER = 2.0
"""Seconds after a process was killed in which something may still come of it."""

_KEPT = 20
"""Unexplained errors whose text is kept."""


class Ledger:
    """Counts answers and errors by kind of traffic; used by many threads."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self._lock = threading.Lock()
        self._killed: list[tuple[float, float]] = []
        self._failures: list[tuple[str, float, float, str]] = []
        self.answers: Counter[str] = Counter()
        self.explained: Counter[str] = Counter()
        self.unexplained: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.texts: list[str] = []

    def answered(self, kind: str) -> None:
        """A request got what it asked for."""
        with self._lock:
            self.answers[kind] += 1

    def did(self, fault: str) -> None:
        """Something was done to the router or around it."""
        with self._lock:
            self.faults[fault] += 1

    def killed(self, began: float) -> None:
        """A process was killed at `began`, and its replacement is there now."""
        with self._lock:
            self._killed.append((began, time.monotonic() + _AFTER))

    def failed(self, kind: str, began: float, error: Exception) -> None:
        """A request that began at a moment has failed; it is judged at the end."""
        ended = time.monotonic()
        with self._lock:
            self._failures.append((kind, began, ended, f"{type(error).__name__}: {error}"))

    def judge(self) -> None:
        """Tell the explained failures from the others. Called once, after all traffic."""
        for kind, began, ended, text in self._failures:
            if any(start < ended and began < end for start, end in self._killed):
                self.explained[kind] += 1
            else:
                self.unexplained[kind] += 1
                if len(self.texts) < _KEPT:
                    self.texts.append(f"{kind}: {text}")
