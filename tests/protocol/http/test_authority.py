"""The `Host` of backends that discovery knows a name for."""

import pytest

from linkerpy.codec.http import Response
from linkerpy.protocol.http.authority import rewrite_host
from tests.protocol.http.scripted import Asked, Replicas, Scripted, request

BACKEND = "web.service.dc1.consul"


def ask(replicas, backend, host=None):
    headers = [] if host is None else [(b"Host", host)]
    asked = Asked(request(headers=headers), rewrite_host(replicas), backend)
    (_, _, sent, _) = backend.seen[0]
    return asked.response, [value for name, value in sent if name.lower() == b"host"]


def test_the_backend_is_called_by_its_own_name():
    _, hosts = ask(Replicas(authority=BACKEND), Scripted(200), b"web")
    assert hosts == [BACKEND.encode()]


def test_a_request_without_a_host_gets_one():
    _, hosts = ask(Replicas(authority=BACKEND), Scripted(200))
    assert hosts == [BACKEND.encode()]


@pytest.mark.parametrize(
    "replicas",
    [Replicas(), Replicas(other="x"), Replicas(authority=""), Replicas(authority="a\r\nb: c")],
    ids=lambda replicas: str(replicas.meta),
)
def test_without_a_usable_name_the_host_stays(replicas):
    _, hosts = ask(replicas, Scripted(200), b"web")
    assert hosts == [b"web"]


@pytest.mark.parametrize("name", [b"Location", b"Refresh"])
def test_the_caller_is_pointed_at_the_name_it_used(name):
    there = f"0; http://{BACKEND}/a?from={BACKEND}".encode()
    backend = Scripted(Response(302, [(name, there), (b"X-At", BACKEND.encode())]))
    response, _ = ask(Replicas(authority=BACKEND), backend, b"web")
    assert response.headers == [(name, b"0; http://web/a?from=web"), (b"X-At", BACKEND.encode())]


def test_the_caller_of_no_name_is_pointed_at_the_backends():
    there = f"http://{BACKEND}/".encode()
    backend = Scripted(Response(302, [(b"Location", there)]))
    response, _ = ask(Replicas(authority=BACKEND), backend)
    assert response.headers == [(b"Location", there)]
