"""`x-forwarded-client-cert`: who the caller is, as TLS has proved it.

What a request brings with it proves nothing, and never reaches a backend.

Source: dataplane spec, section 7.3.
"""

from typing import Any
from weakref import WeakKeyDictionary

from linkerpy.codec.http import Request, header_line
from linkerpy.net.client_cert import client_cert
from linkerpy.protocol.http.filters import Coming, HttpFilter, HttpService

_NAME = b"x-forwarded-client-cert"


def drop_client_cert(service: HttpService, request: Request) -> Coming:
    """Take the header away."""
    if _NAME in request.names:
        request.remove(_NAME)
    return service(request)


def forward_client_cert() -> HttpFilter:
    """Tell the backend of the caller's certificate, if the caller has shown one."""
    known: WeakKeyDictionary[Any, bytes] = WeakKeyDictionary()
    """By transport (a compiled connection takes no weak references): its line, or nothing."""

    def line_of(transport: Any) -> bytes:
        shown = getattr(transport, "getPeerCertificate", None)
        certificate = None if shown is None else shown()
        line = b"" if certificate is None else header_line(_NAME, client_cert(certificate))
        known[transport] = line
        return line

    def forwarding(service: HttpService, request: Request) -> Coming:
        request.remove(_NAME)
        transport = request.ctx.connection.transport
        line = known.get(transport)
        if line is None:
            line = line_of(transport)
        if line:
            request.add(line)
        return service(request)

    return forwarding
