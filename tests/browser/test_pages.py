"""Every page but the dashboard and the playground, of a whole process, in a real Chromium."""

import json
import re

import pytest

from tests.admin.serving import serving
from tests.browser.conftest import send
from tests.browser.mesh import Mesh

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect


@pytest.fixture(scope="module")
def mesh(started, backend):
    mesh = Mesh(started, backend)
    send(mesh.web, 2, path="/one")
    send(mesh.web, path="/broken", host="cart")
    send(mesh.failing, host="lost")
    return mesh


@pytest.fixture(scope="module")
def bare():
    with serving() as server:
        yield server


def rows(page):
    return page.locator("tbody tr:not(.detail)")


# -- names ----------------------------------------------------------------------------------------


def test_a_name_is_told_with_what_it_stands_for_and_its_addresses(mesh, page):
    page.goto(f"{mesh.url}names")
    row = rows(page).filter(has_text="/svc/shop")
    expect(row).to_contain_text(f"/$/inet/127.0.0.1/{mesh.backend}")
    expect(row.locator(".state")).to_have_text("bound")
    expect(row).to_contain_text(re.compile(r"/\$/inet(?!/)"))  # the namer
    row.get_by_role("button").press("Enter")
    detail = page.locator(".detail")
    expect(detail.locator(".addresses")).to_have_text(f"127.0.0.1:{mesh.backend}")
    expect(detail).to_contain_text("never failed")
    page.get_by_role("link", name="Explain step by step").click()
    expect(page.locator(".steps")).to_contain_text("/svc/shop")


def test_names_are_filtered_by_words_and_by_trouble(mesh, page):
    page.goto(f"{mesh.url}names")
    expect(rows(page)).to_have_count(3)
    page.get_by_label("Find").fill("cart")
    expect(rows(page)).to_have_count(1)
    page.get_by_label("Show").select_option("bad")
    expect(page.locator(".empty")).to_contain_text("No name fits")


def test_without_names_the_page_says_how_one_appears(bare, page):
    page.goto(f"{bare.url}names")
    expect(page.locator(".empty")).to_contain_text("with the first request for it")


def test_a_name_whose_namers_fail_is_told_first_with_the_failure(bare, page):
    calm = {"local": "", "tree": "/#/x", "followed": 9, "changed": 9, "changes": 1, "used": 0}
    leaf = {"id": "/#/io.l5d.fs/x", "residual": "/", "addresses": ["10.0.0.1:80"], "updated": 3}
    calm |= {"leaves": [leaf | {"state": "bound", "trouble": ""}], "failures": 0, "failed": None}
    troubled = {"state": "stale", "failures": 2, "failed": 1, "error": "consul is down"}
    bare.world.names[:] = [
        calm | {"path": "/svc/calm", "state": "bound", "error": ""},
        calm | {"path": "/svc/zoo"} | troubled,
    ]
    page.goto(f"{bare.url}names")
    expect(rows(page).first).to_contain_text("/svc/zoo")
    rows(page).first.get_by_role("button").click()
    expect(page.locator(".detail")).to_contain_text("Failed 2 times, last 1s ago: consul is down")
    bare.world.names.clear()


# -- requests -------------------------------------------------------------------------------------


def test_a_request_opens_to_its_story(mesh, page):
    page.goto(f"{mesh.url}requests")
    row = rows(page).filter(has_text="/one").first
    expect(row).to_contain_text("404")
    row.get_by_role("button").press("Enter")
    story = page.locator(".detail .story")
    expect(story).to_contain_text("identified as /svc/shop")
    expect(story).to_contain_text(f"bound to /$/inet/127.0.0.1/{mesh.backend}")
    expect(story).to_contain_text(f"sent to 127.0.0.1:{mesh.backend}, answered 404 after")


def test_requests_are_filtered_and_the_address_keeps_the_filter(mesh, page):
    page.goto(f"{mesh.url}requests")
    expect(rows(page)).to_have_count(4)
    page.get_by_label("Status").select_option("5xx")
    expect(rows(page)).to_have_count(2)
    page.get_by_label("Service").fill("svc/cart")
    expect(rows(page)).to_have_count(1)
    page.reload()
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_label("Service")).to_have_value("svc/cart")
    page.get_by_label("Slower than").select_option("1000")
    expect(page.locator(".empty")).to_contain_text("No request fits")


def test_where_requests_are_not_kept_the_page_says_what_to_write(bare, tab):
    tab.goto(f"{bare.url}requests")
    expect(tab.locator(".empty pre")).to_contain_text("io.l5d.recentRequests")


# -- metrics --------------------------------------------------------------------------------------


def test_a_metric_is_found_by_words_and_the_address_keeps_them(mesh, page):
    page.goto(f"{mesh.url}admin/metrics#uptime")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("jvm/uptime")
    page.get_by_label("Names that contain").fill("service SHOP requests")
    row = rows(page).filter(has_text="rt/web/service/svc/shop/requests")
    expect(row).to_contain_text("2")
    row.get_by_role("button").press("Enter")
    series = 'rt:service:requests{rt="web", service="svc/shop"}'
    expect(page.locator(".detail code")).to_have_text(series)
    expect(row.locator(".spark path")).to_have_attribute("d", re.compile("^M"))
    assert page.url.endswith("#service%20SHOP%20requests")


# -- logging --------------------------------------------------------------------------------------


def test_a_button_changes_a_level(mesh, page):
    page.goto(f"{mesh.url}logging")
    group = page.get_by_role("group", name="Level of linkerpy.admin", exact=True)
    group.get_by_role("button", name="DEBUG").click()
    pressed = page.locator('[data-logger="linkerpy.admin"] [aria-pressed=true]')
    expect(pressed).to_have_text("DEBUG")
    expect(pressed).to_be_focused()
    levels = {row["logger"]: row["level"] for row in json.loads(mesh.daemon.admin("/logging.json"))}
    assert levels["linkerpy.admin"] == "DEBUG"


def test_whoever_may_not_change_levels_is_told_how_to_be_allowed(mesh, page):
    page.route("**/logging.json", lambda route: route.fulfill(
        headers={"Allow": "GET"}, json=[{"logger": "root", "level": "INFO"}]
    ))  # fmt: skip
    page.goto(f"{mesh.url}logging")
    expect(page.locator("#refused")).to_contain_text("controlEnabled: true")
    expect(page.get_by_role("button", name="DEBUG")).to_be_disabled()


# -- TLS, configuration ---------------------------------------------------------------------------


def test_a_failed_handshake_is_told_with_its_cure(bare, page):
    page.goto(f"{bare.url}tls")
    expect(page.locator(".empty")).to_contain_text("No handshake has failed")
    failed = type("Failed", (), {"cause": "expired", "text": "expired: renew it"})()
    bare.call(bare.world.tls_failures.add, "web", "client", "10.0.0.1:443", failed)
    fault = page.get_by_role("article")
    expect(fault).to_contain_text("10.0.0.1:443")
    expect(fault).to_contain_text("expired: renew it")


def test_who_speaks_tls_is_shown(bare, page):
    scope = bare.world.metrics.scope("rt", "out", "client", "#/io.l5d.fs/web", "tls")
    scope.counter("failures", "wrong_name").incr(3)
    scope.stat("handshake_latency_ms")
    left = scope.gauge("certificate_seconds_left", read=lambda: 86400 * 2)
    careless = scope.gauge("validation_disabled", read=lambda: 1)
    page.goto(f"{bare.url}tls")
    end = rows(page).filter(has_text="/#/io.l5d.fs/web")
    expect(end.locator("td").nth(3)).to_have_text("3")
    expect(end).to_contain_text("2d 0h 0m")
    expect(end).to_contain_text("believed unchecked")
    left.close()
    careless.close()


def test_the_dashboard_warns_of_tls_that_is_not_checked(bare, page):
    page.goto(bare.url)
    page.locator(".card").first.wait_for()
    expect(page.locator("#careless")).to_be_hidden()
    (router,) = bare.world.config["routers"]
    tls = {"disableValidation": True}
    before = bare.world.config
    bare.world.config = before | {
        "routers": [router | {"client": {"configs": [{"tls": tls}]}}],
        "namers": [{"tls": tls | {"enabled": False}}],
    }
    page.goto(bare.url)
    expect(page.locator("#careless")).to_contain_text("is believed: router webtest.")
    bare.world.config = before


def test_the_configuration_is_shown_as_it_could_be_written(bare, page):
    bare.world.config = {
        "admin": {"ip": "localhost", "port": 9990},
        "namers": [{"kind": "io.l5d.consul", "token": "****", "host": "10.0.0.1", "tags": []}],
        "routers": [{"protocol": "http", "dtab": "/a=>/b;/c=>/d", "label": "yes"}],
    }
    page.goto(f"{bare.url}config")
    expect(page.locator("#config")).to_contain_text("routers:")
    assert page.locator("#config").text_content().rstrip() == CONFIG
    expect(page.locator(".masked")).to_have_text('"****"')


CONFIG = """\
admin:
  ip: localhost
  port: 9990
namers:
- kind: io.l5d.consul
  token: "****"
  host: "10.0.0.1"
  tags: []
routers:
- protocol: http
  dtab: |
    /a => /b ;
    /c => /d ;
  label: "yes\""""
