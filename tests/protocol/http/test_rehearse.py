"""A rehearsal names a request as a server would."""

import pytest

from linkerpy.app.schema import loads
from linkerpy.codec.http import Request
from linkerpy.core.errors import BadRequest, MethodRefused, UnknownDestination
from linkerpy.protocol.http.rehearse import rehearse


def router(more=""):
    return loads("f", f"routers: [{{protocol: http, servers: [{{}}] {more}}}]").config.routers[0]


def named(method, uri, headers, config):
    dst = rehearse(config, config.servers[0], Request(method, uri, headers))
    return dst.path.show(), dst.local.show()


@pytest.mark.parametrize(
    ("uri", "headers", "more", "expected"),
    [
        (b"/x", [(b"Host", b"web")], "", ("/svc/web", "")),
        (b"http://web/x", [], "", ("/svc/web", "")),
        (b"http://web/x", [(b"Host", b"other")], "", ("/svc/web", "")),
        (b"/a/b", [], ", dstPrefix: /p, identifier: {kind: io.l5d.path}", ("/p/a", "")),
        (
            b"/x",
            [(b"Host", b"web"), (b"l5d-dtab", b"/svc => /a"), (b"l5d-ctx-dtab", b"/a => /b")],
            "",
            ("/svc/web", "/a=>/b;/svc=>/a"),
        ),
    ],
)
def test_a_request_is_named_as_the_server_would(uri, headers, more, expected):
    assert named(b"GET", uri, headers, router(more)) == expected


def test_a_server_that_clears_the_context_takes_no_dtab():
    config = loads(
        "f", "routers: [{protocol: http, servers: [{clearContext: true}]}]"
    ).config.routers[0]
    headers = [(b"Host", b"web"), (b"l5d-dtab", b"/svc => /a")]
    assert named(b"GET", b"/x", headers, config) == ("/svc/web", "")


@pytest.mark.parametrize(
    ("method", "headers", "error"),
    [
        (b"GET", [], UnknownDestination),
        (b"CONNECT", [(b"Host", b"web")], MethodRefused),
        (b"GET", [(b"Host", b"web"), (b"l5d-dtab", b"nonsense")], BadRequest),
    ],
)
def test_what_the_server_would_refuse_is_refused(method, headers, error):
    with pytest.raises(error):
        named(method, b"/x", headers, router())
