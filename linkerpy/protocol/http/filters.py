"""The filters of the HTTP stacks, one function each. `stacks.py` says in which order.

Source: dataplane spec, sections 2.1 to 2.8.
"""

import re
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote_plus

from twisted.logger import LogLevel
from twisted.python.failure import Failure

from linkerpy.codec.body import Body
from linkerpy.codec.http import HTTP_10, HTTP_11, Message, Request, Response, header_line
from linkerpy.core.clock import Clock
from linkerpy.core.errors import BadRequest, MethodRefused, Overloaded, RouterError
from linkerpy.core.service import Filter, Service
from linkerpy.naming.bound import Bound
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.parser import NameSyntaxError
from linkerpy.net.complaints import Complaints
from linkerpy.net.log import logger
from linkerpy.policy.verdict import SUCCESS
from linkerpy.protocol.http.identify import Identifier, unknown_destination
from linkerpy.protocol.http.timeouts import take_deadline, tell_deadline
from linkerpy.protocol.http.upgrade import wanted
from linkerpy.router.dst import Dst
from linkerpy.telemetry.span import error_text

_log = logger("ErrorResponseFilter")  # what linkerd calls it

HttpFilter = Filter[Response]
Coming = Coroutine[Any, Any, Response]
"""What a filter returns that only looks at requests: it costs a call instead of a coroutine."""

HttpService = Service[Request, Response]

_NO_TUNNEL = (
    "CONNECT is not supported: this is no forward proxy. Send the request itself, with `Host`; "
    "for WebSocket use `Upgrade`; for other protocols configure a `tcp` router."
)

REASONS = {
    400: b"Bad Request",
    405: b"Method Not Allowed",
    408: b"Request Timeout",
    413: b"Content Too Large",
    414: b"URI Too Long",
    431: b"Request Header Fields Too Large",
    500: b"Internal Server Error",
    501: b"Not Implemented",
    502: b"Bad Gateway",
    503: b"Service Unavailable",
    505: b"HTTP Version Not Supported",
}


# -- server stack ---------------------------------------------------------------------------------


def respond_to_errors(
    max_header: int, max_body: int, clock: Clock
) -> Callable[[BaseException], Response]:
    """Makes the response for an error. Nobody below chooses a status. Limits are in bytes.

    It is told in the log, too, at most every few seconds for each kind of error and its cause.
    """
    complain = Complaints(_log, clock).complain

    def respond(error: BaseException) -> Response:
        if isinstance(error, RouterError):
            # The caller's own mistakes are for whoever looks for them.
            level = LogLevel.debug if isinstance(error, BadRequest) else LogLevel.error
            cause = type(error), getattr(error, "cause", "")
            complain(cause, level, "service failure: {error}", error=error_text(error))
            return error_response(error, max_header, max_body)
        text = "a defect while serving a request"
        complain(type(error), LogLevel.critical, text, log_failure=Failure(error))
        known = RouterError(f"Internal error: {type(error).__name__}: {error}")
        known.status = 500
        return error_response(known, max_header, max_body)

    return respond


def error_response(error: RouterError, max_header: int = 8192, max_body: int = 5 << 20) -> Response:
    """The reply that tells the caller what went wrong."""
    if isinstance(error, Overloaded):
        return Response(error.status, list(_NACK), Body(_NACK_TEXT), REASONS[error.status])
    text = str(error)
    encoded = quote_plus(text.encode("latin-1", "replace"))[:max_header]
    body = text.encode("utf-8")[:max_body]
    headers = [
        (b"l5d-err", encoded.encode("ascii")),
        (b"Content-Type", b"text/plain"),
        (b"Content-Length", str(len(body)).encode("ascii")),
    ]
    if error.retryable:
        headers.append((b"l5d-retryable", b"true"))
    return Response(error.status, headers, Body(body), REASONS.get(error.status, b""))


_NACK = ((b"finagle-http-nack", b"true"), (b"Retry-After", b"0"))
_NACK_TEXT = b"Request was not processed by the server due to an error and is safe to retry"
# What linkerd and Finagle clients know as a refusal. Source: dataplane spec, section 2.8


def read_context_headers(service: HttpService, request: Request) -> Coming:
    """Take the deadline and the dtabs out of the headers into the request's context.

    Every value of a repeated header is parsed on its own; `l5d-ctx-dtab` comes before `l5d-dtab`.
    """
    names = request.names
    if b"l5d-ctx-deadline" in names:
        take_deadline(request)
    if b"l5d-dtab" in names or b"l5d-ctx-dtab" in names:
        local = Dtab.EMPTY
        for name in (b"l5d-ctx-dtab", b"l5d-dtab"):
            for value in request.get_all(name):
                try:
                    local += Dtab.parse(value.decode("latin-1"))
                except NameSyntaxError as error:
                    raise BadRequest(str(error)) from error
            request.remove(name)
        request.ctx.local = local
    return service(request)


_ABSOLUTE = re.compile(rb"[^/?#]*://([^/?#]*)(.*)", re.DOTALL)
"""Source: RFC 3986, 3.2."""


def origin_form(service: HttpService, request: Request) -> Coming:
    """Rewrite an absolute-form target: its authority becomes `Host`, the rest the target.

    It must come before identification, so that `GET http://web/ …` names `web`. A missing `Host`
    is added, empty, as identifiers take a missing one.
    """
    found = request.uri[:1] != b"/" and _ABSOLUTE.fullmatch(request.uri)
    if found:
        authority, rest = found.groups()
        request.set(b"Host", authority.rpartition(b"@")[2])
        request.uri = rest if rest[:1] == b"/" else b"/" + rest
    elif request.version == HTTP_11 and b"host" not in request.names:
        request.add(b"Host: \r\n")  # required, even if only another header names us
    return service(request)


def route(identify: Identifier, dispatch: HttpService) -> HttpService:
    """Name the request and pass it to the router; CONNECT, which asks for a tunnel, is refused."""

    def routed(request: Request) -> Coming:
        ctx = request.ctx
        found = identify(request)
        if isinstance(found, str):
            raise unknown_destination(request, found)
        if request.method == b"CONNECT":
            raise MethodRefused(_NO_TUNNEL)
        ctx.dst = Dst(found, ctx.local)
        return dispatch(request)

    return routed


# -- path stack -----------------------------------------------------------------------------------


def proxy_headers(dst: Dst) -> HttpFilter:
    """What a proxy owes to both sides: the service's name, `Via`, and no hop-by-hop headers."""
    service_name = dst.path.show().encode("ascii")
    named = header_line(b"l5d-dst-service", service_name)
    added = {version: named + via for version, via in _VIA.items()}

    async def proxied(service: HttpService, request: Request) -> Response:
        names = request.names
        if b"upgrade" in names:
            request.ctx.upgrade = wanted(request)
        request.pass_on()
        names = request.names
        if b"l5d-dst-service" in names or b"via" in names:
            request.set(b"l5d-dst-service", service_name)
            _extend_via(request)
        else:
            request.added += added[request.version]
        response = await service(request)
        response.pass_on()
        names = response.names
        classify = request.ctx.classify
        success = response.status < 500
        if classify is not None:
            success = classify(request, response, None) == SUCCESS
        if b"via" in names or b"l5d-success-class" in names:
            _extend_via(response)
            response.set(b"l5d-success-class", b"1.0" if success else b"0.0")
        else:
            response.added += _OUTCOME[response.version, success]
        return response

    return proxied


_VIA = {version: header_line(b"Via", version + b" linkerd") for version in (HTTP_10, HTTP_11)}
_OUTCOME = {
    (version, success): via + header_line(b"l5d-success-class", b"1.0" if success else b"0.0")
    for version, via in _VIA.items()
    for success in (True, False)
}


def _extend_via(message: Message) -> None:
    """Append ourselves to a `Via` chain that may be there already."""
    chain = [*message.get_all(b"via"), message.version + b" linkerd"]
    message.set(b"Via", b", ".join(chain))


# -- bound stack ----------------------------------------------------------------------------------


def bound_headers(bound: Bound) -> HttpFilter:
    """Tell the backend what its name was bound to; pass the deadline and the local dtab on."""
    added = {b"l5d-dst-client": bound.id.show().encode("ascii")}
    if bound.residual.elems:
        added[b"l5d-dst-residual"] = bound.residual.show().encode("ascii")
    lines = b"".join(header_line(name, value) for name, value in added.items())

    def with_headers(service: HttpService, request: Request) -> Coming:
        if request.names.keys().isdisjoint(added):
            request.added += lines
        else:
            for name, value in added.items():
                request.set(name, value)
        deadline = request.ctx.deadline
        if deadline is not None:
            tell_deadline(request, deadline)
        local = request.ctx.local
        if local.dentries:
            request.set(b"l5d-ctx-dtab", local.show().encode("latin-1"))
        return service(request)

    return with_headers
