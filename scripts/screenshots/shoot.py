"""Pictures of every admin page, light and dark and as wide as a phone, of a mesh with traffic.

    python scripts/screenshots/shoot.py [FOLDER [SECONDS]]

Starts `demo.py`, lets it run for a while so that the charts have something to show, and writes the
pictures below `build/screenshots`. Needs Debian's chromium.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
SETTLED = 75.0
"""Seconds of traffic before the first picture: more than the minute that success rates are of."""

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {**PHONE, "color_scheme": "light"},
    "phone-dark": {**PHONE, "color_scheme": "dark"},
}
SPLIT = "/svc => /#/io.l5d.fs ; /svc/shop => 1 * /#/io.l5d.fs/shop-v1 & 1 * /#/io.l5d.fs/shop-v2"


class Shot(NamedTuple):
    """A picture: of which page, once what is there, after doing what."""

    name: str
    path: str
    shows: str
    prepare: Callable[[Page], object] = lambda _page: None
    whole: bool = True


def open_row(name: str) -> Callable[[Page], object]:
    """Open the row of that name."""
    return lambda page: page.locator(".opener", has_text=re.compile(name)).first.click()


def split(page: Page) -> None:
    """Try another dtab."""
    page.locator("#dtab").fill(SPLIT.replace(" ; ", " ;\n"))
    page.get_by_role("button", name="Explain").click()
    page.locator(".verdict").wait_for()


SHOTS = (
    Shot("dashboard", "", ".card tbody tr", whole=False),
    Shot("dashboard-whole", "", ".card tbody tr"),
    Shot("client", "?router=web", ".card tbody tr", open_row(r"^/#/io\.l5d\.fs/pay$")),
    Shot("service", "?router=web", ".card tbody tr", open_row("^/svc/shop$")),
    Shot("tcp", "?router=db", ".card tbody tr", open_row("^/#/")),
    Shot("playground", "delegator?router=web#/svc/news", ".steps"),
    Shot("playground-edited", "delegator?router=web#/svc/shop", ".steps", split, whole=False),
    Shot("playground-empty", "delegator", ".empty"),
    Shot("names", "names", "tbody tr", open_row("^/svc/shop$")),
    Shot("requests", "requests", "tbody tr", whole=False),
    Shot("request", "requests?status=5xx", "tbody tr", open_row(""), whole=False),
    Shot("metrics", "admin/metrics#web service shop", "tbody tr", whole=False),
    Shot("metrics-none", "admin/metrics#nothing-like-this", ".empty"),
    Shot("logging", "logging", ".logger", whole=False),
    Shot("tls", "tls", ".fault"),
    Shot("config", "config", ".key-name"),
    Shot("help", "help", "h1"),
)


@contextmanager
def demo() -> Iterator[str]:
    """The mesh; the address of its admin pages."""
    command = [sys.executable, str(HERE / "demo.py")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit("the demo did not start")
        yield json.loads(line)["url"]
    finally:
        process.terminate()
        process.wait(20)


def take(browser: Browser, url: str, folder: Path) -> None:
    """Every picture in every look."""
    for look, options in LOOKS.items():
        context = browser.new_context(**options)
        for shot in SHOTS:
            page = context.new_page()
            page.on("pageerror", lambda error: sys.stderr.write(f"{error}\n"))
            page.goto(url + shot.path)
            page.locator(shot.shows).first.wait_for()
            page.wait_for_timeout(6000 if shot.path.startswith(("?", "admin")) else 1500)
            shot.prepare(page)
            page.wait_for_timeout(1500)
            page.screenshot(path=folder / f"{shot.name}-{look}.png", full_page=shot.whole)
            page.close()
        context.close()


def main() -> None:
    """Take them all."""
    arguments = sys.argv[1:]
    folder = Path(arguments[0]) if arguments else HERE.parents[1] / "build" / "screenshots"
    settled = float(arguments[1]) if len(arguments) > 1 else SETTLED
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("no chromium: apt-get install chromium")
    with demo() as url, sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        browser.new_page().wait_for_timeout(settled * 1000)
        take(browser, url, folder)
        browser.close()
    sys.stdout.write(f"{folder}\n")


if __name__ == "__main__":
    main()
