"""The dtab playground of a whole process, in a real Chromium."""

import pytest

from tests.browser.test_dashboard import ARGS, DEADLINE

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

CONFIG = """\
admin: {{ip: 127.0.0.1, port: {admin}}}
routers:
- protocol: http
  label: web
  dtab: |
    /v1 => /$/inet/127.0.0.1/8001 ;
    /v2 => /$/inet/127.0.0.1/8002 ;
    /svc/shop => /nowhere | /v1 ;
    /svc/both => 9 * /v1 & 1 * /v2 ;
  servers:
  - {{ip: 127.0.0.1, port: {web}}}
"""


@pytest.fixture
def url(twistd, free_port):
    admin, web = free_port(), free_port()
    twistd(CONFIG.format(admin=admin, web=web), admin_port=admin)
    return f"http://127.0.0.1:{admin}/delegator"


@pytest.fixture
def page(chromium):
    complaints = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        page = browser.new_page()
        page.set_default_timeout(DEADLINE)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        browser.close()
    assert complaints == []


def test_a_fallback_is_explained_from_the_address_alone(page, url):
    page.goto(f"{url}?router=web#/svc/shop")
    taken = page.locator("li.taken.good b")
    expect(taken).to_have_text("127.0.0.1:8001", timeout=DEADLINE)
    expect(page.locator("#result")).to_contain_text("/nowhere")
    expect(page.locator("#result")).to_contain_text("nothing is known by this name")


def test_an_edit_shows_what_it_would_change_and_can_be_sent_on(page, url):
    page.goto(f"{url}#/svc/both")
    page.fill("#dtab", page.input_value("#dtab").replace("9.00*/v1 & /v2", "1 * /v1 & 3 * /v2"))
    page.get_by_role("button", name="Explain").click()
    for line in ("90 % to /$/inet/127.0.0.1/8001", "10 % to /$/inet/127.0.0.1/8002"):
        expect(page.locator(".gone", has_text=line)).to_have_count(1, timeout=DEADLINE)
    for line in ("25 % to /$/inet/127.0.0.1/8001", "75 % to /$/inet/127.0.0.1/8002"):
        expect(page.locator(".new", has_text=line)).to_have_count(1)
    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    expect(page.locator(".new")).to_have_count(2, timeout=DEADLINE)
    page.get_by_role("button", name="Back to the configured one").click()
    expect(page.locator(".new")).to_have_count(0)
    expect(page.locator("#edited")).to_be_hidden()


def test_a_dtab_that_does_not_parse_is_shown_with_the_place(page, url):
    page.goto(url)
    page.fill("#path", "/svc/shop")
    page.fill("#dtab", "/svc => /v1 || /v2")
    page.get_by_role("button", name="Explain").click()
    expect(page.locator(".complaint")).to_contain_text("^", timeout=DEADLINE)


def test_a_hostile_name_is_text(page, url):
    page.goto(url)
    page.fill("#path", "/svc/<img src=x onerror=alert(1)>")
    page.get_by_role("button", name="Explain").click()
    expect(page.locator("#result")).to_contain_text("img src", timeout=DEADLINE)
    expect(page.locator("#result img")).to_have_count(0)
