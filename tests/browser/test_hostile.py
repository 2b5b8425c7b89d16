"""Whatever strangers put into names, hosts and paths is text on every page."""

import pytest

from tests.admin.serving import Traffic, serving

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

HOSTILE = [
    "<img src=x onerror=hacked()>",
    "<script>hacked()</script>",
    '"><svg onload=hacked()>',
    "'-hacked()-'",
    "javascript:hacked()",
    "</title><script>hacked()</script>",
    "{{main}}<b>bold</b>",
    "${hacked()}",
    "\u2028<i>\u202e&lt;b&gt;",
]
FLAG = "window.hacked = () => { window.wasHacked = true; };"


def fill(world, evil):
    """Put the name wherever something that others choose is shown."""
    router = {"protocol": "http", "label": evil, "dtab": f"/{evil}=>/b", "servers": []}
    world.config["routers"].append(router)
    world.config[evil] = evil
    scope = world.metrics.scope("rt", "webtest")
    for kind, name in (("service", evil), ("client", f"#/{evil}"), ("server", evil)):
        scope.counter(kind, name, "requests").incr(5)
        scope.counter(kind, name, "failures").incr(5)
        scope.counter(kind, name, "failures", evil).incr(5)
        scope.counter(kind, name, "status", evil).incr(5)
    scope.counter("client", f"#/{evil}", "service", evil, "requests").incr(5)
    scope.counter("client", f"#/{evil}", "connect_failures", evil).incr(5)
    endpoint = {"address": evil, "weight": 1.0, "load": 0, "state": evil}
    member = {"state": "bound", "trouble": evil, "endpoints": [endpoint]}
    world.members[f"/#/{evil}"] = member
    leaf = {"id": f"/#/{evil}", "residual": evil, "state": "bound", "addresses": [evil]}
    name = {
        "path": f"/svc/{evil}",
        "local": evil,
        "state": "stale",
        "tree": evil,
        "leaves": [{**leaf, "updated": 1, "trouble": evil}],
        "followed": 1,
        "changed": 1,
        "changes": 1,
        "failed": 1,
        "failures": 1,
        "error": evil,
        "used": 1,
    }
    world.names.append(name)
    failed = type("Failed", (), {"cause": evil, "text": evil})()
    world.tls_failures.add(evil, "server", evil, failed)


REQUEST = {
    "at": 1.5,
    "status": 503,
    "duration_ms": 2.0,
    "timings": {
        "identified": 0.1,
        "bound": 0.2,
        "dispatched": None,
        "first_byte": None,
        "end": 2.0,
    },
}


def request_of(evil):
    texts = ("router", "service", "client", "endpoint", "method", "host", "path", "error", "trace")
    attempt = {"endpoint": evil, "status": None, "error": evil, "at_ms": 0.3, "duration_ms": 1.0}
    more = {"identified": evil, "bound": evil, "attempts": [attempt]}
    return REQUEST | dict.fromkeys(texts, evil) | more


@pytest.fixture(scope="module")
def server():
    with serving() as running:
        running.world.config = {"routers": [{"protocol": "http", "label": "webtest"}]}
        for evil in HOSTILE:
            fill(running.world, evil)
        running.call(Traffic(running.world, running.reactor).start)
        yield running


@pytest.fixture
def page(browser):
    page = browser.new_page()
    page.set_default_timeout(20_000)
    page.add_init_script(FLAG)
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    told = {"requests": [request_of(evil) for evil in HOSTILE]}
    page.route("**/admin/requests.json*", lambda route: route.fulfill(json=told))
    yield page
    page.close()
    # A blocked script would complain, too; a name that is no path is refused with a 400.
    assert [text for text in complaints if "status of 400" not in text] == []


def open_all(page):
    """Open every row, so that everything there is to show is shown."""
    openers = page.locator('.opener[aria-expanded="false"]')
    while openers.count():
        openers.first.click()


SHOWS = {
    "": "#routers tbody",
    "names": "#main tbody",
    "requests": "#main tbody",
    "admin/metrics#webtest": "#main tbody",
    "tls": "#failures",
    "config": "#config",
}


@pytest.mark.parametrize("path", SHOWS)
def test_a_hostile_name_is_text(server, page, path):
    page.goto(server.url + path)
    for evil in HOSTILE:
        shown = page.locator(SHOWS[path], has_text=evil.strip("\u2028")).first
        expect(shown).to_be_attached()
    open_all(page)
    clean(page)


def test_a_hostile_name_is_text_in_the_playground(server, page):
    page.goto(f"{server.url}delegator?router=webtest")
    expect(page.locator("#path")).to_be_focused()
    for evil in HOSTILE:
        page.locator("#path").fill(f"/svc/{evil}".replace("\u2028", ""))
        page.locator("#dtab").fill(f"/a => /{evil} ;")
        page.get_by_role("button", name="Explain").click()
        expect(page.locator("#result .side").first).to_be_visible()
        clean(page)


def clean(page):
    """Nothing of the name has become markup, and nothing of it ran."""
    made = "main img, main script, main svg[onload], main b b, main i i, [onerror], [onload]"
    assert page.locator(made).count() == 0
    assert page.locator('a[href^="javascript:"]').count() == 0
    assert page.evaluate("window.wasHacked") is None
