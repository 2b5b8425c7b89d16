"""LiveFiles: entries and contents that follow the disk."""

import errno
import os
import socket
import time

import pytest

from linkerpy.core.activity import Failed, Ok
from linkerpy.net import live_files
from linkerpy.net.live_files import Directory, LiveFiles, RegularFile, look, read_regular
from tests.support.disk import FakeWatch


@pytest.fixture
def watch():
    return FakeWatch()


@pytest.fixture
def files(watch):
    return LiveFiles(watch)


def record(var):
    seen = []
    return seen, var.observe(seen.append)


def test_an_entry_follows_what_is_at_its_path(tmp_path, watch, files):
    path = tmp_path / "x"
    seen, handle = record(files.entry(str(path)))
    path.write_text("a", "utf-8")
    watch.changed(tmp_path)
    path.write_text("b", "utf-8")
    watch.changed(tmp_path)
    path.unlink()
    path.mkdir()
    watch.changed(tmp_path)
    found = path.stat()
    handle.close()
    assert seen == [Ok(None), Ok(RegularFile()), Ok(Directory((found.st_dev, found.st_ino)))]
    assert watch.directories == []


def test_a_content_follows_its_file(tmp_path, watch, files):
    path = tmp_path / "x"
    seen, _ = record(files.content(str(path), 9))
    for text in ("one", "one", "two"):
        path.write_text(text, "utf-8")
        watch.changed(tmp_path)
    other = tmp_path / "y"
    other.write_text("new", "utf-8")
    other.rename(path)
    watch.changed(tmp_path)
    path.unlink()
    watch.changed(tmp_path)
    assert seen == [Ok(None), Ok(b"one"), Ok(b"two"), Ok(b"new"), Ok(None)]


def test_a_symbolic_link_is_followed_to_where_its_file_changes(tmp_path, watch, files):
    for name in ("here", "there", "elsewhere"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name, "utf-8")
    link = tmp_path / "here" / "link"
    link.symlink_to("../there/file")
    seen, handle = record(files.content(str(link), 99))
    assert watch.directories == [str(tmp_path / "here"), str(tmp_path / "there")]
    (tmp_path / "there" / "file").write_text("changed", "utf-8")
    watch.changed(tmp_path / "there")
    link.unlink()
    link.symlink_to("../elsewhere/file")
    watch.changed(tmp_path / "here")
    assert watch.directories == [str(tmp_path / "elsewhere"), str(tmp_path / "here")]
    handle.close()
    assert watch.directories == []
    assert seen == [Ok(b"there"), Ok(b"changed"), Ok(b"elsewhere")]


def test_one_watch_serves_all_who_look_into_a_directory(tmp_path, watch, files):
    handles = [record(files.entry(str(tmp_path / name)))[1] for name in "abc"]
    assert watch.directories == [str(tmp_path)]
    for handle in handles:
        handle.close()
    assert watch.directories == []


def test_a_directory_that_took_the_name_of_another_is_watched_anew(tmp_path, watch, files):
    directory = tmp_path / "d"
    directory.mkdir()
    record(files.changes(str(directory)))
    directory.rename(tmp_path / "old")
    directory.mkdir()
    seen, _ = record(files.changes(str(directory)))
    assert watch.directories == [str(directory)] * 2
    watch.watchers[1][1]()
    assert seen == [0, 1]


def test_a_directory_that_is_not_there_is_silent(tmp_path, watch, files):
    seen, handle = record(files.changes(str(tmp_path / "none")))
    handle.close()
    assert seen == [0]
    assert watch.directories == []


def test_a_directory_that_cannot_be_watched_is_read_all_the_same(tmp_path, watch, files):
    watch.refuse = OSError(errno.ENOSPC, "no watches left")
    (tmp_path / "x").write_text("a", "utf-8")
    seen, handle = record(files.content(str(tmp_path / "x"), 9))
    handle.close()
    assert seen == [Ok(b"a")]


def test_a_long_file_fails(tmp_path, files):
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert read_regular(str(path), 5) == b"12345"
    state = files.content(str(path), 4).sample()
    assert isinstance(state, Failed)
    assert str(state.error) == f"file {path} is 5 bytes long; 4 are allowed"


def test_what_is_no_regular_file_is_neither_opened_nor_waited_for(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
    for path in (tmp_path / "fifo", tmp_path / "socket", "/dev/null", tmp_path):
        assert read_regular(str(path), 9) is None
    assert look(str(tmp_path / "fifo")) is None


@pytest.mark.parametrize("trap", ["fifo", "gone"])
def test_a_file_that_turns_into_something_else_while_it_is_opened(tmp_path, monkeypatch, trap):
    path = tmp_path / "x"
    path.write_bytes(b"a")
    real = os.open

    def switch(name, *args, **kwargs):
        path.unlink()
        if trap == "fifo":
            os.mkfifo(path)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(os, "open", switch)
    assert read_regular(str(path), 9) is None


def test_names_that_cannot_exist_are_not_there(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_bytes(b"")
    for name in ("x" * 300, "loop/x", "file/x", "none/x"):
        assert look(str(tmp_path / name)) is None


def test_a_refusal_is_not_taken_for_absence(tmp_path, monkeypatch, files):
    path = tmp_path / "x"
    path.write_bytes(b"a")

    def refuse(name, *args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied", name)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        assert isinstance(files.content(str(path), 9).sample(), Failed)
    monkeypatch.setattr(os, "stat", refuse)
    with pytest.raises(PermissionError):
        look(str(path))


def test_a_file_whose_status_is_unchanged_for_a_while_is_not_read_again(
    tmp_path, watch, files, monkeypatch
):
    path = tmp_path / "x"
    path.write_bytes(b"a")
    reads = []

    def counting(name, limit):
        reads.append(name)
        return read_regular(name, limit)

    later = time.time_ns() + 3600 * 10**9
    monkeypatch.setattr(live_files, "read_regular", counting)
    monkeypatch.setattr(live_files.time, "time_ns", lambda: later)
    seen, _ = record(files.content(str(path), 9))
    watch.changed(tmp_path)
    assert len(reads) == 1
    path.write_bytes(b"bb")
    watch.changed(tmp_path)
    assert len(reads) == 2
    assert seen == [Ok(b"a"), Ok(b"bb")]
