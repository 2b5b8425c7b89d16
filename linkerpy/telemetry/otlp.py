"""Spans in OTLP's JSON form.

Attributes have OpenTelemetry's names where it has one, and linkerd's behind `l5d.` for the rest.
Ids are hexadecimal and 64-bit numbers are text, as OTLP's JSON mapping wants them.

Source: OTLP 1.x, "JSON Protobuf Encoding"; OpenTelemetry semantic conventions for HTTP spans.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from linkerpy.telemetry.span import ClientSpan, ServerSpan
from linkerpy.telemetry.zipkin import client_ids, text

Json = dict[str, Any]

SERVER: Final = 2
CLIENT: Final = 3
_ERROR: Final = 2
"""Values of the enumerations `SpanKind` and `StatusCode`."""

_SAMPLED: Final = 1


def resource_spans(resource: Json, scope: Json, spans: list[Json]) -> Json:
    """An `ExportTraceServiceRequest`."""
    return {
        "resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": spans}]}]
    }


def resource(name: str, version: str, instance: str) -> Json:
    """Who reports: the service's name, its version, and which instance of it."""
    named = {
        "service.name": name,
        "service.version": version,
        "service.instance.id": instance,
    }
    return {"attributes": attributes(named.items())}


def attributes(pairs: Iterable[tuple[str, str | int]]) -> list[Json]:
    """Attributes of text and whole numbers."""
    return [
        {
            "key": key,
            "value": {"stringValue": value} if isinstance(value, str) else {"intValue": str(value)},
        }
        for key, value in pairs
    ]


def otlp_spans(span: ServerSpan, new_id: Callable[[], int]) -> list[Json]:
    """A request and its attempts; `new_id` makes ids of 64 bits."""
    ids = client_ids(span, new_id)
    return [
        _server(span),
        *(_client(attempt, id_, span) for attempt, id_ in zip(span.attempts, ids, strict=True)),
    ]


def _span(span: ServerSpan, id_: int, kind: int, name: str, moments: tuple[float, float]) -> Json:
    trace = span.trace
    began, ended = (nanoseconds(span.wall(moment)) for moment in moments)
    return {
        "traceId": f"{trace.high:016x}{trace.trace:016x}",
        "spanId": f"{id_:016x}",
        "flags": _SAMPLED,
        "kind": kind,
        "name": name,
        "startTimeUnixNano": began,
        "endTimeUnixNano": ended,
    }


def _server(span: ServerSpan) -> Json:
    trace = span.trace
    name = f"{text(span.method)} {span.service}".rstrip()
    told = _span(span, trace.span, SERVER, name, (span.began, span.ended))
    if trace.parent != trace.span:
        told["parentSpanId"] = f"{trace.parent:016x}"
    told["attributes"] = attributes((_known(span) | _outcome(span.status, span.error)).items())
    moments = {"identified": span.identified, "bound": span.bound_at, "first_byte": span.first_byte}
    told["events"] = [
        {"name": event, "timeUnixNano": nanoseconds(span.wall(moment))}
        for event, moment in moments.items()
        if moment is not None
    ]
    return told | _status(span.status, span.error)


def _client(attempt: ClientSpan, id_: int, span: ServerSpan) -> Json:
    name = f"{text(span.method)} {span.service}".rstrip()
    told = _span(span, id_, CLIENT, name, (attempt.began, attempt.ended))
    told["parentSpanId"] = f"{span.trace.span:016x}"
    known: dict[str, str | int] = {"http.request.method": text(span.method)}
    if attempt.endpoint is not None:
        known |= {"server.address": attempt.endpoint.ip, "server.port": attempt.endpoint.port}
    if span.bound is not None:
        known["l5d.client"] = span.bound.id.show()
    told["attributes"] = attributes((known | _outcome(attempt.status, attempt.error)).items())
    if attempt.dispatched is not None:
        at = nanoseconds(span.wall(attempt.dispatched))
        told["events"] = [{"name": "dispatched", "timeUnixNano": at}]
    return told | _status(attempt.status, attempt.error)


def _known(span: ServerSpan) -> dict[str, str | int]:
    path, _, query = text(span.uri).partition("?")
    known: dict[str, str | int] = {
        "http.request.method": text(span.method),
        "url.path": path,
        "server.address": text(span.host),
        "client.address": span.peer.rpartition(":")[0].strip("[]"),
        "l5d.router": span.router,
    }
    if query:
        known["url.query"] = query
    if span.dst is not None:
        known["l5d.service"] = span.dst.path.show()
    if span.bound is not None:
        known["l5d.client"] = span.bound.id.show()
        known["l5d.residual"] = span.bound.residual.show()
    return known


def _outcome(status: int | None, error: str | None) -> dict[str, str | int]:
    told: dict[str, str | int] = {} if status is None else {"http.response.status_code": status}
    if error is not None:
        told["error.type"] = error.partition(":")[0]
    elif status is not None and status >= 500:
        told["error.type"] = str(status)
    return told


def _status(status: int | None, error: str | None) -> Json:
    if error is not None:
        return {"status": {"code": _ERROR, "message": error}}
    return {"status": {"code": _ERROR}} if status is not None and status >= 500 else {}


def nanoseconds(wall: float) -> str:
    """A moment of the epoch as OTLP spells it."""
    return str(round(wall * 1_000_000) * 1000)


def of_labels(labels: Iterable[tuple[str, str]] | Mapping[str, str]) -> list[Json]:
    """Attributes of a metric."""
    return attributes(labels.items() if isinstance(labels, Mapping) else labels)
