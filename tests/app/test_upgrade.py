"""The process that takes over, as the one before sees it; and twistd's file with the id."""

import os

import pytest

from linkerpy.app.upgrade import READY, PidFile, Predecessor, Successor, Upgrade


@pytest.fixture
def successor():
    """A new process, and what was heard of it."""
    heard = []
    return Successor(heard.append, lambda: heard.append("failed")), heard


def test_it_is_ready_when_it_has_said_its_id(successor):
    process, heard = successor
    process.childDataReceived(5, b"12")
    assert heard == []
    process.childDataReceived(5, b"34\n")
    process.childConnectionLost(5)
    assert heard == [1234]


def test_it_has_failed_if_it_ends_before(successor):
    process, heard = successor
    process.childDataReceived(5, b"12")
    process.childConnectionLost(5)
    assert heard == ["failed"]


def test_it_tells_the_one_before_and_nobody_else():
    read, write = os.pipe()
    environ = {READY: str(write), "HOME": "/"}
    one = Predecessor(environ)
    assert environ == {"HOME": "/"}
    one.tell_ready()
    one.tell_ready()
    with os.fdopen(read) as told:
        assert told.read() == f"{os.getpid()}\n"


def test_without_one_before_nobody_is_told():
    Predecessor({}).tell_ready()


def test_one_that_has_gone_meanwhile_is_no_trouble():
    read, write = os.pipe()
    os.close(read)
    Predecessor({READY: str(write)}).tell_ready()


class TestPidFile:
    """twistd will not start beside a process whose id is in its file."""

    @pytest.fixture
    def path(self, tmp_path):
        path = tmp_path / "twistd.pid"
        path.write_text("1")
        return path

    def test_it_makes_room_and_only_its_own_is_removed_in_the_end(self, path):
        options = {"pidfile": str(path)}
        PidFile(options).step_aside()
        assert not path.exists()
        assert options["pidfile"] == f"{path}.old"
        assert path.with_suffix(".pid.old").read_text() == "1"

    def test_it_is_back_if_the_other_fails(self, path):
        options = {"pidfile": str(path)}
        file = PidFile(options)
        file.step_aside()
        file.step_back()
        assert path.read_text() == "1"
        assert options["pidfile"] == str(path)

    @pytest.mark.parametrize("options", [None, {"pidfile": ""}, {"pidfile": None}])
    def test_there_may_be_none(self, options):
        file = PidFile(options)
        file.step_aside()
        file.step_back()


class FakeReactor:
    """Starts processes in name only."""

    def __init__(self, error=None):
        self.error = error
        self.started = []

    def spawnProcess(self, successor, executable, arguments, **options):
        if self.error is not None:
            raise self.error
        self.started.append((successor, executable, arguments, options))


class TestUpgrade:
    """One after the other."""

    @pytest.fixture
    def upgrade(self):
        """Makes an upgrade, and the list of what came of it."""
        done = []

        def make(reactor):
            pid_file = PidFile(None)
            made = Upgrade(
                reactor, pid_file, "/", list, lambda: done.append("handed over"), done.append
            )
            return made, done

        return make

    def test_all_is_handed_over_when_the_new_process_is_ready(self, upgrade):
        reactor = FakeReactor()
        made, done = upgrade(reactor)
        made.begin()
        made.begin()
        [(successor, _, _, options)] = reactor.started
        assert options["path"] == "/"
        successor.childDataReceived(int(options["env"][READY]), b"7\n")
        assert done == [7, "handed over"]

    def test_one_that_fails_may_be_tried_again(self, upgrade):
        reactor = FakeReactor()
        made, done = upgrade(reactor)
        made.begin()
        reactor.started[0][0].childConnectionLost(3)
        made.begin()
        assert len(reactor.started) == 2
        assert done == []

    def test_one_that_cannot_be_started_has_failed(self, upgrade):
        reactor = FakeReactor(OSError("no more processes"))
        made, done = upgrade(reactor)
        made.begin()
        reactor.error = None
        made.begin()
        assert len(reactor.started) == 1
        assert done == []
