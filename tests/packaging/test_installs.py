"""However it is installed, `twistd linkerpy` works from any directory."""

import os
import pickle
import shutil
from pathlib import Path

import pytest

from tests.packaging.installs import Install, build_wheel, run
from tests.support import needs


def knows_linkerpy(install: Install, *prefix: str, **env: str) -> None:
    """Check both that twistd lists the plugin and that the plugin's options load."""
    listed = install.run(*prefix, *install.twistd, "--help", **env)
    assert "linkerpy " in listed, listed
    options = install.run(*prefix, *install.twistd, "-n", "linkerpy", "--help", **env)
    assert "--config" in options, options


def test_a_wheel_brings_the_plugin(install: Install, wheel: Path) -> None:
    install.pip_install(wheel)
    knows_linkerpy(install)


def test_pip_install_of_the_directory_brings_the_plugin(install: Install, own_source: Path) -> None:
    install.pip_install(own_source)
    shutil.rmtree(own_source)
    knows_linkerpy(install)


@pytest.mark.parametrize("mode", [[], ["--config-settings", "editable_mode=compat"]])
def test_an_editable_install_brings_the_plugin(
    install: Install, own_source: Path, mode: list[str]
) -> None:
    install.pip_install(*mode, "-e", own_source)
    knows_linkerpy(install)
    (own_source / "linkerpy/app/tap.py").write_text('raise SystemExit("edited")')
    with pytest.raises(AssertionError, match="edited"):
        knows_linkerpy(install)


def test_a_bare_checkout_works_by_pythonpath(install: Install, own_source: Path) -> None:
    knows_linkerpy(install, PYTHONPATH=str(own_source))


def test_the_console_script_is_installed(install: Install, wheel: Path) -> None:
    install.pip_install(wheel)
    assert "check" in install.run(install.venv / "bin/linkerpy", "--help")


def test_an_uninstall_leaves_twisted_whole(install: Install, wheel: Path) -> None:
    before = names(install.site / "twisted")
    install.pip_install(wheel)
    install.run(install.venv / "bin/python", "-m", "pip", "uninstall", "-qy", "linkerpy")
    assert names(install.site / "twisted") == before
    assert not (install.site / "linkerpy").exists()


@pytest.mark.parametrize("cache", [pickle.dumps({}), b"not a pickle", b""])
def test_a_stale_or_broken_plugin_cache_does_not_hide_the_plugin(
    install: Install, wheel: Path, cache: bytes
) -> None:
    install.pip_install(wheel)
    dropin = install.site / "twisted/plugins/dropin.cache"
    dropin.write_bytes(cache)
    os.utime(dropin, (2**31, 2**31))
    knows_linkerpy(install)


def test_the_plugin_is_found_where_no_cache_can_be_written(install: Install, wheel: Path) -> None:
    install.pip_install(wheel)
    plugins = install.site / "twisted/plugins"
    plugins.chmod(0o555)
    # Root writes where it may not, unless that one privilege is dropped.
    drop = ["--bounding-set=-dac_override", "--inh-caps=-dac_override"]
    mortal = [needs.program("setpriv", "util-linux"), *drop] if os.geteuid() == 0 else []
    knows_linkerpy(install, *mortal)
    assert not (plugins / "dropin.cache").exists()


def test_the_wheel_holds_the_package_and_the_plugin_and_nothing_else(
    install: Install, wheel: Path, source: Path
) -> None:
    install.pip_install("--no-compile", "--target", install.elsewhere / "target", wheel)
    inside = names(install.elsewhere / "target")
    expected = {f"linkerpy/{name}" for name in names(source / "linkerpy")}
    expected.add("twisted/plugins/linkerpy_plugin.py")
    expected.add("bin/linkerpy")
    assert {name for name in inside if ".dist-info/" not in name} == expected


def test_the_source_archive_builds_the_same_wheel(
    install: Install, own_source: Path, wheel: Path, tmp_path: Path
) -> None:
    python = install.venv / "bin/python"
    build = "import setuptools.build_meta as b; b.build_sdist('dist')"
    (own_source / "dist").mkdir()
    run(python, "-c", build, cwd=own_source)
    (archive,) = (own_source / "dist").glob("*.tar.gz")
    shutil.unpack_archive(archive, tmp_path / "unpacked")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    again = build_wheel(unpacked, tmp_path / "again")
    install.pip_install("--no-compile", "--target", tmp_path / "a", wheel)
    install.pip_install("--no-compile", "--target", tmp_path / "b", again)
    assert names(tmp_path / "b") == names(tmp_path / "a")
    for needed in ("tests/conftest.py", "conf/webtest.yml", "Makefile", "scripts/venv.sh"):
        assert (unpacked / needed).is_file()


def names(directory: Path) -> set[str]:
    """Return the files under a directory, without what running leaves there."""
    return {
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != "dropin.cache"
    }
