"""Identifiers: the contract's vectors, each through a whole router built from its configuration.

A row: identifier(s), dstPrefix, request line, headers, the name or the reason for none, and the
target the backend sees where that is told.
"""

import pytest

from linkerpy.app import schema
from linkerpy.codec.http import Request
from linkerpy.protocol.http.config import HttpRouter
from linkerpy.protocol.http.router import identifier_of
from tests.support.names import vectors


def identifier(kinds, prefix):
    """The identifier of a router with this configuration."""
    schema.install()
    keys = {"protocol": "http", "dstPrefix": prefix, "identifier": kinds, "servers": [{}]}
    return identifier_of(HttpRouter.model_validate(keys, by_alias=True, by_name=False))


@pytest.mark.parametrize(
    ("kinds", "prefix", "line", "headers", "expected", "sent"), vectors("identify")
)
def test_vectors(play, kinds, prefix, line, headers, expected, sent):
    if line.startswith("CONNECT "):  # it has a name, and is refused all the same
        method, target, _ = line.encode().split(b" ")
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        found = identifier(kinds, prefix)(Request(method, target, pairs))
        assert found.show() == expected
        return
    mesh = play(identify=identifier(kinds, prefix))
    named = expected.startswith("/")
    if named:
        mesh.bind(expected, "10.0.0.1:80", id_="/#/io.l5d.fs/web")
    client = mesh.client()
    client.send("\r\n".join([line, *(f"{k}: {v}" for k, v in headers.items()), "", ""]))
    if not named:
        response = client.response()
        assert response.status == 400
        assert expected in response.text
        return
    request = mesh.backend().serve()
    assert client.response().status == 200
    assert request.get("l5d-dst-service") == expected
    if sent is not None:
        assert request.start.split(" ")[1] == sent


def test_the_default_is_the_host(play):
    mesh = play(identify=identifier_of(HttpRouter.model_validate({"protocol": "http"})))
    response = mesh.client().ask("GET / HTTP/1.1\r\nHost:\r\n\r\n")
    assert response.text.endswith("Host header is absent")


def test_names_asked_for_before_are_remembered_in_bounded_space():
    from linkerpy.naming.path import Path
    from linkerpy.protocol.http.identify import HeaderToken

    identify = HeaderToken(header="Host", prefix=Path.parse("/svc"))
    for index in range(5000):
        request = Request(b"GET", b"/", [(b"Host", b"%d" % index)])
        assert identify(request) == Path.parse(f"/svc/{index}")
    assert len(identify._paths) <= 4096
