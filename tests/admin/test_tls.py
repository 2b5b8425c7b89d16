import json

import pytest

from linkerpy.net.tls_errors import TlsFailed
from linkerpy.net.tls_failures import TlsFailures
from tests.admin.serving import serving

PAGE = "/admin/tls_failures.json"


@pytest.fixture(scope="module")
def admin():
    with serving() as running:
        running.world.tls_failures._now = iter(range(1_700_000_000, 1_800_000_000)).__next__
        yield running


def test_without_failures_the_list_is_empty(admin):
    status, headers, body = admin.ask(PAGE)
    assert status == 200
    assert headers["Content-Type"].startswith("application/json")
    assert json.loads(body) == {"failures": []}


def test_failures_are_listed_newest_first_and_show_router_side_peer_cause_and_cure(admin):
    failures: TlsFailures = admin.world.tls_failures
    failures.add("in", "server", "10.0.0.1:999", TlsFailed("expired", "it expired: renew it"))
    failures.add("out", "client", "10.0.0.2:443", TlsFailed("timeout", "it took too long"))
    assert json.loads(admin.ask(PAGE)[2]) == {
        "failures": [
            {
                "at": 1_700_000_001,
                "router": "out",
                "side": "client",
                "peer": "10.0.0.2:443",
                "cause": "timeout",
                "message": "it took too long",
            },
            {
                "at": 1_700_000_000,
                "router": "in",
                "side": "server",
                "peer": "10.0.0.1:999",
                "cause": "expired",
                "message": "it expired: renew it",
            },
        ]
    }


def test_the_page_is_in_the_index(admin):
    assert PAGE in admin.ask("/admin")[2].splitlines()
