"""Fixtures every test may use, tiers by directory, and what was skipped for lack of what.

`free_port()`, `nginx(...)` and `twistd(...)` are factories; what they start ends with the test.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.support import needs, processes
from tests.support.daemon import Daemon
from tests.support.nginx import Nginx

TESTS = Path(__file__).parent
TIERS = ("e2e", "packaging", "browser")

# A law that fails on one machine must fail on all: `ci` draws the same examples every time.
settings.register_profile("ci", derandomize=True, deadline=None, database=None)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "dev")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark a test by the directory of its tier."""
    for item in items:
        first = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
        if first in TIERS:
            item.add_marker(first)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name what was missing, and the cure."""
    if needs.LACKED:
        terminalreporter.section("skipped for lack of")
        for what, cure in sorted(needs.LACKED.items()):
            terminalreporter.line(f"{what}: {cure}")


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    """Ends what a test started, last first, whatever the test came to."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A port of 127.0.0.1 that nothing listens on; another one each call."""
    return processes.free_port


@pytest.fixture
def nginx(tmp_path_factory: pytest.TempPathFactory, cleanup: ExitStack) -> Callable[..., Nginx]:
    """Starts a real NGINX: `nginx(page="...", server="location ... {}", port=...)`."""
    binary = needs.program("nginx")

    def start(page: str = "hello from nginx\n", **options: Any) -> Nginx:
        backend = Nginx(binary, tmp_path_factory.mktemp("nginx"), **options)
        backend.html.mkdir()
        (backend.html / "index.html").write_text(page, "utf-8")
        backend.start()
        cleanup.callback(backend.stop)
        return backend

    return start


@pytest.fixture
def twistd(tmp_path_factory: pytest.TempPathFactory, cleanup: ExitStack) -> Callable[..., Daemon]:
    """Starts `twistd -n linkerpy`: `twistd(config, admin_port=..., wait=True)`.

    `wait=False` leaves it to the test to wait, for a configuration that must fail.
    """

    def start(config: str, admin_port: int, *, wait: bool = True, **options: Any) -> Daemon:
        directory = tmp_path_factory.mktemp("twistd")
        daemon = Daemon(config, directory, admin_port, **options)
        daemon.launch()
        cleanup.callback(daemon.stop)
        if wait:
            daemon.wait_ready()
        return daemon

    return start


@pytest.fixture
def chromium() -> str:
    """The path of Debian's Chromium; playwright is given it as executable_path."""
    return needs.program("chromium")
