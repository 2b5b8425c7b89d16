"""What the configuration says for one name: each key's value, and where it comes from.

Keys keep the names and units of the file, so that what is read here can be written there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from linkerpy.app.explain.question import Door
from linkerpy.config.connection import UNLIMITED, RetryBudget
from linkerpy.config.model import Choice, Model, key_name
from linkerpy.config.source import Loc, Source, Spot
from linkerpy.naming.path import Path
from linkerpy.plugins.accruals.consecutive_failures import ConsecutiveFailuresConfig
from linkerpy.plugins.balancers.p2c import P2cConfig
from linkerpy.plugins.classifiers.http import NonRetryable5XXConfig
from linkerpy.router.config import Retries
from linkerpy.router.families import AccrualConfig

_NOT_A_POLICY: Final = {"experimental", "ip", "kind", "label", "port", "prefix", "announce"}

_ALWAYS: Final = {
    "server": ("tls", "timeout_ms", "max_concurrent_requests", "max_concurrency"),
    "service": ("total_timeout_ms", "retries", "response_classifier"),
    "client": (
        "load_balancer",
        "failure_accrual",
        "fail_fast",
        "request_attempt_timeout_ms",
        "connect_timeout_ms",
        "requeue_budget",
        "host_connection_pool",
        "tls",
    ),
}
"""What is told even where the file leaves it out; other keys only where it sets them."""

_MEANS_NOTHING: Final = {
    "tcp": {"timeout_ms", "request_attempt_timeout_ms", "requeue_budget", "host_connection_pool"}
}
"""Of these, what a protocol refuses."""

_IF_NONE: Final[Mapping[str, Model]] = {
    "load_balancer": P2cConfig(kind=P2cConfig.KIND),
    "failure_accrual": ConsecutiveFailuresConfig(kind=ConsecutiveFailuresConfig.KIND, failures=5),
    "requeue_budget": RetryBudget(),
    "retries": Retries(),
    "response_classifier": NonRetryable5XXConfig(kind=NonRetryable5XXConfig.KIND),
}
"""What stands for None. Source: config spec, sections 8 and 9."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One key: its value as text and as JSON, and where the file sets it (None: a default)."""

    key: str
    text: str
    value: Any = field(compare=False)
    spot: Spot | None


def server_policies(door: Door, source: Source) -> tuple[Policy, ...]:
    """What the server does with every request."""
    keys = door.server
    return tuple(
        _policy(keys, attribute, source.keys.get((*door.server_loc, key_name(attribute))))
        for attribute in _told("server", keys, keys.model_fields_set, door)
    )


def service_policies(door: Door, name: Path, source: Source) -> tuple[Policy, ...]:
    """What happens to requests for a logical name; nothing where the protocol has no services."""
    return _of_part("service", door, name, source)


def client_policies(door: Door, bound_id: Path, source: Source) -> tuple[Policy, ...]:
    """What happens to attempts to reach a bound name."""
    return _of_part("client", door, bound_id, source)


def _of_part(part: str, door: Door, name: Path, source: Source) -> tuple[Policy, ...]:
    config = getattr(door.router, part, None)
    if config is None:
        return ()
    keys, loc = config.for_name(name), (*door.router_loc, part)
    origins = _origins(config, name, loc)
    return tuple(
        _policy(
            keys, attribute, source.keys.get(origins[attribute]) if attribute in origins else None
        )
        for attribute in _told(part, keys, set(origins), door)
    )


def _origins(config: Any, name: Path, loc: Loc) -> dict[str, Loc]:
    """Where each attribute that is set for `name` is set: in the last entry to do so."""
    entries = getattr(config, "configs", None)
    if entries is None:
        return {attribute: (*loc, key_name(attribute)) for attribute in config.model_fields_set}
    found: dict[str, Loc] = {}
    for index, entry in enumerate(entries):
        if entry.prefix.match(name) is not None:
            here = (*loc, "configs", index)
            found |= {name: (*here, key_name(name)) for name in entry.model_fields_set}
    return found


def _told(part: str, keys: Model, given: set[str], door: Door) -> Iterator[str]:
    silent = _NOT_A_POLICY | (_MEANS_NOTHING.get(door.router.protocol, set()) - given)
    always = _ALWAYS[part]
    yield from (a for a in always if a in type(keys).model_fields and a not in silent)
    yield from (a for a in type(keys).model_fields if a in given - silent - set(always))


def _policy(keys: Model, attribute: str, spot: Spot | None) -> Policy:
    value = getattr(keys, attribute)
    if value is None:
        value = _IF_NONE.get(attribute)
    key = key_name(attribute)
    return Policy(key, shown(key, value), _json(value), spot)


def _json(value: Any) -> Any:
    match value:
        case Model():
            return value.model_dump(mode="json", by_alias=True)
        case tuple():
            return [_json(item) for item in value]
        case None | bool() | int() | float() | str():
            return value
    return str(value)


_UNITS: Final = {"Ms": "ms", "Secs": "s", "KB": "KB", "Bytes": "bytes"}


def shown(key: str, value: Any) -> str:
    """The value of a key as people read it."""
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case int() if value == UNLIMITED:
            return "unlimited"
        case int() | float():
            unit = next((unit for end, unit in _UNITS.items() if key.endswith(end)), "")
            return f"{value} {unit}".rstrip()
        case Model():
            return _object(value)
        case tuple():
            return ", ".join(shown(key, item) for item in value) or "none"
    return str(value)


def _object(model: Model) -> str:
    kind = getattr(model, "kind", "") if isinstance(model, Choice) else ""
    parts = []
    for attribute in type(model).model_fields:
        value = getattr(model, attribute)
        if attribute in _NOT_A_POLICY or value in (None, ()):
            continue
        key = key_name(attribute)
        text = shown(key, value)
        parts.append(f"{key} ({text})" if isinstance(value, Model) else f"{key} {text}")
    if isinstance(model, AccrualConfig) and model.backoff is None and model.kind != "none":
        parts.append("backoff from 5 s to 5 min")
    if isinstance(model, Retries) and model.backoff is None:
        parts.append("no backoff")
    return f"{kind}{': ' if kind and parts else ''}{', '.join(parts)}"
