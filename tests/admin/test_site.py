import json
import re

import pytest
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from linkerpy.net.web import MAX_BODY, PATIENCE, site, text
from linkerpy.telemetry.metrics import Metrics
from tests.admin.serving import serving


@pytest.fixture(scope="module")
def server():
    with serving() as running:
        yield running


def test_ping_is_a_bare_word(server):
    status, headers, body = server.ask("/admin/ping")
    assert (status, headers["Content-Type"], body) == (200, "text/plain;charset=UTF-8", "pong")


def test_duplicate_slashes_count_as_one(server):
    assert server.ask("//admin///ping")[2] == "pong"


def test_head_is_get_without_a_body(server):
    status, headers, body = server.ask("/admin/ping", "HEAD")
    assert (status, headers["Content-Length"], body) == (200, "4", "")


def test_an_unknown_path_is_empty_for_programs_and_a_page_for_browsers(server):
    assert server.ask("/nowhere")[::2] == (404, "")
    status, headers, body = server.ask("/nowhere", headers={"Accept": "text/html"})
    assert (status, headers["Content-Type"]) == (404, "text/html;charset=UTF-8")
    assert "404" in body
    assert server.ask("/nowhere.html")[2] == body


def test_answers_tell_browsers_to_load_nothing_from_elsewhere(server):
    _, headers, _ = server.ask("/")
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/admin", "/admin/index.txt"])
def test_the_index_lists_every_other_page_sorted(server, path):
    pages = server.ask(path)[2].splitlines()
    assert pages == sorted(pages)
    assert {"/", "/admin/metrics.json", "/delegator.json", "/files/", "/logging"} <= set(pages)
    assert "/admin" not in pages


@pytest.mark.parametrize("body", [b"x" * (MAX_BODY + 1), iter([b"x" * (1 << 18)] * 5)])
def test_a_body_that_is_too_large_is_refused(server, body):
    headers = {"Content-Type": "application/json"}
    assert server.ask("/delegator.json", "POST", body, headers)[0] == 413


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
def test_other_sites_pages_cannot_change_anything(server, headers):
    assert server.ask("/admin/shutdown", "POST", headers=headers)[0] == 403
    assert server.world.shutdowns == []
    assert server.ask("/admin/ping", headers=headers)[0] == 200


def test_our_own_pages_can(server):
    own = {"Origin": f"http://127.0.0.1:{server.port}"}
    body = {"Content-Type": "application/x-www-form-urlencoded"}
    form = "logger=nobody&level=INFO"
    assert server.ask("/logging.json", "POST", form, own | body)[0] == 200


def test_a_page_that_fails_is_a_500_without_details():
    with serving() as server:
        server.world.config = {"bad": object()}
        status, _, body = server.ask("/config.json")
        assert (status, body) == (500, "the page failed: TypeError; see the log\n")
        assert server.ask("/admin/ping")[0] == 200


def test_the_server_counts_itself():
    with serving() as server:
        server.ask("/admin/ping")
        server.world.config = {"bad": object()}
        server.ask("/config.json")
        figures = json.loads(server.ask("/admin/metrics.json?q=adminhttp")[2])
    assert figures | {"requests": 2, "success": 1, "failures": 1, "connects": 3} == figures
    assert figures["pending"] == 1.0
    assert figures["connections"] >= 1.0


def test_bytes_that_trickle_in_do_not_hold_a_connection():
    clock, metrics = Clock(), Metrics()
    channel = site({}, lambda _: True, metrics, clock).buildProtocol(None)
    transport = StringTransport()
    channel.makeConnection(transport)
    for byte in b"GET / H":
        channel.dataReceived(bytes([byte]))
        clock.advance(PATIENCE / 8)
    assert not transport.disconnecting
    clock.advance(PATIENCE / 8)
    assert transport.disconnecting
    assert metrics.counter("closes").value == 1


def test_a_connection_that_asks_again_is_kept():
    clock = Clock()
    pages = {"/": lambda _: text("here")}
    channel = site(pages, lambda _: True, Metrics(), clock).buildProtocol(None)
    transport = StringTransport()
    channel.makeConnection(transport)
    for _ in range(3):
        clock.advance(PATIENCE - 1)
        channel.dataReceived(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert transport.value().count(b"\r\n\r\nhere") == 3
    assert not transport.disconnecting


def test_the_dashboards_pages_are_complete_and_relative(server):
    pages = ("/", "/names", "/delegator", "/requests", "/admin/metrics", "/logging", "/tls")
    for path in (*pages, "/config", "/help"):
        status, _, page = server.ask(path)
        assert (status, "version 9.8.7" in page) == (200, True)
        base = path.rpartition("/")[0] + "/"
        for link in re.findall(r'(?:href|src)="([^"#]+)"', page):
            assert not re.match(r"/|[a-z]+:", link), "a path prefix in front must do no harm"
            target = _resolved(base, link)
            assert server.ask(target)[0] == 200, target


def _resolved(base, link):
    parts = base.strip("/").split("/") if base != "/" else []
    for step in link.split("/"):
        if step == "..":
            parts.pop()
        elif step != ".":
            parts.append(step)
    return "/" + "/".join(parts)


def test_state_pages_are_where_those_who_follow_something_put_them(server):
    assert server.ask("/out/interpreter_state/x.json")[0] == 404
    with serving(states={"/out/interpreter_state/x.json": lambda: {"bind": {}}}) as running:
        assert json.loads(running.ask("/out/interpreter_state/x.json")[2]) == {"bind": {}}
        assert "/out/interpreter_state/x.json" in running.ask("/admin/index.txt")[2]
