"""One Chromium for each module, and pages that may complain of nothing."""

import contextlib
import urllib.error
import urllib.request
from contextlib import ExitStack

import pytest

from tests.support import needs
from tests.support.daemon import Daemon
from tests.support.nginx import Nginx

DEADLINE = 20_000
"""Milliseconds that a page may take to show something."""

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser():
    """A real Chromium."""
    chromium = needs.program("chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    sync_api.expect.set_options(timeout=DEADLINE)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def tab(browser):
    """A page. `tab.complaints` is what its console said, `tab.asked` every address it asked."""
    tab = browser.new_page()
    tab.set_default_timeout(DEADLINE)
    tab.complaints, tab.asked = [], []
    tab.on("console", lambda message: tab.complaints.append(message.text))
    tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.on("request", lambda request: tab.asked.append(request.url))
    yield tab
    tab.close()


@pytest.fixture
def page(tab):
    """A page whose console must stay empty, and that may ask nobody but the server it came from."""
    yield tab
    assert tab.complaints == []
    origins = {"/".join(url.split("/", 3)[:3]) for url in tab.asked if url != "about:blank"}
    assert len(origins) <= 1


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """Starts whole processes that live as long as the module: `started(config, admin_port)`."""
    with ExitStack() as stack:

        def start(config, admin_port):
            daemon = Daemon(config, tmp_path_factory.mktemp("twistd"), admin_port)
            daemon.launch()
            stack.callback(daemon.stop)
            daemon.wait_ready()
            return daemon

        yield start


@pytest.fixture(scope="module")
def backend(tmp_path_factory):
    """The port of a real NGINX: everything is there but `/missing`; `/broken` is a 500."""
    nginx = Nginx(
        needs.program("nginx"),
        tmp_path_factory.mktemp("nginx"),
        server="location /broken { return 500; } location /missing { return 404; }",
    )
    nginx.html.mkdir()
    (nginx.html / "index.html").write_text("hello\n", "utf-8")
    nginx.start()
    yield nginx.port
    nginx.stop()


def send(port, times=1, path="/", host="shop", **headers):
    """Requests through a router; what they come to is for the pages to say."""
    for _ in range(times):
        url = f"http://127.0.0.1:{port}{path}"
        request = urllib.request.Request(url, headers={"Host": host, **headers})
        with contextlib.suppress(urllib.error.HTTPError, OSError):
            urllib.request.urlopen(request, timeout=10).close()
