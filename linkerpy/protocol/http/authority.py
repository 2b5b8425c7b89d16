"""The `Host` that backends want to be called by, where discovery knows it.

Used by the client stack. Discovery tells it as `authority`, metadata of all addresses together.

Source: dataplane spec, section 2.4; discovery spec, section 0.1.
"""

from collections.abc import Coroutine
from typing import Any, Protocol

from linkerpy.codec.http import Request, Response
from linkerpy.core.service import Filter, Service
from linkerpy.naming.addr import Meta

_POINTING = frozenset((b"location", b"refresh"))


class Described(Protocol):
    """A client, of which only the metadata counts."""

    meta: Meta


def rewrite_host(client: Described) -> Filter[Response]:
    """Send the backends' own name as `Host`; where they point callers at it, at the caller's."""

    def rewriting(
        service: Service[Request, Response], request: Request
    ) -> Coroutine[Any, Any, Response]:
        if not client.meta:
            return service(request)
        authority = dict(client.meta).get("authority")
        if not isinstance(authority, str) or not authority or not authority.isprintable():
            return service(request)
        return _rewritten(service, request, authority.encode("latin-1", "replace"))

    return rewriting


async def _rewritten(
    service: Service[Request, Response], request: Request, authority: bytes
) -> Response:
    called = request.get(b"host")
    request.set(b"Host", authority)
    response = await service(request)
    if called and not response.names.keys().isdisjoint(_POINTING):
        response.headers = [
            (name, value.replace(authority, called) if name.lower() in _POINTING else value)
            for name, value in response.headers
        ]
    return response
