import json

import pytest

from tests.admin.serving import CONFIG, serving


@pytest.fixture
def server():
    with serving() as running:
        yield running


def test_shutdown_wants_a_post(server):
    status, headers, body = server.ask("/admin/shutdown")
    assert (status, headers["Allow"], body) == (405, "POST", "")
    assert server.world.shutdowns == []


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ("", None),
        ("?grace=5.seconds", 5.0),
        ("?grace=1.minute", 60.0),
        ("?grace=1.second%2B500.milliseconds", 1.5),
    ],
)
def test_shutdown_passes_the_grace_on(server, query, seconds):
    assert server.ask(f"/admin/shutdown{query}", "POST")[::2] == (200, "quitting\n")
    assert server.world.shutdowns == [seconds]


def test_a_grace_that_is_no_duration_is_told(server):
    status, _, body = server.ask("/admin/shutdown?grace=soon", "POST")
    assert status == 400
    assert body == "could not parse 'grace' parameter: soon is not a valid duration"
    assert server.world.shutdowns == []


def test_ready_follows_the_process(server):
    assert server.ask("/admin/ready")[0] == 200
    server.world.ready = False
    assert server.ask("/admin/ready")[0] == 503


def test_the_configuration_is_shown(server):
    status, headers, body = server.ask("/config.json")
    assert (status, headers["Content-Type"]) == (200, "application/json;charset=UTF-8")
    assert json.loads(body) == CONFIG


def test_the_state_of_all_routers_clients_is_one_object(server):
    assert json.loads(server.ask("/client_state.json")[2]) == {
        f"/#/{label}": {"state": "bound", "addresses": ["127.0.0.1:8080"]}
        for label in ("webtest", "mute")
    }


def test_bound_names_are_a_list(server):
    assert json.loads(server.ask("/bound-names.json")[2]) == ["/svc/a", "/svc/b"]


def test_server_info_names_the_version(server):
    info = json.loads(server.ask("/admin/server_info")[2])
    assert info["version"] == "9.8.7"
    assert 0 <= info["uptime"] < 60_000


def test_threads_are_a_page_or_json(server):
    threads = json.loads(server.ask("/admin/threads.json")[2])["threads"].values()
    assert any("stack" in thread and thread["thread"] == "MainThread" for thread in threads)
    status, headers, body = server.ask("/admin/threads", headers={"Accept": "application/json"})
    assert (status, headers["Content-Type"]) == (200, "text/html;charset=UTF-8")
    assert "MainThread" in body
    assert "<module>" not in body


def test_usage_is_never_reported(server):
    assert json.loads(server.ask("/admin/metrics/usage")[2]) == {"enabled": False}
