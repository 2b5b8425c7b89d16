"""The dashboard in a real browser."""

import pytest

from linkerpy.net.tls_errors import TlsFailed
from tests.admin.serving import Traffic, serving
from tests.support import needs

pytestmark = pytest.mark.browser
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NUMBER = """name => {
    const terms = [...document.querySelectorAll('#totals dt')];
    const value = terms.find(term => term.textContent === name).nextElementSibling;
    return Number(value.textContent.replaceAll(',', ''));
}"""


@pytest.fixture(scope="module")
def server():
    with serving(watched=True) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    chromium = needs.program("chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, server):
    """A page that fails the test if it complains, or asks anybody but its server."""
    page = browser.new_page()
    complaints, asked = [], []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    yield page
    page.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith(server.url)] == []


def total(page, name):
    return page.evaluate(NUMBER, name)


def test_the_count_and_the_rate_move_while_you_watch(server, page):
    page.goto(server.url)
    page.get_by_text("curl http://localhost:8080/").wait_for()
    assert total(page, "Total requests") == 0
    server.call(Traffic(server.world, server.reactor).start)
    for more in (0, 20):
        before = total(page, "Total requests")
        page.wait_for_function(f"name => ({NUMBER})(name) > {before + more}", arg="Total requests")
    page.wait_for_function(f"name => ({NUMBER})(name) > 5", arg="Requests/s")
    assert not page.locator("#hint").is_visible()
    row = page.get_by_role("row").filter(has_text="/$/inet/127.1/8080")
    assert "1 of 2" in row.inner_text()
    assert " ms" in row.inner_text()
    assert page.locator(".chart .line").get_attribute("d").startswith("M")


def test_a_lost_server_is_told_and_recovers(server, browser):
    page = browser.new_page()
    page.goto(server.url)
    page.locator(".card").wait_for()
    page.route("**/admin/metrics.json*", lambda route: route.abort())
    page.get_by_role("alert").filter(has_text="No answer from the admin server").wait_for()
    page.unroute("**/admin/metrics.json*")
    page.get_by_role("alert").wait_for(state="hidden")
    assert page.locator("body.stale").count() == 0


def test_names_are_shown_as_text(server, page):
    evil = "#/<img src=x onerror=alert(1)>"
    server.world.metrics.counter("rt", "webtest", "client", evil, "requests").incr()
    page.goto(server.url)
    page.get_by_text(f"/{evil}").wait_for()
    assert page.locator("tbody img").count() == 0


def test_a_name_is_explained(server, page):
    page.goto(server.url)
    page.get_by_text("Explain a name").click()
    page.get_by_label("Name", exact=True).fill("/svc/web")
    page.keyboard.press("Enter")
    assert "/$/inet/127.1/8080" in page.locator(".steps").inner_text()


def test_a_metric_is_found_by_name(server, page):
    page.goto(f"{server.url}admin/metrics#uptime")
    page.get_by_role("row").filter(has_text="jvm/uptime").wait_for()
    assert page.locator("tbody tr").count() == 1


def test_tls_failures_and_who_speaks_tls_are_shown(server, page):
    why = "it is for <b>another</b> name: write it"
    server.world.tls_failures.add("out", "client", "10.0.0.2:443", TlsFailed("wrong_name", why))
    scope = server.world.metrics.scope("rt", "out", "client", "#/io.l5d.fs/web", "tls")
    scope.counter("failures", "wrong_name").incr(3)
    scope.stat("handshake_latency_ms")
    left = scope.gauge("certificate_seconds_left", read=lambda: 86400 * 2)
    careless = scope.gauge("validation_disabled", read=lambda: 1)
    page.goto(f"{server.url}tls")
    row = page.get_by_role("row").filter(has_text="wrong_name")
    row.wait_for()
    assert why in row.inner_text()
    assert "10.0.0.2:443" in row.inner_text()
    end = page.get_by_role("row").filter(has_text="/#/io.l5d.fs/web").inner_text().split("\t")
    assert end[-3:] == ["3", "2d 0h 0m", "believed unchecked"]
    left.close()
    careless.close()


def test_the_dashboard_warns_of_tls_that_is_not_checked(server, page):
    page.goto(server.url)
    page.locator(".card").wait_for()
    assert not page.locator("#careless").is_visible()
    (router,) = server.world.config["routers"]
    tls = {"disableValidation": True}
    before = server.world.config
    server.world.config = before | {
        "routers": [router | {"client": {"configs": [{"tls": tls}]}}],
        "namers": [{"tls": tls | {"enabled": False}}],
    }
    page.goto(server.url)
    page.locator("#careless").filter(has_text="is believed: router webtest.").wait_for()
    server.world.config = before


def test_a_button_changes_a_level(server, page):
    page.goto(f"{server.url}logging")
    group = page.get_by_role("group", name="Level of linkerpy.admin")
    group.get_by_role("button", name="DEBUG").click()
    page.locator('[data-logger="linkerpy.admin"] [aria-pressed=true]', has_text="DEBUG").wait_for()
    assert '"linkerpy.admin", "level": "DEBUG"' in server.ask("/logging.json")[2]
    group.get_by_role("button", name="INFO").click()
    page.locator('[data-logger="linkerpy.admin"] [aria-pressed=true]', has_text="INFO").wait_for()


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("success(10, 10)", {"text": "50.00%", "judgement": "bad"}),
        ("success(0, 0)", {"text": "N/A", "judgement": ""}),
        ("success(17, 2)", {"text": "89.47%", "judgement": "bad"}),
        ("success(87, 2)", {"text": "97.75%", "judgement": "poor"}),
        ("success(9990, 5)", {"text": "99.95%", "judgement": "good"}),
        ("success(1e6, 1)", {"text": "99.99%", "judgement": "good"}),
        ("bytes(1024)", "1.0KB"),
        ("bytes(-1)", "–"),
        ("span(50 * 3600e3)", "2d 2h 0m"),
        ("span(366 * 86400e3)", "1y 0d 18h"),
        ("span(0)", "0s"),
        ("latency(1250)", "1.25 s"),
        ("latency(0)", "<1 ms"),
    ],
)
def test_numbers_are_written_for_people(formats, call, expected):
    assert formats.evaluate(f"async () => (await import('./files/format.js')).{call}") == expected


@pytest.fixture(scope="module")
def formats(server, browser):
    """A quiet page from which the modules can be imported."""
    page = browser.new_page()
    page.goto(f"{server.url}help")
    return page


HISTORY = """async (readings) => {
    const { History } = await import('./files/history.js');
    const history = new History();
    for (const [now, value] of readings) { history.begin(now); history.note('n', value); }
    return [history.rate('n'), history.rates('n').map(([ago, rate]) => rate)];
}"""


@pytest.mark.parametrize(
    ("readings", "rate", "rates"),
    [
        ([[0, 0], [1, 10], [11, 110]], 10, [10, 10]),  # a stalled poll makes no spike
        ([[0, 50], [1, 60], [2, 3], [3, 5]], 2, [2]),  # removed, and made anew
        ([[90, 50], [91, 60], [1, 1], [2, 4]], 3, [3]),  # another process
    ],
)
def test_rates_follow_the_servers_own_time(formats, readings, rate, rates):
    assert formats.evaluate(HISTORY, readings) == [rate, rates]
