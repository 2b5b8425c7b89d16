"""Log files: when they roll, what the old ones are called, and what happens when they cannot."""

import os
import time

import pytest
from twisted.logger import globalLogPublisher

from linkerpy.router.rolling_log import LogFiles, RollingLog, RollRule

START = 1_452_115_286  # Wednesday 2016-01-06 21:21:26 UTC
HOUR, DAY = 3600, 86400


@pytest.fixture(params=["UTC", "Asia/Kolkata", "America/New_York"])
def anywhere(request, monkeypatch):
    """Every zone; half an hour off, and with daylight saving, too."""
    yield from _zone(request.param, monkeypatch)


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    yield from _zone("UTC", monkeypatch)


def _zone(name, monkeypatch):
    monkeypatch.setenv("TZ", name)
    time.tzset()
    yield name
    monkeypatch.undo()
    time.tzset()


class Logged:
    """A log file in a directory of its own, and a clock."""

    def __init__(self, directory, policy, name="access.log", start=START, **options):
        self.directory = directory
        self.now = start
        self.log = RollingLog(
            str(directory / name), RollRule(policy), wall=lambda: self.now, **options
        )

    def write(self, *lines):
        self.log.write([line.encode() + b"\n" for line in lines])

    def files(self):
        return {file.name: file.read_text() for file in sorted(self.directory.iterdir())}


@pytest.fixture
def begin(tmp_path):
    made = []

    def start(policy, **options):
        made.append(Logged(tmp_path, policy, **options))
        return made[-1]

    yield start
    for logged in made:
        logged.log.close()


@pytest.fixture
def warnings():
    seen = []
    globalLogPublisher.addObserver(seen.append)
    yield lambda: [
        event["log_format"].format(**event)
        for event in seen
        if event.get("log_namespace") == "linkerpy.accesslog"
    ]
    globalLogPublisher.removeObserver(seen.append)


@pytest.mark.parametrize("policy", ["never", "Never", "sighup"])
def test_some_policies_never_roll_by_themselves(begin, policy):
    logged = begin(policy)
    for _ in range(3):
        logged.write("x" * 1000)
        logged.now += 400 * DAY
    assert list(logged.files()) == ["access.log"]


@pytest.mark.parametrize(
    ("policy", "before", "after", "rolled"),
    [
        ("hourly", 38 * 60 + 33, 38 * 60 + 34, "access-20160106-21.log"),
        ("HOURLY", 0, 38 * 60 + 34, "access-20160106-21.log"),
        ("daily", 2 * HOUR + 38 * 60 + 33, 2 * HOUR + 38 * 60 + 34, "access-20160106.log"),
        # The Sunday after is the 10th, the Wednesday the 13th, the Thursday the 7th.
        ("weekly(1)", 3 * DAY, 4 * DAY, "access-20160106.log"),
        ("weekly(4)", 6 * DAY, 7 * DAY, "access-20160106.log"),
        ("Weekly(5)", 2 * HOUR, DAY, "access-20160106.log"),
    ],
)
def test_a_file_rolls_when_its_time_is_over(begin, policy, before, after, rolled):
    logged = begin(policy)
    logged.write("one")
    logged.now = START + before
    logged.write("two")
    logged.now = START + after
    logged.write("three")
    assert logged.files() == {rolled: "one\ntwo\n", "access.log": "three\n"}


@pytest.mark.parametrize(("policy", "most"), [("hourly", 25), ("daily", 2), ("weekly(3)", 2)])
def test_local_time_decides(begin, anywhere, policy, most):
    logged = begin(policy)
    for quarter in range(4 * 24):
        logged.now = START + quarter * 900
        logged.write(time.strftime("%Y%m%d-%H", time.localtime(logged.now)))
    files = logged.files()
    assert len(files) <= most
    for name, text in files.items():
        if policy != "weekly(3)":
            length = len("20160106-21" if policy == "hourly" else "20160106")
            assert len({line[:length] for line in text.split()}) == 1
            assert name == "access.log" or text[:length] in name


def test_days_of_23_and_25_hours_are_days(begin, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    begins = int(time.mktime((2016, 3, 13, 0, 0, 0, 0, 0, -1)))
    logged = begin("daily", start=begins)
    logged.write("first")
    logged.now += 23 * HOUR - 1
    logged.write("last")
    logged.now += 1
    logged.write("next")
    assert logged.files() == {"access-20160313.log": "first\nlast\n", "access.log": "next\n"}


def test_no_file_grows_beyond_its_size(begin):
    logged = begin("1.kilobyte")
    for number in range(10):
        logged.now += 1
        logged.write(*[f"{number}-{line}".ljust(99) for line in range(3)])
    files = logged.files()
    assert all(len(text) <= 1024 for text in files.values())
    assert "access-20160106-212126.log" in files
    written = "".join(
        files[name] for name in [*sorted(files.keys() - {"access.log"}), "access.log"]
    )
    assert [line.strip() for line in written.splitlines()] == [
        f"{number}-{line}" for number in range(10) for line in range(3)
    ]


def test_a_line_that_is_too_long_has_a_file_of_its_own(begin):
    logged = begin("10.bytes")
    logged.write("x" * 30, "y" * 30)
    assert sorted(map(len, logged.files().values())) == [31, 31]


@pytest.mark.parametrize(
    ("policy", "size"),
    [
        ("10.bytes", 10),
        ("1.byte", 1),
        ("3.Megabytes", 3 << 20),
        ("1.gigabyte", 1 << 30),
        ("2.exabytes", 2 << 60),
        ("daily", None),
    ],
)
def test_sizes(policy, size):
    assert RollRule(policy).size == size


def test_what_rolls_twice_in_a_moment_loses_nothing(begin):
    logged = begin("10.bytes")
    logged.write(*(f"line {number}" for number in range(6)))
    assert sorted("".join(logged.files().values()).split("\n")[:-1]) == [
        f"line {number}" for number in range(6)
    ]
    assert len(logged.files()) == 6


@pytest.mark.parametrize(("keep", "left"), [(2, 3), (0, 1), (-1, 6)])
def test_as_many_old_files_stay_as_are_wanted(begin, tmp_path, keep, left):
    strangers = ["access-other.log", "access.log.1", "access-20160101.txt", "b-20160101.log"]
    for name in strangers:
        (tmp_path / name).write_text("")
    logged = begin("daily", keep=keep)
    for day in range(6):
        logged.now = START + day * DAY
        logged.write(f"day {day}")
        os.utime(logged.log.path, (logged.now, logged.now))
    files = logged.files()
    assert set(strangers) <= files.keys()
    kept = sorted(files.keys() - set(strangers))
    assert len(kept) == left
    if keep == 2:
        assert kept == ["access-20160109.log", "access-20160110.log", "access.log"]


def test_names_without_an_extension(begin):
    logged = begin("daily", name="access")
    logged.write("one")
    logged.now += DAY
    logged.write("two")
    assert list(logged.files()) == ["access", "access-20160106"]


@pytest.mark.parametrize(("append", "text"), [(True, "old\nnew\n"), (False, "new\n")])
def test_a_file_that_is_there_goes_on_or_begins_anew(begin, tmp_path, append, text):
    (tmp_path / "access.log").write_text("old\n")
    logged = begin("never", append=append)
    logged.write("new")
    assert logged.files() == {"access.log": text}


def test_a_file_of_yesterday_rolls_at_once(begin, tmp_path):
    old = tmp_path / "access.log"
    old.write_text("old\n")
    os.utime(old, (START - DAY, START - DAY))
    logged = begin("daily")
    logged.write("new")
    assert logged.files() == {"access-20160105.log": "old\n", "access.log": "new\n"}


def test_directories_on_the_way_are_made(tmp_path):
    log = RollingLog(str(tmp_path / "a" / "b" / "access.log"), RollRule("never"))
    log.write([b"x\n"])
    log.close()
    assert (tmp_path / "a" / "b" / "access.log").read_text() == "x\n"


def test_what_is_no_regular_file_never_rolls(tmp_path):
    path = tmp_path / "pipe.log"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    log = RollingLog(str(path), RollRule("3.bytes"), append=False)
    log.write([b"one\n", b"two\n"])
    log.reopen()
    log.write([b"three\n"])
    log.close()
    assert os.read(reader, 100) == b"one\ntwo\nthree\n"
    os.close(reader)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_renamed_goes_on(begin, monkeypatch, warnings):
    logged = begin("20.bytes")
    monkeypatch.setattr(os, "rename", _refuse)
    for number in range(9):
        logged.write(f"line {number}", "more")
    assert "".join(logged.files().values()).count("line") == 9
    assert len(warnings()) >= 1
    assert f"cannot roll {logged.log.path}: Permission denied" in warnings()[0]


def _refuse(*_args):
    raise PermissionError(13, "Permission denied")


def test_a_full_disk_costs_lines_and_one_warning(begin, warnings):
    full = RollingLog("/dev/full", RollRule("never"))
    for _ in range(3):
        full.write([b"lost\n"])
    full.close()
    assert warnings() == ["cannot write /dev/full: No space left on device"]


def test_a_closed_file_is_written_no_more(begin):
    logged = begin("never")
    logged.log.close()
    logged.write("late")
    logged.log.reopen()
    assert logged.files() == {"access.log": ""}


class TestLogFiles:
    @pytest.fixture
    def logs(self):
        made = LogFiles()
        yield made
        made.close()

    def test_one_path_is_one_file(self, logs, tmp_path):
        path = str(tmp_path / "x.log")
        one = logs.open(path, "daily", append=True, keep=3)
        assert logs.open(path, "Daily", append=True, keep=3) is one
        with pytest.raises(ValueError, match=r"x.log is in use already, with other settings"):
            logs.open(path, "hourly", append=True, keep=3)

    @pytest.mark.parametrize("where", ["", "plain/x.log"])
    def test_a_path_that_cannot_be_written_is_named_with_the_cause(self, logs, tmp_path, where):
        (tmp_path / "plain").write_text("")
        cause = "Not a directory" if where else "Is a directory"
        path = os.path.join(tmp_path, where)
        with pytest.raises(ValueError, match=f"cannot write {path}: {cause}"):
            logs.open(path, "never", append=True, keep=-1)

    @pytest.mark.parametrize("policy", ["sighup", "SigHup", "never"])
    def test_a_hangup_reopens_the_files_that_ask_for_it(self, logs, tmp_path, policy):
        path = tmp_path / "x.log"
        log = logs.open(str(path), policy, append=False, keep=-1)
        assert logs.reopened_on_hangup is (policy != "never")
        log.write([b"before\n"])
        path.rename(tmp_path / "moved.log")
        logs.reopen()
        log.write([b"after\n"])
        moved = (tmp_path / "moved.log").read_text()
        if policy == "never":
            assert moved == "before\nafter\n"
        else:
            assert (moved, path.read_text()) == ("before\n", "after\n")

    def test_what_could_not_be_reopened_is_tried_again(self, logs, tmp_path, warnings):
        path = tmp_path / "logs" / "x.log"
        log = logs.open(str(path), "sighup", append=True, keep=-1)
        path.parent.rename(tmp_path / "away")
        logs.reopen()
        log.write([b"lost\n"])
        path.parent.mkdir()
        log.write([b"kept\n"])
        assert path.read_text() == "kept\n"
        assert warnings() == [f"cannot write {path}: No such file or directory"]


class TestAfterReload:
    """The files of the next configuration."""

    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "x.log"

    @pytest.fixture
    def old(self, path):
        """The file of the configuration before, in use."""
        self.before = LogFiles()
        yield self.before.open(str(path), "daily", append=True, keep=3)
        self.before.close()

    def test_a_file_stays_where_its_settings_have_stayed(self, old, path):
        after = LogFiles(self.before)
        assert after.open(str(path), "daily", append=True, keep=3) is old
        old.release()
        old.write([b"still\n"])
        assert path.read_text() == "still\n"
        old.release()
        old.write([b"closed\n"])
        assert path.read_text() == "still\n"

    def test_other_settings_are_for_another_that_adds_to_it(self, old, path):
        old.write([b"before\n"])
        after = LogFiles(self.before)
        new = after.open(str(path), "hourly", append=False, keep=3)
        new.write([b"new\n"])
        old.write([b"old\n"])
        assert path.read_text() == "before\nnew\nold\n"
        assert new.settings == ("hourly", False, 3)
        after.close()

    def test_a_file_that_nobody_uses_any_more_is_opened_anew(self, old, path):
        old.release()
        after = LogFiles(self.before)
        new = after.open(str(path), "daily", append=True, keep=3)
        assert new is not old
        after.close()

    def test_who_stays_is_respected(self, old, path):
        after = LogFiles(self.before)
        after.keep(str(path))
        with pytest.raises(ValueError, match="in use already, with other settings"):
            after.open(str(path), "hourly", append=True, keep=3)


class TestSeveralProcesses:
    """Two logs of one path in one process stand for those of two workers."""

    @pytest.fixture
    def both(self, tmp_path):
        rule = RollRule("1.kb")
        made = [RollingLog(str(tmp_path / "a.log"), rule, keep=50) for _ in range(2)]
        yield made
        for log in made:
            log.close()

    def test_no_line_is_lost_or_stands_twice_and_no_file_is_too_large(self, both, tmp_path):
        lines = [b"%03d%s\n" % (number, b"." * 60) for number in range(200)]
        for start in range(0, 200, 5):
            both[start // 5 % 2].write(lines[start : start + 5])
        files = list(tmp_path.glob("a*.log"))
        found = [line for file in files for line in file.read_bytes().splitlines(True)]
        assert sorted(found) == lines
        assert len(files) > 10
        assert max(file.stat().st_size for file in files) <= 1024

    def test_what_one_has_renamed_the_other_does_not_rename_again(self, both, tmp_path):
        first, second = both
        first.write([b"1" * 1000 + b"\n"])
        first.write([b"2" * 100 + b"\n"])  # rolls
        second.write([b"3" * 100 + b"\n"])  # finds that it is time, too
        assert len(list(tmp_path.iterdir())) == 2
        assert (tmp_path / "a.log").read_bytes() == b"2" * 100 + b"\n" + b"3" * 100 + b"\n"

    def test_a_shared_file_is_never_emptied(self, tmp_path):
        path = tmp_path / "a.log"
        path.write_bytes(b"there\n")
        files = LogFiles(shared=True)
        log = files.open(str(path), "never", append=False, keep=-1)
        log.write([b"here\n"])
        assert path.read_bytes() == b"there\nhere\n"
        assert log.settings == ("never", False, -1)
        again = LogFiles(files).open(str(path), "hourly", append=False, keep=-1)
        assert path.read_bytes() == b"there\nhere\n"
        for one in (log, again):
            one.close()
