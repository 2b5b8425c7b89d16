"""A TRACE through two routers, by curl."""

import subprocess

import pytest

from tests.support import needs

ROUTER = """\
admin: {{ip: 127.0.0.1, port: {admin}}}
routers:
- protocol: http
  label: {label}
  dtab: /svc => /$/inet/127.0.0.1/{to}
  servers: [{{ip: 127.0.0.1, port: {port}}}]
"""


@pytest.fixture
def trace(twistd, free_port):
    """Asks two routers, the first of which leads to the second, whose backend is not there."""
    curl = needs.program("curl")
    first, second = free_port(), free_port()
    for label, port, to in (("near", first, second), ("far", second, free_port())):
        admin = free_port()
        twistd(ROUTER.format(admin=admin, label=label, port=port, to=to), admin)

    def run(*headers):
        options = [option for header in headers for option in ("-H", header)]
        url = f"http://127.0.0.1:{first}/"
        command = [curl, "-sS", "--noproxy", "*", "-m", "20", "-X", "TRACE", *options, url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
        return done.stdout

    return run


def test_each_router_on_the_way_tells_how_it_routes(trace):
    text = trace("Max-Forwards: 1", "l5d-add-context: true", "Host: web")
    far, _, near = text.partition("--- Router: near ---")
    assert far.startswith("--- Router: far ---")
    for told in (far, near):
        assert "service name: /svc/web" in told
        assert "  /svc/web\n  /$/inet/127.0.0.1/" in told
    assert "selected address: none" in far  # it answered by itself
    assert "selected address: 127.0.0.1:" in near
