import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.telemetry.histogram import (
    COMMON,
    LARGEST,
    LIMITS,
    bucket,
    merge,
    midpoint,
    summarise,
)
from linkerpy.telemetry.metrics import Stat

VECTORS = Path(__file__).parents[1] / "vectors" / "histogram.jsonl"
VECTORS = [json.loads(line) for line in VECTORS.read_text("utf-8").splitlines()]

samples = st.integers(-5, LARGEST + 5)


@pytest.mark.parametrize(("name", "given_", "expected"), VECTORS, ids=[row[0] for row in VECTORS])
def test_the_figures_of_samples(name, given_, expected):
    stat = Stat()
    for sample in given_:
        stat.add(sample)
    assert list(stat.recent.figures().items()) == list(expected.items())


def test_a_hundred_samples():
    counts = merge({bucket(value): 1} for value in range(1, 101))
    assert summarise(counts, 5050).percentiles == (50, 90, 95, 99, 100, 100)


@pytest.mark.parametrize(
    ("sample", "reported"),
    [(0, 0), (101, 101), (150, 150), (200, 201), (500, 500), (1000, 1003), (10_000, 9987)],
)
def test_a_sample_is_reported_by_the_middle_of_its_bucket(sample, reported):
    assert midpoint(bucket(sample)) == reported


def test_the_limits_are_finagles():
    assert len(LIMITS) == 1797
    assert LIMITS[:101] == list(range(1, 102))
    assert LIMITS[-1] < LARGEST


@given(samples)
def test_a_sample_lies_between_the_limits_of_its_bucket(sample):
    index = bucket(sample)
    assert index == 0 or LIMITS[index - 1] <= sample
    assert index == len(LIMITS) or sample < LIMITS[index]


@given(st.integers(102, LIMITS[-1] - 1))
def test_the_bucket_of_a_large_sample_is_near_its_logarithm(sample):
    assert abs(bucket(sample) - (math.floor(math.log(sample) / math.log(1.01)) - 362)) <= 1


def test_the_table_of_common_samples_agrees_with_the_logarithm():
    assert [bucket(value) for value in range(len(COMMON))] == COMMON


@given(st.lists(samples), st.lists(samples))
def test_merged_parts_are_as_if_counted_together(left, right):
    apart, together = (Stat(), Stat()), Stat()
    for stat, part in zip(apart, (left, right), strict=True):
        for sample in part:
            stat.add(sample)
            together.add(sample)
    merged = merge(stat.counts for stat in apart)
    assert merged == together.counts
    assert summarise(merged, sum(stat.sum for stat in apart)) == together.recent
