import json
from pathlib import Path

import pytest

from linkerpy.admin.security import Security
from linkerpy.net.web import Asked, text
from tests.admin.serving import serving

VECTORS = Path(__file__).parents[1] / "vectors" / "security.jsonl"


@pytest.mark.parametrize(
    ("keys", "served", "hidden"),
    [json.loads(line) for line in VECTORS.read_text("utf-8").splitlines()],
)
def test_which_paths_are_served(keys, served, hidden):
    allowed = Security(**keys).filter()
    assert [path for path in served + hidden if allowed(path)] == served


def test_a_hidden_page_is_an_empty_404_whatever_the_slashes():
    with serving(Security(control=False)) as server:
        for path in ("/admin/shutdown", "//admin/shutdown", "/admin//shutdown?x=1"):
            answer = server.ask(path, "POST", headers={"Accept": "text/html"})
            assert answer[::2] == (404, "")
        assert server.world.shutdowns == []
        assert server.ask("/?router=webtest")[0] == 200


def test_the_dashboard_needs_nothing_but_the_pages_of_the_ui():
    with serving(Security(control=False, diagnostics=False)) as server:
        paths = ["/", "/files/dashboard.js", "/config.json", "/admin/metrics.json?tree=1&live=1"]
        assert [server.ask(path)[0] for path in paths] == [200] * 4


def posted(peer, host="localhost:9990", browser=False):
    return Asked("POST", "/x", {}, "", "", False, b"", host=host, peer=peer, browser=browser)


@pytest.mark.parametrize(
    ("control", "peer", "may"),
    [
        (None, "127.0.0.1", True),
        (None, "127.8.8.8", True),
        (None, "::1", True),
        (None, "::ffff:127.0.0.1", True),
        (None, "10.1.2.3", False),
        (None, "fe80::1%eth0", False),
        (None, "", False),
        (True, "10.1.2.3", True),
        (False, "127.0.0.1", True),  # if the path is listed as an exception
    ],
)
def test_changes_are_for_this_machine_unless_others_are_allowed_in_so_many_words(
    control, peer, may
):
    guarded = Security(control=control).guarded(lambda _: text("done"))
    assert guarded(posted(peer)).status == (200 if may else 403)


@pytest.mark.parametrize(
    ("host", "may"),
    [
        ("localhost:9990", True),
        ("LOCALHOST", True),
        ("admin.localhost:1", True),
        ("127.0.0.1:9990", True),
        ("[::1]:9990", True),
        ("evil.example:9990", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_a_name_that_a_stranger_may_have_pointed_here_is_no_name_of_ours(host, may):
    guarded = Security().guarded(lambda _: text("done"))
    assert guarded(posted("127.0.0.1", host, browser=True)).status == (200 if may else 403)
    assert guarded(posted("127.0.0.1", host)).status == 200


def test_a_look_is_free():
    guarded = Security().guarded(lambda _: text("seen"))
    assert guarded(Asked("GET", "/x", {}, "", "", False, b"", peer="10.1.2.3")).body == b"seen"


def test_a_rebound_name_cannot_stop_the_process():
    with serving() as server:
        own = {"Host": "evil.example", "Origin": "http://evil.example"}
        status, _, body = server.ask("/admin/shutdown", "POST", headers=own)
        assert (status, "controlEnabled: true" in body) == (403, True)
        assert server.world.shutdowns == []
        assert server.ask("/admin/shutdown", "POST")[0] == 200
