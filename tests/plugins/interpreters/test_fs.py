"""Interpreter `io.l5d.fs`: a dtab in a file that changes."""

import pytest
from twisted.internet.epollreactor import EPollReactor
from twisted.logger import globalLogPublisher

from linkerpy.core.activity import Failed, Ok, Pending
from linkerpy.naming.delegate import Delegator
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.path import Path
from linkerpy.net.live_files import LiveFiles
from linkerpy.plugins.interpreters.fs import DtabFile, FsInterpreterConfig
from tests.support.disk import FakeWatch
from tests.support.env import fake_env
from tests.support.names import FileNamer, Follow
from tests.support.reactors import end_reactor


@pytest.fixture
def logged():
    """The texts that are logged."""
    texts = []

    def observer(event):
        texts.append(event["log_format"].format(**event))

    globalLogPublisher.addObserver(observer)
    yield texts
    globalLogPublisher.removeObserver(observer)


class World:
    """A dtab file in a directory, and the states of its dtab."""

    def __init__(self, directory):
        directory.mkdir()
        self.path = directory / "dtab"
        self.watch = FakeWatch()
        self.file = DtabFile(str(self.path), LiveFiles(self.watch))
        self.states = []

    def follow(self):
        return self.file.dtab.observe(self.states.append)

    def write(self, text):
        self.path.write_text(text, "utf-8")
        self.watch.changed(self.path.parent)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "d")


def test_a_missing_file_is_pending_and_a_dtab_follows_its_file(world):
    handle = world.follow()
    world.write("/a => /b # why\n")
    other = world.path.with_name("other")
    other.write_text("/a => /c", "utf-8")
    other.rename(world.path)
    world.watch.changed(world.path.parent)
    world.path.unlink()
    world.watch.changed(world.path.parent)
    world.write("")
    handle.close()
    assert world.states == [
        Pending(),
        Ok(Dtab.parse("/a => /b")),
        Ok(Dtab.parse("/a => /c")),
        Pending(),
        Ok(Dtab.EMPTY),
    ]
    assert world.watch.directories == []


def test_the_directory_may_be_exchanged(world):
    world.follow()
    world.write("/a => /b")
    directory = world.path.parent
    directory.rename(directory.with_name("old"))
    world.watch.changed(directory.parent)
    directory.mkdir()
    world.write("/a => /c")
    world.watch.changed(directory.parent)
    assert world.states[-1] == Ok(Dtab.parse("/a => /c"))


def test_a_file_that_never_parsed_fails_with_the_place_of_the_mistake(world, logged):
    world.write("/a => /b;\n/c => /d/;")
    world.follow()
    (state,) = world.states
    assert isinstance(state, Failed)
    reason = f"{world.path}:2:10: label char expected but ';' found"
    assert str(state.error) == reason
    assert logged == [f"there is no dtab to bind names with: {reason}"]


def test_a_mistake_leaves_the_previous_dtab_in_use_and_is_logged_once(world, logged):
    world.write("/a => /b")
    world.follow()
    world.file.dtab.observe(lambda state: None)
    world.write("/a => /c;;")
    world.watch.changed(world.path.parent)
    good = Ok(Dtab.parse("/a => /b"))
    assert world.states == [good, good]
    place = f"{world.path}:1:10: '/' expected but ';' found"
    assert logged == [f"the previous dtab stays in use: {place}"]
    world.write("/a => /c")
    assert world.states[-1] == Ok(Dtab.parse("/a => /c"))


def test_a_file_that_cannot_be_read_is_a_mistake_too(world, logged):
    world.write("#" * (1024 * 1024 + 1))
    world.follow()
    assert isinstance(world.states[0], Failed)
    assert "1048577 bytes long" in logged[0]


def test_a_bare_file_name_is_in_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dtab").write_text("/a => /b", "utf-8")
    file = DtabFile("dtab", LiveFiles(FakeWatch()))
    assert file.dtab.sample() == Ok(Dtab.parse("/a => /b"))


def test_names_follow_the_file_on_a_real_disk(tmp_path):
    reactor = EPollReactor()
    path = tmp_path / "dtab"
    path.write_text("/svc => /#/x/a", "utf-8")
    config = FsInterpreterConfig.model_validate({"kind": "io.l5d.fs", "dtabFile": str(path)})
    namers = [(Path.parse("/#/x"), FileNamer("/#/x", ["/a", "/b"]))]
    subject = config.build(fake_env(reactor), namers)
    assert isinstance(subject, Delegator)
    view = Follow(subject.bind(Dtab.EMPTY, Path.parse("/svc/r")))
    assert view.last == ("ok", "/#/x/a[/r]")
    path.write_text("/svc => /#/x/b", "utf-8")
    for _ in range(50):
        if view.last == ("ok", "/#/x/b[/r]"):
            break
        reactor.iterate(0.2)
    assert view.last == ("ok", "/#/x/b[/r]")
    view.handle.close()
    end_reactor(reactor)
