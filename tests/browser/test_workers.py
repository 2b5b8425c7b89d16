"""The workers of a process on its dashboard, in a real Chromium."""

import os
import signal

import pytest

from tests.e2e.crew import Backend, Crew, ask

sync_api = pytest.importorskip("playwright.sync_api")


def rows(page):
    return page.locator("#workers tbody tr")


def test_each_worker_has_a_row_that_says_how_it_does(page, twistd, free_port, cleanup):
    backend = Backend()
    cleanup.callback(backend.stop)
    crew = Crew(twistd, free_port, backend).serving()
    for _ in range(20):
        ask(crew.client())
    page.goto(f"http://127.0.0.1:{crew.admin_port}/")
    page.get_by_role("heading", name="Workers").wait_for()
    assert rows(page).count() == 2
    for row, worker in zip(rows(page).all(), crew.workers(), strict=True):
        text = row.inner_text()
        assert f"process {worker['pid']}" in text
        assert "serving" in text
        assert str(worker["requests"]) in text.split("\t")
    old = crew.pids()[2]
    os.kill(old, signal.SIGKILL)
    sync_api.expect(rows(page).nth(1).locator("td").last).to_have_text("1", timeout=20_000)
    sync_api.expect(rows(page).nth(1)).not_to_contain_text(str(old))
    link = page.get_by_role("link", name="Worker 1").get_attribute("href")
    assert "worker=1" in link


def test_a_process_that_serves_by_itself_shows_none(page, twistd, free_port, cleanup):
    backend = Backend()
    cleanup.callback(backend.stop)
    crew = Crew(twistd, free_port, backend, workers=1)
    crew.daemon.wait_ready()
    page.goto(f"http://127.0.0.1:{crew.admin_port}/")
    page.locator(".card").first.wait_for()
    assert not page.locator("#workers").is_visible()
