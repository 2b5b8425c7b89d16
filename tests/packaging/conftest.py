"""One copy of the sources and one wheel for all packaging tests; a fresh environment for each."""

from pathlib import Path

import pytest

from tests.packaging import installs


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout. Tests that install from it in place take `own_source`."""
    return installs.copy_source(tmp_path_factory.mktemp("source") / "checkout")


@pytest.fixture
def own_source(tmp_path: Path) -> Path:
    """A copy of the checkout for this test alone."""
    return installs.copy_source(tmp_path / "check out")


@pytest.fixture(scope="session")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built of the sources."""
    return installs.build_wheel(source, tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def install(tmp_path: Path) -> installs.Install:
    """A fresh environment without this project."""
    return installs.fresh(tmp_path / "fresh")
