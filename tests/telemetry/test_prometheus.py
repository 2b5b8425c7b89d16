import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_om
from prometheus_client.parser import text_string_to_metric_families as parse_text

from linkerpy.router.exchanges import Exchanges
from linkerpy.telemetry.labels import ROOT, exclusive_step, linkerd_step
from linkerpy.telemetry.metrics import SLICES, Metrics, Stat
from linkerpy.telemetry.prometheus import OPEN_METRICS, TEXT, render
from linkerpy.telemetry.prometheus_linkerd import render_linkerd
from tests.telemetry.trees import add, names, tree, trees, vectors

LINKERD = vectors("prometheus_linkerd.jsonl")
OURS = vectors("prometheus.jsonl")


def text(metrics, format_=TEXT, prefix=""):
    return "".join(render(metrics.root, prefix, format_))


def values(metrics, format_=TEXT):
    return [line for line in text(metrics, format_).splitlines() if not line.startswith("#")]


@pytest.mark.parametrize(("name", "rows", "expected"), LINKERD, ids=[row[0] for row in LINKERD])
def test_linkerds_lines(name, rows, expected):
    lines = "".join(render_linkerd(tree(rows).root, "linkerd_")).splitlines()
    assert lines == expected


@pytest.mark.parametrize(("name", "rows", "expected"), OURS, ids=[row[0] for row in OURS])
def test_names_that_mean_one_thing(name, rows, expected):
    assert values(tree(rows)) == expected


def test_names_and_labels_are_linkerds_but_for_exceptions():
    rows = [row for _, some, _ in LINKERD for row in some if {"failures", "exn"}.isdisjoint(row[0])]
    for segments, _, _ in rows:
        ours, theirs = ROOT, ROOT
        for segment in segments:
            ours, theirs = exclusive_step(ours, segment), linkerd_step(theirs, segment)
        assert ours == theirs


def test_every_character_of_the_prefix_is_made_a_letter():
    assert text(tree([[["a"], "counter", 1]]), prefix="my-l5d.").splitlines()[-1] == "my_l5d_a 1"


def test_a_stat_is_a_summary_of_the_minute_with_totals_since_the_start():
    metrics = tree([[["rt", "h", "server", "s", "request_latency_ms"], "minute", [5, 20]]])
    metrics.stat("rt", "h", "server", "s", "request_latency_ms").add(40)
    labels = 'rt="h", server="s"'
    name = "rt:server:request_latency_ms"
    lines = values(metrics)
    assert f'{name}{{{labels}, quantile="1"}} 20' in lines
    assert f"{name}_sum{{{labels}}} 65" in lines
    assert f"{name}_count{{{labels}}} 3" in lines
    assert f"{name}_avg{{{labels}}} 12.5" in lines


def test_totals_do_not_fall_when_a_minute_ends():
    metrics = tree([[["a_ms"], "minute", [7]]])
    for _ in range(SLICES):
        metrics.stat("a_ms").turn(whole=False)
    metrics.stat("a_ms").turn(whole=True)
    lines = values(metrics)
    assert {"a_ms_sum 7", "a_ms_count 1", 'a_ms_hist_bucket{le="10.0"} 1'} <= set(lines)
    assert not any("quantile" in line for line in lines)


def test_a_histogram_counts_what_is_at_most_each_edge():
    lines = values(tree([[["a_ms"], "stat", [0, 1, 1, 2, 9, 10, 11, 250, 99_999]]]))
    found = {
        edge: int(n)
        for edge, n in re.findall(r'a_ms_hist_bucket\{le="(.*?)"\} (\d+)', "\n".join(lines))
    }
    assert found == {
        "0.0": 1, "1.0": 3, "2.0": 4, "5.0": 4, "10.0": 6, "20.0": 7, "50.0": 7, "100.0": 7,
        "200.0": 7, "500.0": 8, "1000.0": 8, "2000.0": 8, "5000.0": 8, "10000.0": 8, "+Inf": 9,
    }  # fmt: skip


def test_open_metrics_keeps_the_names_and_ends_as_it_must():
    metrics = tree([[["rt", "h", "requests"], "counter", 1], [["a"], "minute", [3]]])
    lines = text(metrics, OPEN_METRICS).splitlines()
    assert "# TYPE rt:requests unknown" in lines
    assert 'rt:requests{rt="h"} 1' in lines
    assert 'a{quantile="1.0"} 3' in lines
    assert lines[-1] == "# EOF"


def test_a_tree_that_changes_under_the_renderer_still_makes_a_whole_text():
    metrics = tree([[["rt", "h", "client", str(i), "x_ms"], "stat", [i]] for i in range(20)])
    pieces = []
    for piece in render(metrics.root):
        pieces.append(piece)
        metrics.scope("rt", "h", "client", str(len(pieces))).prune()
        add(metrics, ["rt", "h", "client", f"new{len(pieces)}", "x_ms"], "stat", [1])
        if len(pieces) > 200:
            break
    assert list(parse_text("".join(pieces)))


def test_what_a_recorder_keeps_is_settled_first():
    metrics = Metrics()
    scope = metrics.scope("rt", "h", "server", "s")
    exchanges = scope.recorder(lambda own: Exchanges(own, explained=True, by_status=True))
    exchanges.response(200, True, 5.0)
    assert 'rt:server:status:200{rt="h", server="s"} 1' in text(metrics)
    exchanges.response(200, True, 5.0)
    assert 'rt:server:status:200{rt="h", server="s"} 2' in "".join(render_linkerd(metrics.root))


@given(trees)
@example(tree([[["a"], "stat", [1]], [["a_hist"], "stat", [1]], [["a_sum"], "counter", 1]]))
def test_the_text_always_parses_and_no_series_stands_twice(metrics):
    for format_, parse in ((TEXT, parse_text), (OPEN_METRICS, parse_om)):
        seen = set()
        for family in parse(text(metrics, format_)):
            for sample in family.samples:
                series = (sample.name, *sorted(sample.labels.items()))
                assert series not in seen
                seen.add(series)


@given(trees)
def test_nothing_is_lost_on_the_way(metrics):
    families = list(parse_om(text(metrics, OPEN_METRICS)))
    told = sum(1 for family in families if family.type != "histogram" for _ in family.samples)
    expected = 0
    for _, metric in metrics.walk():
        match metric:
            case Stat(count=0):
                pass
            case Stat(summary=None):
                expected += 2
            case Stat(summary=minute):
                expected += 11 if minute.count else 3
            case _:
                expected += 1
    assert told == expected


@given(st.text(), names)
def test_a_label_comes_back_as_it_was(value, below):
    metrics = Metrics()
    metrics.counter("rt", value, "x", *below).incr()
    for format_, parse in ((TEXT, parse_text), (OPEN_METRICS, parse_om)):
        (family,) = parse(text(metrics, format_))
        assert family.samples[0].labels["rt"] == re.sub("[\ud800-\udfff]", "\ufffd", value)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("cd")), max_size=9))
def test_failures_by_exception_add_up_to_the_total(failed):
    metrics = Metrics().scope("rt", "h", "server", "s", "failures")
    for exception, cause in failed:
        for chain in ((), (exception,), (exception, cause)):
            metrics.counter(*chain).incr()
    lines = values(Metrics(metrics._root))
    parts = [int(line.split()[-1]) for line in lines if "by_exception" in line]
    assert sum(parts) == len(failed)
