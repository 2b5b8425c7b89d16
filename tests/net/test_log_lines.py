"""Log lines: linkerd's text, JSON, and what cannot pass for a line of its own."""

import io
import json
import time

import pytest
from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

from linkerpy.net.log_lines import json_line, observer, retold, text_line, told

MOMENT = 1519468460.239


@pytest.fixture(autouse=True)
def _utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def event(text="Logging useful info", level=LogLevel.info, **more):
    return {
        "log_time": MOMENT,
        "log_level": level,
        "log_namespace": "linkerpy",
        "log_format": text,
        **more,
    }


def test_a_line_is_linkerds():
    assert text_line(event()) == "I 0224 10:34:20.239 UTC THREAD1 linkerpy: Logging useful info\n"


def test_the_hour_is_the_machines(monkeypatch):
    monkeypatch.setenv("TZ", "GMT-8")
    time.tzset()
    assert text_line(event()).startswith("I 0224 18:34:20.239 GMT THREAD1 ")


@pytest.mark.parametrize(
    ("level", "letter"),
    [(LogLevel.debug, "D"), (LogLevel.warn, "W"), (LogLevel.error, "E"), (LogLevel.critical, "E")],
)
def test_a_level_is_a_letter(level, letter):
    assert text_line(event(level=level))[0] == letter


def test_a_trace_is_named():
    assert " THREAD1 TraceId:00c3 linkerpy: " in text_line(event(trace="00c3"))


def test_a_long_text_goes_on_indented_and_moves_no_cursor():
    line = text_line(event("{it}", it="a\r\nI 0224 forged\x1b[2J\rb\u2028c"))
    assert line.split("linkerpy: ")[1] == "a\n\tI 0224 forged\\u001b[2J\\u000db\\u2028c\n"


def test_a_failure_brings_its_traceback():
    try:
        raise RuntimeError("no luck")
    except RuntimeError:
        failed = event("it failed", log_failure=Failure())
    first, second, *rest = text_line(failed).splitlines()
    assert first.endswith("linkerpy: it failed")
    assert second.startswith("\tTraceback")
    assert all(line.startswith("\t") for line in rest)
    line = json.loads(json_line(failed))
    assert line["message"] == "it failed"
    assert "RuntimeError: no luck" in line["traceback"]


def test_json_is_one_object_on_one_line():
    line = json_line(event("{it}", it="a\nb\u2028", trace="00c3"))
    assert line.count("\n") == 1
    assert json.loads(line) == {
        "time": "2018-02-24T10:34:20.239000+00:00",
        "level": "info",
        "logger": "linkerpy",
        "thread": 1,
        "message": "a\nb\u2028",
        "trace": "00c3",
    }


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_event_that_cannot_be_told_is_told_as_such(form):
    stream = io.StringIO()
    log = Logger(namespace="x", observer=observer(stream, form))
    log.info("{missing}")
    log.info(None)
    assert stream.getvalue().count("\n") >= 2


def test_what_a_worker_told_is_written_as_if_it_were_ours_with_its_number():
    failed = event(
        "{it} failed", it="all", log_failure=Failure(RuntimeError("no luck")), trace="00c3"
    )
    again = retold(json.loads(json.dumps(told(failed))), 3)
    first, *rest = text_line(again).splitlines()
    assert " WORKER3 TraceId:00c3 linkerpy: all failed" in first
    assert any("no luck" in line for line in rest)
    assert first[:24] == text_line(failed)[:24]  # level and time
    line = json.loads(json_line(again))
    assert (line["worker"], line["level"], line["logger"]) == (3, "info", "linkerpy")


def test_braces_in_what_a_worker_told_are_no_fields():
    again = retold(told(event("{it}", it="{0} {x}")), 1)
    assert text_line(again).endswith("{0} {x}\n")
