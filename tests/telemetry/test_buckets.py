import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.telemetry import buckets
from linkerpy.telemetry.buckets import AMOUNTS, BYTES, DURATIONS, MICROSECONDS, MILLISECONDS
from linkerpy.telemetry.metrics import Stat

ALL = (AMOUNTS, BYTES, DURATIONS, MICROSECONDS, MILLISECONDS)


@pytest.mark.parametrize(
    ("name", "edges"),
    [
        ("rt:server:request_latency_ms", MILLISECONDS),
        ("rt:server:time:2XX", MILLISECONDS),
        ("rt:server:handletime_us", MICROSECONDS),
        ("rt:client:connection_duration", DURATIONS),
        ("rt:server:request:stream:stream_duration_ms", DURATIONS),
        ("rt:client:connection_received_bytes", BYTES),
        ("rt:service:retries:per_request", AMOUNTS),
    ],
)
def test_edges_follow_from_the_name(name, edges):
    assert buckets.edges_of(name) is edges


@given(st.sampled_from(ALL), st.lists(st.integers(0, 2**31)))
def test_buckets_grow_up_to_the_number_of_samples(edges, samples):
    stat = Stat()
    for sample in samples:
        stat.add(sample)
    figures = edges.cumulate(stat.counts)
    assert figures == sorted(figures)
    assert figures[-1] == len(samples)


@given(st.sampled_from(ALL), st.integers(0, 2**31))
def test_an_edge_is_off_by_one_in_two_hundred_at_most(edges, sample):
    stat = Stat()
    stat.add(sample)
    for text, found in zip(edges.texts, edges.cumulate(stat.counts), strict=True):
        edge = float(text)
        if sample <= 101 or not 0.995 <= edge / sample <= 1.005:
            assert found == (sample <= edge)
