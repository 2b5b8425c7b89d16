"""Spans as Zipkin's v2 JSON.

Keys of the tags are linkerd's. A request is a SERVER span; each sending is a CLIENT span below it.
What was sent again below one attempt had told each endpoint the same id: all but the last, which
came to nothing, are given ids of their own.

Source: Zipkin API v2, `ListOfSpans`; telemetry-admin spec, section 3.5.
"""

from collections.abc import Callable
from typing import Any, Final

from linkerpy.naming.addr import Address
from linkerpy.telemetry.span import ClientSpan, ServerSpan

Json = dict[str, Any]

MOST_TARGET: Final = 2000
"""Bytes of a request's target that are told."""


def zipkin_spans(span: ServerSpan, new_id: Callable[[], int]) -> list[Json]:
    """A request and its attempts; `new_id` makes ids of 64 bits."""
    ids = client_ids(span, new_id)
    return [
        _server(span),
        *(_client(attempt, id_, span) for attempt, id_ in zip(span.attempts, ids, strict=True)),
    ]


def client_ids(span: ServerSpan, new_id: Callable[[], int]) -> list[int]:
    """The ids of the client spans, no two the same."""
    taken, ids = {span.trace.span}, []
    for attempt in reversed(span.attempts):
        id_ = attempt.id if attempt.id not in taken else new_id() or 1
        taken.add(id_)
        ids.append(id_)
    return ids[::-1]


def _server(span: ServerSpan) -> Json:
    trace = span.trace
    told: Json = {
        "traceId": trace.number,
        "id": f"{trace.span:016x}",
        "kind": "SERVER",
        "name": f"{span.router} {span.dst.path.show()}" if span.dst is not None else span.router,
        "timestamp": round(span.at * 1_000_000),
        "duration": _microseconds(span.duration),
        "localEndpoint": {"serviceName": span.service or span.router},
        "tags": server_tags(span),
    }
    if trace.parent != trace.span:
        told["parentId"] = f"{trace.parent:016x}"
    peer = _peer(span.peer)
    if peer is not None:
        told["remoteEndpoint"] = peer
    return told


def _client(attempt: ClientSpan, id_: int, span: ServerSpan) -> Json:
    told: Json = {
        "traceId": span.trace.number,
        "id": f"{id_:016x}",
        "parentId": f"{span.trace.span:016x}",
        "kind": "CLIENT",
        "name": f"{text(span.method)} {span.service}".rstrip(),
        "timestamp": round(span.wall(attempt.began) * 1_000_000),
        "duration": _microseconds(attempt.ended - attempt.began),
        "localEndpoint": {"serviceName": span.service or span.router},
        "tags": client_tags(attempt),
    }
    if attempt.dispatched is not None:
        sent = round(span.wall(attempt.dispatched) * 1_000_000)
        told["annotations"] = [{"timestamp": sent, "value": "ws"}]
    if attempt.endpoint is not None:
        told["remoteEndpoint"] = _endpoint(attempt.endpoint) | {"serviceName": span.client}
    return told


def server_tags(span: ServerSpan) -> dict[str, str]:
    """What is known of a request beside its times."""
    tags = {
        "router.label": span.router,
        "http.method": text(span.method),
        "http.uri": text(span.uri),
        "http.host": text(span.host),
    }
    if span.dst is not None:
        tags["service"] = span.dst.path.show()
        if span.dst.local.dentries:
            tags["dtab.local"] = span.dst.local.show()
    if span.bound is not None:
        tags["client"] = span.bound.id.show()
        tags["residual"] = span.bound.residual.show()
    return tags | _outcome(span.status, span.error)


def client_tags(attempt: ClientSpan) -> dict[str, str]:
    """What is known of an attempt beside its times and its endpoint."""
    return _outcome(attempt.status, attempt.error)


def _outcome(status: int | None, error: str | None) -> dict[str, str]:
    tags = {} if status is None else {"http.status_code": str(status)}
    if error is not None:
        tags["error"] = error
    elif status is not None and status >= 500:
        tags["error"] = str(status)
    return tags


def text(data: bytes) -> str:
    """The caller's bytes as text, of bounded length."""
    return data[:MOST_TARGET].decode("utf-8", "replace")


def _microseconds(seconds: float) -> int:
    """At least 1: to Zipkin, 0 is unknown."""
    return max(round(seconds * 1_000_000), 1)


def _endpoint(address: Address) -> Json:
    return {"ipv6" if ":" in address.ip else "ipv4": address.ip, "port": address.port}


def _peer(peer: str) -> Json | None:
    """The caller, written `ip:port`; None for one that has no address, as by a Unix socket."""
    ip, _, port = peer.rpartition(":")
    if not ip or not port.isdecimal():
        return None
    return _endpoint(Address(ip.strip("[]"), int(port)))
