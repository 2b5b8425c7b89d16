"""The benchmark's reading of wrk, and its figures."""

import json

import pytest

from bench import layers, load, report
from bench.processes import BenchError

WRK = """Running 3s test @ http://127.0.0.1:8080/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     5.53ms    1.20ms  18.59ms   71.00%
  Latency Distribution
     50%  980.00us
     75%    6.10ms
     90%    7.00ms
     99%   18.59ms
  34611 requests in 3.01s, 9.87MB read
Requests/sec:  11498.67
"""


def test_what_wrk_counted_is_read_in_seconds_and_milliseconds():
    assert load.parse(WRK) == load.Load(34611, 3.01, 0.98, 18.59)


@pytest.mark.parametrize(
    "line",
    [
        "  Non-2xx or 3xx responses: 12\n",
        "  Socket errors: connect 0, read 3, write 0, timeout 0\n",
    ],
)
def test_a_round_with_errors_measures_nothing(line):
    with pytest.raises(BenchError, match=r"errors|Non-2xx"):
        load.parse(WRK + line)


def test_the_table_compares_medians_with_nginx():
    def measured(name, *costs):
        return report.Measured(name, [report.Round(cost, 1000, 1, 2) for cost in costs], 50)

    lines = report.table([measured("linkerpy", 90, 60, 61), measured("nginx", 30, 31, 29)])
    assert lines.splitlines()[1].split()[:4] == ["linkerpy", "61.0", "(60-90)", "2.03"]
    assert lines.splitlines()[2].split()[:4] == ["nginx", "30.0", "(29-31)", "1.00"]


def test_single_rounds_are_saved(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    one = report.Measured("linkerpy", [report.Round(61.0, 1000, 1, 2)], 50)
    saved = json.loads(report.save([one], {"rounds": 1}).read_text())
    assert saved["results"][0]["us_per_request"] == 61.0
    assert saved["results"][0]["rounds"][0]["p99_ms"] == 2
    assert saved["settings"] == {"rounds": 1}


def test_every_layer_of_the_default_stacks_is_timed(monkeypatch):
    monkeypatch.setattr(layers, "_LOOPS", 1)
    monkeypatch.setattr(layers, "_ROUNDS", 1)
    names = [name for name, _ in layers.costs()]
    assert {name.split(": ")[0] for name in names} == {"server", "path", "bound", "client"}
    assert "server: server_stats" in names
