"""Recent requests as JSON: the whole story, the newest first, filtered."""

import json

import pytest

from linkerpy.core.errors import BackendError, UnknownDestination
from linkerpy.naming.path import Path
from linkerpy.telemetry.recent import RecentRequests, limit_of, story, wanted_by
from linkerpy.telemetry.trace_id import TraceId
from tests.telemetry.spans import AT, TRACE, begun, bound, failed, named, retried


def test_a_request_is_told_with_its_whole_story():
    assert story(retried()) == {
        "at": AT,
        "router": "http",
        "service": "svc/web",
        "client": "#/io.l5d.fs/web",
        "endpoint": "10.0.0.1:8080",
        "method": "GET",
        "host": "web",
        "path": "/cart?id=7",
        "status": 200,
        "error": None,
        "duration_ms": 20.0,
        "trace": "00000000000000c3",
        "attempts": [
            {
                "endpoint": "10.0.0.1:8081",
                "status": None,
                "error": "ConnectionFailed: refused",
                "at_ms": 3.0,
                "duration_ms": 1.0,
            },
            {
                "endpoint": "10.0.0.1:8080",
                "status": 200,
                "error": None,
                "at_ms": 5.0,
                "duration_ms": 7.0,
            },
        ],
        "identified": "/svc/web",
        "bound": "/#/io.l5d.fs/web",
        "timings": {
            "identified": 1.0,
            "bound": 2.0,
            "dispatched": 8.0,
            "first_byte": 12.5,
            "end": 20.0,
        },
    }


def test_what_never_came_to_be_is_empty_or_null():
    told = story(failed(UnknownDestination("who?")))
    assert (told["status"], told["error"]) == (400, "UnknownDestination: who?")
    assert (told["identified"], told["bound"], told["endpoint"], told["attempts"]) == (
        "",
        "",
        "",
        [],
    )
    assert told["timings"] == {
        "identified": None,
        "bound": None,
        "dispatched": None,
        "first_byte": None,
        "end": 4.0,
    }


def test_bytes_that_are_no_text_are_told_all_the_same():
    told = story(failed(BackendError("x"), uri=b"/\xff<script>", host=b"\xc3\xa4"))
    assert (told["path"], told["host"]) == ("/�<script>", "ä")
    json.dumps(told)


def test_a_residual_is_told_with_the_bound_name_and_a_long_trace_whole():
    span, clock = begun(trace=TraceId(1, 1, 2, 0, 3))
    named(span, clock)
    bound(span, clock, residual=Path.parse("/rest"))
    told = story(span)
    assert told["bound"] == "/#/io.l5d.fs/web[/rest]"
    assert told["trace"] == "00000000000000030000000000000002"


@pytest.fixture
def recent():
    kept = RecentRequests(4)
    failed(UnknownDestination("forgotten"), kept.record)
    retried(kept.record)
    failed(BackendError("x"), kept.record, uri=b"/2")
    retried(kept.record, uri=b"/3")
    failed(UnknownDestination("y"), kept.record, uri=b"/4", trace=TRACE)
    return kept


@pytest.mark.parametrize(
    ("asked", "paths"),
    [
        ({}, ["/4", "/3", "/2", "/cart?id=7"]),
        ({"limit": "2"}, ["/4", "/3"]),
        ({"limit": "0"}, []),
        ({"router": "http"}, ["/4", "/3", "/2", "/cart?id=7"]),
        ({"router": "other"}, []),
        ({"service": "svc/web"}, ["/3", "/cart?id=7"]),
        ({"service": "/svc/web", "limit": "1"}, ["/3"]),
        ({"status": "502"}, ["/2"]),
        ({"status": "4xx"}, ["/4"]),
        ({"status": "2XX"}, ["/3", "/cart?id=7"]),
        ({"status": "error"}, ["/4", "/2"]),
        ({"slow_ms": "20"}, ["/3", "/cart?id=7"]),
        ({"slow_ms": "20.1"}, []),
        (
            {"status": "", "slow_ms": "", "service": "", "router": "", "limit": ""},
            ["/4", "/3", "/2", "/cart?id=7"],
        ),
    ],
    ids=str,
)
def test_the_newest_that_are_wanted_come_first(recent, asked, paths):
    told = recent.newest(wanted_by(asked), limit_of(asked))
    assert [each["path"] for each in told] == paths


@pytest.mark.parametrize(
    "asked",
    [
        {"status": "bad"},
        {"status": "7xx"},
        {"slow_ms": "soon"},
        {"slow_ms": "nan"},
        {"limit": "-1"},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_in_words(asked):
    read = limit_of if "limit" in asked else wanted_by
    with pytest.raises(ValueError, match=next(iter(asked))):
        read(asked)
