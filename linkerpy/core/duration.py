"""Durations as linkerd writes them in messages and takes them in parameters: `10.seconds`.

Source: naming spec, section 2.7; telemetry-admin spec, section 4.4 (`grace`).
"""

import re

_MILLIS = {"days": 86_400_000, "hours": 3_600_000, "minutes": 60_000, "seconds": 1000}
_MILLIS["milliseconds"] = 1
_PART = re.compile(r"(-?\d+)\.(nanosecond|microsecond|millisecond|second|minute|hour|day)s?")
_SECONDS = {
    "nanosecond": 1e-9,
    "microsecond": 1e-6,
    "millisecond": 1e-3,
    "second": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
    "day": 86400.0,
}


def show_duration(seconds: float) -> str:
    """Plural units joined by `+`, largest first: 1.5 gives `1.seconds+500.milliseconds`."""
    rest = round(seconds * 1000)
    parts = []
    for unit, millis in _MILLIS.items():
        count, rest = divmod(rest, millis)
        if count:
            parts.append(f"{count}.{unit}")
    return "+".join(parts) or "0.seconds"


def parse_duration(text: str) -> float:
    """Seconds in a sum of `<n>.<unit>`, units singular or plural.

    Raises:
        ValueError: `text` is not a duration.
    """
    total = 0.0
    for part in text.split("+"):
        match = _PART.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"{text} is not a valid duration")
        total += int(match[1]) * _SECONDS[match[2]]
    return total
