import pytest

from tests.admin.serving import serving


@pytest.fixture(scope="module")
def server():
    with serving() as running:
        yield running


@pytest.mark.parametrize(
    "path", ["/files/../state.py", "/files/..", "/files/a/../../x", "/files/app..js"]
)
def test_a_path_with_dots_is_invalid(server, path):
    assert server.ask(path)[::2] == (400, "Invalid path!")


@pytest.mark.parametrize("path", ["/files/", "/files/none.js", "/files/%2e%2e/state.py"])
def test_a_file_that_is_not_there_is_a_404(server, path):
    assert server.ask(path)[0] == 404


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/files/dashboard.js", "text/javascript;charset=UTF-8"),
        ("/files/app.css", "text/css;charset=UTF-8"),
        ("/favicon.ico", "image/svg+xml;charset=UTF-8"),
        ("/", "text/html;charset=UTF-8"),
    ],
)
def test_files_have_their_type(server, path, kind):
    status, headers, _ = server.ask(path)
    assert (status, headers["Content-Type"], headers["Cache-Control"]) == (200, kind, "no-cache")
