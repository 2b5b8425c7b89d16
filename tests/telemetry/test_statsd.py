from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.telemetry.metrics import Metrics
from linkerpy.telemetry.statsd import MAX_PACKET, MOST_SAMPLES, Flushes, packets, statsd_name
from tests.telemetry.trees import names, trees, vectors


def flushes(metrics, rate=1.0):
    return Flushes(metrics.root, "l5d", rate, Random(7))


def told(flush, **how):
    return [line for line in flush.lines(**how) if line]


@pytest.mark.parametrize(("segments", "expected"), vectors("statsd_names.jsonl"))
def test_names(segments, expected):
    assert statsd_name("linkerd", segments) == f"linkerd.{expected}"


def test_a_counter_tells_what_it_grew_by_and_nothing_when_it_did_not():
    metrics = Metrics()
    flush = flushes(metrics)
    metrics.counter("a", "b").incr(123)
    assert told(flush) == ["l5d.a.b:123|c"]
    assert told(flush) == []
    metrics.counter("a", "b").incr(2)
    assert told(flush) == ["l5d.a.b:2|c"]


def test_a_scope_that_went_and_came_again_begins_anew():
    metrics = Metrics()
    flush = flushes(metrics)
    metrics.counter("a", "b").incr(100)
    told(flush)
    metrics.scope("a").prune()
    metrics.counter("a", "b").incr(101)
    assert told(flush) == ["l5d.a.b:101|c"]


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        (1.0, ["l5d.g:1|g"]),
        (0.1234567, ["l5d.g:0.123457|g"]),
        (2e9, ["l5d.g:2000000000|g"]),
        (-5.5, ["l5d.g:0|g\nl5d.g:-5.5|g"]),
        (float("inf"), []),
    ],
)
def test_a_gauge_tells_its_value_each_time(value, lines):
    metrics = Metrics()
    metrics.gauge("g", read=lambda: value)
    flush = flushes(metrics)
    assert told(flush) == told(flush) == lines
    assert told(flush, gauges=False) == []


def test_a_gauge_that_nobody_feeds_is_silent():
    metrics = Metrics()
    metrics.gauge("g", read=lambda: 1).close()
    assert told(flushes(metrics)) == []


def test_samples_are_told_once_as_whole_milliseconds():
    metrics = Metrics()
    flush = flushes(metrics)
    metrics.stat("s").add(123.4)
    metrics.stat("s").add(7)
    metrics.stat("s").add(7)
    assert sorted(told(flush)) == ["l5d.s:123|ms", "l5d.s:7|ms", "l5d.s:7|ms"]
    metrics.stat("s").turn(whole=True)
    assert told(flush) == []
    metrics.stat("s").add(8)
    assert told(flush) == ["l5d.s:8|ms"]


def test_a_share_of_the_samples_is_told_with_the_rate():
    metrics = Metrics()
    metrics.stat("s").add(5, 10_000)
    lines = told(flushes(metrics, rate=0.01))
    assert set(lines) == {"l5d.s:5|ms|@0.010000"}
    assert 60 < len(lines) < 140  # four deviations of a binomial draw; the seed is fixed


def test_a_rate_of_nothing_tells_counters_still():
    metrics = Metrics()
    metrics.stat("s").add(5, 10_000)
    metrics.counter("c").incr()
    assert told(flushes(metrics, rate=0.0)) == ["l5d.c:1|c"]


def test_a_stat_with_very_many_samples_lowers_its_rate_and_says_so():
    metrics = Metrics()
    metrics.stat("s").add(5, 1_000_000)
    lines = told(flushes(metrics))
    assert set(lines) == {"l5d.s:5|ms|@0.000250"}
    assert abs(len(lines) - MOST_SAMPLES) < 70


def test_a_flush_that_was_broken_off_repeats_nothing():
    metrics = Metrics()
    flush = flushes(metrics)
    for name in "abc":
        metrics.counter(name).incr(10)
    told(flush)
    for name in "abc":
        metrics.counter(name).incr(1)
    broken = flush.lines()
    assert next(broken) == "l5d.a:1|c"
    broken.close()
    assert told(flush) == ["l5d.b:1|c", "l5d.c:1|c"]


@given(st.lists(st.text("ab:|", max_size=500)), st.integers(1, 3))
def test_packets_hold_all_lines_in_order_and_are_bounded(lines, repeat):
    lines = lines * repeat
    made = [packet for packet in packets(lines) if packet]
    assert b"\n".join(made).decode().split("\n") == ([line for line in lines if line] or [""])
    assert all(len(packet) <= MAX_PACKET for packet in made)


def test_a_line_longer_than_a_packet_has_one_of_its_own():
    assert [p for p in packets(["a", "b" * 2000, "c"]) if p] == [b"a", b"b" * 2000, b"c"]


@given(trees)
def test_every_line_is_one_of_the_protocol(metrics):
    for line in told(flushes(metrics, rate=0.5)):
        for part in line.split("\n"):
            name, value = part.split(":")
            assert name.isascii()
            float(value.split("|")[0])


@given(names, st.lists(st.integers(1, 9)))
def test_what_is_told_adds_up(segments, steps):
    metrics = Metrics()
    flush = flushes(metrics)
    found = 0
    for step in steps:
        metrics.counter(*segments).incr(step)
        found += sum(int(line.split(":")[1].split("|")[0]) for line in told(flush))
    assert found == sum(steps)
