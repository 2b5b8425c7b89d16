import pytest

from linkerpy.admin.linkerd_tcp import linkerd_tcp_pages
from linkerpy.net.web import Asked


def asked(method, path):
    return Asked(method, path, {}, "", "", False, b"")


@pytest.fixture
def done():
    return []


@pytest.fixture
def pages(done):
    return linkerd_tcp_pages(
        lambda: "l5d:x 1\n", lambda: done.append("shutdown"), lambda: done.append("abort")
    )


def test_metrics_are_the_last_figures_in_prometheus_text(pages):
    answer = pages["/metrics"](asked("GET", "/metrics"))
    assert (answer.status, answer.body) == (200, b"l5d:x 1\n")
    assert answer.content_type == "text/plain; version=0.0.4"


@pytest.mark.parametrize("page", ["shutdown", "abort"])
def test_the_process_is_ended_by_a_post(pages, done, page):
    answer = pages[f"/{page}"](asked("POST", f"/{page}"))
    assert (answer.status, answer.body, done) == (200, b"", [page])


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/shutdown"), ("GET", "/abort"), ("PUT", "/abort"), ("POST", "/metrics")],
)
def test_any_other_method_finds_nothing_and_does_nothing(pages, done, method, path):
    assert (pages[path](asked(method, path)).status, done) == (404, [])
