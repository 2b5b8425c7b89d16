"""The dashboard of a whole process, in a real Chromium: real traffic, real failures."""

import re
import urllib.error
import urllib.request

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LABEL = "<img src=x onerror=alert(1)> & co"
CONFIG = """\
admin: {{ip: 127.0.0.1, port: {admin}}}
routers:
- protocol: http
  label: web
  dtab: |
    /host => /$/inet/127.0.0.1/{backend} ;
    /svc => /nowhere | /host ;
  servers:
  - {{ip: 127.0.0.1, port: {web}}}
- protocol: http
  label: "{label}"
  dtab: /svc => /$/inet/127.0.0.1/{dead}
  servers:
  - {{ip: 127.0.0.1, port: {failing}}}
"""
DEADLINE = 20_000
HIDE = """hidden => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event('visibilitychange'));
}"""


class Mesh:
    """A process with two routers: `web` leads to NGINX, the other one to a port nobody serves."""

    def __init__(self, twistd, nginx, free_port):
        self.backend = nginx().port
        self.admin, self.web, self.failing, self.dead = (free_port() for _ in range(4))
        self.url = f"http://127.0.0.1:{self.admin}/"
        config = CONFIG.format(label=LABEL, **vars(self))
        self.daemon = twistd(config, admin_port=self.admin)

    def send(self, port, times):
        """Requests through a router; what they come to is for the dashboard to say."""
        for _ in range(times):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Host": "shop"})
            try:
                urllib.request.urlopen(request, timeout=10).close()
            except urllib.error.HTTPError as error:
                error.close()


@pytest.fixture
def mesh(twistd, nginx, free_port):
    return Mesh(twistd, nginx, free_port)


@pytest.fixture
def tab(chromium, mesh):
    """The dashboard after its first look at the process; nobody else may be asked."""
    asked = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        tab = browser.new_page()
        tab.set_default_timeout(DEADLINE)
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(mesh.url)
        expect(tab.locator("#link")).to_have_text("Live", timeout=DEADLINE)
        yield tab
        browser.close()
    assert [url for url in asked if not url.startswith(mesh.url)] == []


@pytest.fixture
def page(tab):
    """The same where the console must stay empty, from a load of the page on."""
    complaints = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.reload()
    expect(tab.locator("#link")).to_have_text("Live", timeout=DEADLINE)
    yield tab
    assert complaints == []


def says(locator, text):
    expect(locator).to_have_text(text, timeout=DEADLINE)


def figure(scope, name):
    """The value beside a name."""
    term = scope.page.get_by_role("term").filter(has_text=re.compile(f"^{re.escape(name)}$"))
    return scope.locator("div").filter(has=term).locator("dd")


def card(page, label):
    return page.get_by_role("region", name=f"Router {label}", exact=True)


def explain(card, path, dtab=None):
    card.get_by_text("Explain a name").click()
    card.get_by_label("Name", exact=True).fill(path)
    if dtab is not None:
        card.get_by_label("Dtab (").fill(dtab)
    card.get_by_role("button", name="Explain").click()


def test_the_count_and_the_rate_move_with_the_traffic(mesh, page):
    totals = page.locator("#totals")
    says(page.locator("#hint code"), f"curl http://localhost:{mesh.web}/")
    says(figure(totals, "Success"), "N/A")
    mesh.send(mesh.web, 25)
    says(figure(totals, "Total requests"), "25")
    says(figure(totals, "Requests/s"), re.compile(r"^[1-9][\d.]*$|^0\.[1-9]$"))
    expect(page.locator("#hint")).to_be_hidden()
    mesh.send(mesh.web, 25)
    says(figure(totals, "Total requests"), "50")
    says(figure(totals, "Success"), "100.00%")
    says(figure(totals, "Requests/s"), "0")


def test_a_client_is_shown_with_its_endpoints_and_addresses(mesh, page):
    mesh.send(mesh.web, 3)
    row = page.get_by_role("row").filter(has_text=f"/$/inet/127.0.0.1/{mesh.backend}")
    expect(row).to_contain_text("1 of 1", timeout=DEADLINE)
    expect(row).to_contain_text(f"127.0.0.1:{mesh.backend}", timeout=DEADLINE)


def test_a_failing_router_shows_its_success_rate_and_spoils_no_other(mesh, page):
    mesh.send(mesh.web, 8)
    mesh.send(mesh.failing, 8)
    bad = figure(card(page, LABEL).locator(".figures"), "Success")
    says(bad, "0.00%")
    expect(bad).to_have_class("bad")
    good = figure(card(page, "web").locator(".figures"), "Success")
    says(good, "100.00%")
    expect(good).to_have_class("good")
    says(figure(page.locator("#totals"), "Success"), "50.00%")
    expect(card(page, LABEL).locator(".chart .failures")).to_have_attribute("d", re.compile("^M"))


def test_a_label_with_markup_is_shown_as_text(page):
    says(card(page, LABEL).get_by_role("heading"), LABEL)
    assert page.locator("main img").count() == 0


def test_a_name_is_explained_with_the_branch_taken(mesh, page):
    explain(card(page, "web"), "/svc/shop")
    steps = card(page, "web").locator(".steps")
    expect(steps.locator("b")).to_have_text(f"127.0.0.1:{mesh.backend}", timeout=DEADLINE)
    refused = steps.locator("li").filter(has_text=re.compile("^/nowhere/shop"))
    chosen = steps.locator("li").filter(has_text=re.compile("^/host/shop"))
    expect(refused).not_to_have_class(re.compile("taken"))
    expect(chosen).to_have_class(re.compile("taken good"))
    expect(chosen).to_contain_text("by /svc => /nowhere | /host")
    expect(steps.get_by_text("taken", exact=True)).to_have_count(1)


@pytest.mark.parametrize(
    ("path", "dtab", "said", "shown"),
    [
        ("svc/shop", None, "Invalid path: '/' expected but 's' found:", "svc/shop\n^"),
        (
            "/svc/shop",
            "/a => /b ;\n/svc => /a b",
            "Invalid dtab: end of input expected but 'b' found, in line 2:",
            "/svc => /a b\n           ^",
        ),
        (
            "/svc/shop",
            "/svc =>",
            "Invalid dtab: simple expected but end of input found:",
            "/svc =>\n       ^",
        ),
    ],
)
def test_a_syntax_error_points_at_its_place(tab, path, dtab, said, shown):
    explain(card(tab, "web"), path, dtab)
    complaint = card(tab, "web").locator(".complaint")
    says(complaint.locator(".bad"), said)
    assert complaint.locator("pre").text_content() == shown


def test_a_lost_process_is_told_its_last_figures_stay_and_it_recovers(mesh, tab):
    total = figure(tab.locator("#totals"), "Total requests")
    mesh.send(mesh.web, 7)
    says(total, "7")
    mesh.daemon.stop()
    alert = tab.get_by_role("alert")
    expect(alert).to_contain_text("No answer from the admin server since", timeout=DEADLINE)
    says(tab.locator("#link"), "No answer")
    expect(tab.locator("body")).to_have_class("stale")
    says(total, "7")
    mesh.daemon.launch()
    mesh.daemon.wait_ready()
    expect(alert).to_be_hidden(timeout=DEADLINE)
    says(tab.locator("#link"), "Live")
    says(total, "0")
    mesh.send(mesh.web, 2)
    says(total, "2")


def test_a_hidden_tab_asks_for_nothing_until_it_is_seen_again(mesh, chromium):
    asked = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        tab = browser.new_page()
        tab.clock.install()
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(mesh.url)
        says(tab.locator("#link"), "Live")
        tab.evaluate(HIDE, True)
        tab.clock.run_for(2_000)  # a look that was under way when the tab was hidden may end
        asked.clear()
        tab.clock.run_for(60_000)
        assert asked == []
        with tab.expect_request("**/admin/metrics.json*", timeout=DEADLINE):
            tab.evaluate(HIDE, False)
        browser.close()
