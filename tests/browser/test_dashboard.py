"""The dashboard of a whole process, in a real Chromium: real traffic, real failures."""

import re

import pytest

from tests.browser.conftest import send
from tests.browser.mesh import LABEL, Mesh

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

HIDE = """hidden => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event('visibilitychange'));
}"""
LIMIT = 200_000  # bytes


@pytest.fixture
def mesh(started, backend):
    return Mesh(started, backend)


def live(tab, url):
    tab.goto(url)
    expect(tab.locator("#link")).to_have_text("Live")


def figure(scope, name):
    """The value beside a name."""
    term = scope.page.get_by_role("term").filter(has_text=re.compile(f"^{re.escape(name)}$"))
    return scope.locator("div").filter(has=term).locator("dd")


def card(page, label):
    return page.get_by_role("region", name=f"Router {label}", exact=True)


def row(scope, name):
    opener = scope.page.get_by_role("button", name=name, exact=True)
    return scope.get_by_role("row").filter(has=opener)


def test_the_numbers_move_with_the_traffic_and_match_the_metrics(mesh, page):
    live(page, mesh.url)
    totals = page.locator("#totals")
    expect(page.locator("#hint code")).to_have_text(f"curl http://localhost:{mesh.web}/")
    expect(figure(totals, "Success")).to_have_text("N/A")
    for times in (25, 50):
        send(mesh.web, 25)
        expect(figure(totals, "Total requests")).to_have_text(str(times))
        assert mesh.requests() == times
    expect(figure(totals, "Success")).to_have_text("100.00%")
    expect(page.locator("#hint")).to_be_hidden()
    expect(figure(totals, "Requests/s")).to_have_text("0")
    requests = figure(card(page, "web").locator(".figures"), "Requests")
    expect(requests).to_have_text("50")


def test_who_comes_later_sees_what_was_before(mesh, page):
    send(mesh.web, 20)
    live(page, mesh.url)
    expect(figure(page.locator("#totals"), "Success")).to_have_text("100.00%")
    chart = card(page, "web").get_by_role("img").first
    expect(chart).to_have_attribute("aria-label", re.compile(r"^Requests of web, now: "))
    expect(chart.locator("canvas")).to_be_visible()


def test_a_client_opens_to_its_endpoints_with_their_states(mesh, page):
    live(page, mesh.url)
    send(mesh.web, 3)
    web = card(page, "web")
    name = f"/$/inet/127.0.0.1/{mesh.backend}"
    expect(row(web, name)).to_contain_text("1 of 1")
    row(web, name).get_by_role("button").press("Enter")
    endpoint = web.locator(".detail").get_by_role("row").filter(has_text="live")
    expect(endpoint).to_contain_text(f"127.0.0.1:{mesh.backend}")
    row(web, "/svc/shop").get_by_role("button").press("Enter")
    expect(web.locator(".detail").filter(has_text="Clients it was sent to")).to_contain_text(name)
    row(web, name).get_by_role("button").press("Enter")
    expect(web.locator(".detail")).to_have_count(1)


def test_what_fails_is_told_first_and_an_endpoint_that_is_out_of_service(mesh, page):
    live(page, mesh.url)
    expect(page.locator("#attention")).to_contain_text("Nothing needs attention")
    send(mesh.web, 8)
    send(mesh.failing, 8)
    failing = card(page, LABEL)
    bad = figure(failing.locator(".figures"), "Success")
    expect(bad).to_have_text("0.00%")
    expect(bad).to_have_class("bad")
    expect(figure(card(page, "web").locator(".figures"), "Success")).to_have_text("100.00%")
    expect(figure(page.locator("#totals"), "Success")).to_have_text("50.00%")
    name = f"/$/inet/127.0.0.1/{mesh.dead}"
    page.locator("#attention button").filter(has_text=name).first.click()
    busted = failing.locator(".detail").get_by_role("row").filter(has_text="busted")
    expect(busted).to_contain_text(f"127.0.0.1:{mesh.dead}")
    expect(failing.locator(".detail")).to_contain_text("AnnotatedConnectException")


def test_a_tcp_router_has_sessions_bytes_and_causes(mesh, page):
    live(page, mesh.url)
    send(mesh.db, 4)
    send(mesh.gone, 3)
    figures = card(page, "db").locator(".figures")
    expect(figure(figures, "Sessions")).to_have_text("4")
    expect(figure(figures, "Success")).to_have_text("100.00%")
    expect(figure(figures, "Connect failures")).to_have_text("0")
    causes = figure(card(page, "gone").locator(".figures"), "Connect failures")
    expect(causes).to_have_text(re.compile(r"^[1-9]\d* refused$"))
    received = row(card(page, "db"), "/svc/db")
    expect(received).to_contain_text("100.00%")
    chart = card(page, "db").get_by_role("img").nth(1)
    expect(chart).to_have_attribute("aria-label", re.compile("From callers/s .*To callers/s"))


def test_a_table_sorts_and_filters_by_keyboard(mesh, page):
    for host in [f"s{number}" for number in range(12)]:
        send(mesh.web, host=host, times=2 if host == "s7" else 1)
    live(page, mesh.url)
    services = card(page, "web").get_by_role("region", name="Services of web")
    names = services.locator("tbody .opener")
    expect(names).to_have_count(12)
    heading = services.get_by_role("button", name="Requests", exact=True)
    heading.press("Enter")
    expect(names.first).to_have_text("/svc/s7")
    sorted_by = services.get_by_role("columnheader", name="Requests", exact=True)
    expect(sorted_by).to_have_attribute("aria-sort", "descending")
    page.keyboard.press("/")
    page.keyboard.type("s1")
    expect(names).to_have_count(3)  # s1, s10, s11


def test_a_lost_process_is_told_its_last_figures_stay_and_it_recovers(mesh, tab):
    live(tab, mesh.url)
    total = figure(tab.locator("#totals"), "Total requests")
    send(mesh.web, 7)
    expect(total).to_have_text("7")
    mesh.daemon.stop()
    alert = tab.get_by_role("alert")
    expect(alert).to_contain_text("No answer from the admin server since")
    expect(tab.locator("#link")).to_have_text("No answer")
    expect(tab.locator("body")).to_have_class("stale")
    expect(total).to_have_text("7")
    mesh.daemon.launch()
    mesh.daemon.wait_ready()
    expect(alert).to_be_hidden()
    expect(tab.locator("#link")).to_have_text("Live")
    expect(total).to_have_text("0")
    send(mesh.web, 2)
    expect(total).to_have_text("2")


def test_a_hidden_tab_asks_for_nothing_until_it_is_seen_again(mesh, tab):
    tab.clock.install()
    live(tab, mesh.url)
    tab.evaluate(HIDE, True)
    tab.clock.run_for(2_000)  # a look that was under way when the tab was hidden may end
    tab.asked.clear()
    tab.clock.run_for(60_000)
    assert tab.asked == []
    with tab.expect_request("**/ui/traffic.json*"):
        tab.evaluate(HIDE, False)


def test_the_first_load_is_small_and_of_one_origin(mesh, page):
    sizes = []
    page.on("response", lambda reply: sizes.append(int(reply.headers.get("content-length", 0))))
    live(page, mesh.url)
    assert 0 < sum(sizes) < LIMIT
