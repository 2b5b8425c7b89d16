"""Watches on real files, by inotify and by looking."""

import os
import shutil

import pytest
from twisted.internet import task

from linkerpy.net import inotify
from linkerpy.net.files import POLL_INTERVAL, watch_directory, watch_file


class Inotify:
    """Turns a private reactor until the watch tells."""

    def __init__(self, loop):
        self.loop, self.reactor = loop, loop.reactor

    def told(self, calls):
        self.loop.until(lambda: calls, "the change")
        self.loop.turns()
        calls.clear()

    def quiet(self, calls):
        self.loop.turns(10)
        return not calls


class Polled:
    """Moves a clock by hand."""

    def __init__(self):
        self.reactor = task.Clock()

    def told(self, calls):
        self.reactor.pump([POLL_INTERVAL, 0, 0])
        assert calls, "no change was told"
        calls.clear()

    def quiet(self, calls):
        self.reactor.pump([POLL_INTERVAL, POLL_INTERVAL])
        return not calls


@pytest.fixture(params=["inotify", "polled"])
def way(request, loop):
    return Inotify(loop) if request.param == "inotify" else Polled()


@pytest.fixture
def closing():
    handles = []
    yield handles.append
    for handle in handles:
        handle.close()


@pytest.fixture
def watched(way, tmp_path, closing):
    """A directory with one file, and the calls of a watch of either."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "web").write_text("127.0.0.1 1\n")
    calls = []
    closing(watch_directory(way.reactor, str(root), lambda: calls.append(1)))
    closing(watch_file(way.reactor, str(root / "web"), lambda: calls.append(2)))
    return root, calls


def told_both(way, calls):
    """Both watches tell, each once."""
    if isinstance(way, Inotify):
        way.loop.until(lambda: set(calls) == {1, 2}, "both to tell")
        way.loop.turns()
    else:
        way.reactor.pump([POLL_INTERVAL, 0, 0])
    assert sorted(calls) == [1, 2]
    calls.clear()


def test_a_rewritten_file_is_told(way, watched):
    root, calls = watched
    (root / "web").write_text("127.0.0.1 2222\n")
    told_both(way, calls)
    assert way.quiet(calls)


def test_a_file_renamed_over_it_is_told(way, watched):
    root, calls = watched
    (root / ".web.tmp").write_text("127.0.0.1 2\n")
    os.replace(root / ".web.tmp", root / "web")
    told_both(way, calls)


def test_removal_and_return_are_told(way, watched):
    root, calls = watched
    (root / "web").unlink()
    told_both(way, calls)
    (root / "web").write_text("127.0.0.1 3\n")
    told_both(way, calls)


def test_a_new_entry_is_told_to_the_directory_only(way, watched):
    root, calls = watched
    (root / "users").write_text("127.0.0.1 4\n")
    way.loop.until(lambda: calls, "it") if isinstance(way, Inotify) else way.reactor.pump([1, 0])
    assert set(calls) == {1}


def test_a_directory_that_goes_and_returns_is_still_watched(way, watched):
    root, calls = watched
    shutil.rmtree(root)
    told_both(way, calls)
    root.mkdir()
    way.told(calls)
    (root / "web").write_text("back\n")
    told_both(way, calls)


def test_a_directory_that_is_swapped_is_still_watched(way, watched):
    root, calls = watched
    fresh = root.with_name("fresh")
    fresh.mkdir()
    (fresh / "web").write_text("swapped\n")
    root.rename(root.with_name("old"))
    fresh.rename(root)
    told_both(way, calls)
    (root / "web").write_text("changed\n")
    told_both(way, calls)


def test_a_swapped_link_to_the_data_is_told_as_kubernetes_does_it(way, tmp_path, closing):
    mount = tmp_path / "mount"
    for version in ("..v1", "..v2"):
        (mount / version).mkdir(parents=True)
        (mount / version / "web").write_text(version)
    (mount / "..data").symlink_to("..v1")
    (mount / "web").symlink_to("..data/web")
    calls = []
    closing(watch_directory(way.reactor, str(mount), lambda: calls.append(1)))
    closing(watch_file(way.reactor, str(mount / "web"), lambda: calls.append(2)))
    (mount / "..next").symlink_to("..v2")
    os.replace(mount / "..next", mount / "..data")
    shutil.rmtree(mount / "..v1")
    told_both(way, calls)
    assert (mount / "web").read_text() == "..v2"
    (mount / "..v2" / "web").write_text("in place")
    told_both(way, calls)


def test_the_target_of_a_link_elsewhere_is_watched(way, tmp_path, closing):
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.write_text("1")
    (root / "web").symlink_to(elsewhere)
    calls = []
    closing(watch_directory(way.reactor, str(root), lambda: calls.append(1)))
    elsewhere.write_text("22")
    way.told(calls)


def test_a_path_that_does_not_exist_yet_is_waited_for(way, tmp_path, closing):
    calls = []
    path = tmp_path / "a" / "b" / "dtab"
    closing(watch_file(way.reactor, str(path), lambda: calls.append(1)))
    path.parent.mkdir(parents=True)
    path.write_text("/a => /b;")
    way.told(calls)
    path.write_text("/a => /c/d;")
    way.told(calls)


def test_links_in_a_circle_do_not_hang(way, tmp_path, closing):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    calls = []
    closing(watch_file(way.reactor, str(tmp_path / "a"), lambda: calls.append(1)))
    (tmp_path / "b").unlink()
    (tmp_path / "b").write_text("now a file")
    way.told(calls)


def test_a_burst_is_told_once(loop, tmp_path, closing):
    calls = []
    closing(watch_directory(loop.reactor, str(tmp_path), lambda: calls.append(1)))
    for number in range(200):
        (tmp_path / str(number)).write_text("x")
    loop.until(lambda: calls, "the change")
    loop.turns()
    assert calls == [1]


def test_a_file_being_written_is_told_once_it_settles(loop, tmp_path, closing, monkeypatch):
    clock = task.Clock()
    monkeypatch.setattr(loop.reactor, "callLater", clock.callLater)
    monkeypatch.setattr(loop.reactor, "seconds", clock.seconds)
    path = tmp_path / "web"
    path.write_text("")
    calls = []
    closing(watch_file(loop.reactor, str(path), lambda: calls.append(path.read_text())))
    with path.open("w") as file:
        file.write("half of ")
        file.flush()
        loop.turns()
        clock.advance(0.01)
        assert calls == []
        file.write("the whole")
    loop.turns()
    clock.advance(0)
    assert calls == ["half of the whole"]
    with path.open("a") as file:
        file.write(", left open")
        file.flush()
        loop.turns()
        clock.advance(1)
        assert calls[-1] == "half of the whole, left open"


def instances():
    """How many inotify instances this process has open."""
    links = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
    return [os.readlink(link) for link in links if os.path.islink(link)].count("anon_inode:inotify")


def test_a_closed_watch_tells_nothing_and_leaves_nothing(loop, tmp_path):
    calls = []
    before = instances()
    watches = [watch_directory(loop.reactor, str(tmp_path), lambda: calls.append(1))]
    watches.append(watch_file(loop.reactor, str(tmp_path / "x"), lambda: calls.append(1)))
    assert instances() == before + 1
    (tmp_path / "x").write_text("x")
    for watch in watches:
        watch.close()
        watch.close()
    loop.turns()
    assert calls == []
    assert instances() == before


def test_all_watches_of_a_reactor_share_one_instance(loop, tmp_path, closing):
    before = instances()
    for number in range(20):
        closing(watch_file(loop.reactor, str(tmp_path / str(number)), lambda: None))
    assert instances() == before + 1


def test_a_stopping_reactor_gives_the_instance_back(loop, tmp_path, closing):
    before = instances()
    closing(watch_directory(loop.reactor, str(tmp_path), lambda: None))
    loop.reactor.disconnectAll()
    assert instances() == before


@pytest.mark.parametrize("step", ["init", "add"])
def test_exhausted_limits_fall_back_to_looking(loop, tmp_path, closing, monkeypatch, step):
    def exhausted(*args):
        raise inotify.libc.INotifyError("no more")

    monkeypatch.setattr(inotify.libc, step, exhausted)
    clock = task.Clock()
    monkeypatch.setattr(loop.reactor, "callLater", clock.callLater)
    monkeypatch.setattr(loop.reactor, "seconds", clock.seconds)
    calls = []
    closing(watch_directory(loop.reactor, str(tmp_path), lambda: calls.append(1)))
    (tmp_path / "x").write_text("x")
    clock.pump([POLL_INTERVAL, 0])
    assert calls == [1]


def test_lost_events_count_as_a_change(loop, tmp_path, closing):
    calls = []
    closing(watch_directory(loop.reactor, str(tmp_path), lambda: calls.append(1)))
    inotify.Notifier.of(loop.reactor)._dispatch(-1, inotify._Q_OVERFLOW, "")
    loop.until(lambda: calls, "the change")
