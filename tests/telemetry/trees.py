"""Metric trees for the exporters' tests: from rows of a file, or made up by hypothesis."""

import json
from pathlib import Path

from hypothesis import strategies as st

from linkerpy.telemetry.metrics import Metrics

VECTORS = Path(__file__).parents[1] / "vectors"


def vectors(name):
    return [json.loads(line) for line in (VECTORS / name).read_text("utf-8").splitlines()]


def tree(rows):
    """Of rows `[names, kind, value]`; a `minute` is a stat whose samples are a minute old."""
    metrics = Metrics()
    for names, kind, value in rows:
        add(metrics, names, kind, value)
    return metrics


def add(metrics, names, kind, value):
    if kind == "counter":
        metrics.counter(*names).incr(value)
    elif kind == "gauge":
        metrics.gauge(*names, read=lambda: float(value))
    else:
        stat = metrics.stat(*names)
        for sample in value:
            stat.add(sample)
        if kind == "minute":
            stat.turn(whole=True)


_NAMES = "a a_sum a_count a_avg a_hist a_bucket a.b a-b le quantile status 200"
_SCOPES = "rt service client server failures exn sourcedfailures"
_known = st.sampled_from(f"{_NAMES} {_SCOPES}".split())
segments = st.one_of(_known, st.text(max_size=6))
names = st.lists(segments, max_size=6)
_metrics = st.one_of(
    st.tuples(names, st.just("counter"), st.integers(0, 9)),
    st.tuples(names, st.just("gauge"), st.floats()),
    st.tuples(names, st.sampled_from(["stat", "minute"]), st.lists(st.integers(0, 20_000))),
)
trees = st.lists(_metrics, max_size=8, unique_by=lambda row: tuple(row[0])).map(tree)
