import json
from pathlib import Path

import pytest

from linkerpy.admin.security import Security
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
        paths = ["/", "/files/app.js", "/config.json", "/admin/metrics.json?tree=1&live=1"]
        assert [server.ask(path)[0] for path in paths] == [200] * 4
