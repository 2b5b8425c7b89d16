"""What the soak takes for amiss."""

import os
import time

import pytest

from bench.soak.ledger import Ledger
from bench.soak.watch import LONG_ENOUGH, Taken, Watch


@pytest.fixture
def clock(monkeypatch):
    times = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: times[0])
    return times


def fail(ledger, clock, began, ended):
    clock[0] = ended
    ledger.failed("HTTP", began, OSError("reset"))


def test_what_was_under_way_when_a_process_was_killed_may_fail(clock):
    ledger = Ledger()
    fail(ledger, clock, 1, 9)  # it ended before the kill
    fail(ledger, clock, 9, 11)
    fail(ledger, clock, 12, 12.5)  # before the replacement was there, which is told last
    clock[0] = 13
    ledger.killed(10)
    fail(ledger, clock, 14.5, 14.6)
    fail(ledger, clock, 15.5, 16)
    ledger.judge()
    assert (ledger.explained["HTTP"], ledger.unexplained["HTTP"]) == (3, 2)
    assert ledger.texts == ["HTTP: OSError: reset"] * 2


def taken(memory, files):
    count = int(LONG_ENOUGH) + 1
    return Taken(
        [float(n) for n in range(count)],
        [memory(n / 60) for n in range(count)],
        [files(n / 60) for n in range(count)],
    )


@pytest.mark.parametrize(
    ("memory", "files", "complaints"),
    [
        (lambda _: 50, lambda _: 20, []),
        (lambda minute: 50 + 0.4 * minute, lambda minute: 20 + minute, []),
        (lambda minute: 50 - 5 * minute, lambda minute: 90 - 30 * minute, []),
        (lambda minute: 50 + 1 * minute, lambda _: 20, ["memory grows by 1.96 % a minute"]),
        (lambda _: 50, lambda minute: 20 + 10 * minute, ["15 file descriptors more than at first"]),
    ],
)
def test_growth_is_amiss_and_shrinking_is_not(memory, files, complaints):
    assert taken(memory, files).complaints() == complaints


def test_a_short_look_tells_nothing_of_growth():
    short = Taken([0.0, 60.0], [50.0, 90.0], [20, 900])
    assert short.growth > 1
    assert short.complaints() == []


def test_processes_are_sampled_and_those_that_have_ended_are_left_out():
    watch = Watch()
    watch.look(1.0, {"this": os.getpid(), "none": 1 << 30})
    assert list(watch.taken) == ["this"]
    assert watch.taken["this"].memory[0] > 1
    assert watch.taken["this"].files[0] > 2
