"""The dtab playground of a whole process, in a real Chromium."""

import pytest

from tests.browser.mesh import Mesh

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect


@pytest.fixture(scope="module")
def mesh(started, backend):
    return Mesh(started, backend)


@pytest.fixture
def url(mesh):
    return f"{mesh.url}delegator"


def explain(page, path, dtab=None):
    page.get_by_label("Name", exact=True).fill(path)
    if dtab is not None:
        page.locator("#dtab").fill(dtab)
    page.get_by_role("button", name="Explain").click()


def test_a_fallback_is_explained_from_the_address_alone(mesh, page, url):
    page.goto(f"{url}?router=web#/svc/shop")
    steps = page.locator(".steps")
    expect(steps.locator("li.taken.good b")).to_have_text(f"127.0.0.1:{mesh.backend}")
    refused = steps.locator("li").filter(has_text="nothing is known by this name").last
    expect(refused).to_contain_text("/nowhere/shop")
    chosen = steps.locator("li.taken.good").filter(has_text="by /svc => /nowhere | /host").last
    expect(chosen).to_contain_text("/host/shop")
    expect(steps.get_by_text("taken", exact=True)).to_have_count(1)


def test_a_union_is_explained_with_its_weights(mesh, page, url):
    page.goto(f"{url}?router=web#/svc/both")
    steps = page.locator(".steps")
    expect(steps.locator(".weight")).to_have_text(["9 × ", "1 × "])
    expect(steps).to_contain_text("each of these, by weight")
    for port in (mesh.backend, mesh.dead):
        taken = steps.locator("li.taken.good > .addresses b", has_text=f"127.0.0.1:{port}")
        expect(taken).to_have_count(1)


def test_an_edit_shows_what_it_would_change_and_can_be_sent_on(mesh, page, url):
    page.goto(f"{url}#/svc/both")
    expect(page.locator(".steps")).to_have_count(1)
    before = page.input_value("#dtab")
    explain(page, "/svc/both", before.replace("9.00*/host & /other", "1 * /host & 3 * /other"))
    for line in (f"90 % to /$/inet/127.0.0.1/{mesh.backend}", "10 % to "):
        expect(page.locator(".gone", has_text=line)).to_have_count(1)
    for line in (f"25 % to /$/inet/127.0.0.1/{mesh.backend}", "75 % to "):
        expect(page.locator(".new", has_text=line)).to_have_count(1)
    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    expect(page.locator(".new")).to_have_count(2)
    page.get_by_role("button", name="Back to the configured one").click()
    expect(page.locator(".new")).to_have_count(0)
    expect(page.locator("#edited")).to_be_hidden()


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
def test_a_syntax_error_points_at_its_place(tab, url, path, dtab, said, shown):
    tab.goto(url)
    expect(tab.locator("#path")).to_be_focused()
    explain(tab, path, dtab)
    complaint = tab.locator(".complaint").last
    expect(complaint.locator(".bad")).to_have_text(said)
    assert complaint.locator("pre").text_content() == shown
