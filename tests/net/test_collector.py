"""What becomes of a report, by how a collector answers, and what the log says of it."""

import pytest
from twisted.internet import error
from twisted.internet.defer import CancelledError, fail, succeed
from twisted.logger import formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.web.client import ResponseNeverReceived

from linkerpy.net.collector import Collector, Outcome

URL = "http://collector:1/"


class Client:
    """Stands for the HTTP client: answers as told."""

    def __init__(self, outcome):
        self._outcome = outcome

    def post(self, _url, **_keys):
        if isinstance(self._outcome, Exception):
            return fail(self._outcome)
        return succeed(self._outcome)


@pytest.fixture
def said():
    seen = []

    def note(event):
        if event.get("log_namespace") == "linkerpy.net":
            seen.append(formatEvent(event))

    globalLogPublisher.addObserver(note)
    yield seen
    globalLogPublisher.removeObserver(note)


@pytest.fixture
def post(monkeypatch):
    monkeypatch.setattr(Collector, "_read", lambda _self, answer: answer)
    collector = Collector(None, URL, {}, "look at the port")
    told = []

    def once(outcome):
        collector._client = Client(outcome)
        collector.post(b"{}").addCallback(told.append)
        return told.pop()

    return once


NEVER = ResponseNeverReceived([Failure(error.ConnectionDone("gone"))])


@pytest.mark.parametrize(
    ("outcome", "means"),
    [
        ((200, b""), Outcome.TAKEN),
        ((202, b""), Outcome.TAKEN),
        ((429, b""), Outcome.LATER),
        ((503, b"busy"), Outcome.LATER),
        ((400, b"what?"), Outcome.REFUSED),
        ((404, b""), Outcome.REFUSED),
        ((500, b""), Outcome.REFUSED),
        (error.ConnectionRefusedError(), Outcome.LATER),
        (error.TimeoutError(), Outcome.LATER),
        (NEVER, Outcome.REFUSED),
        (RuntimeError("odd"), Outcome.REFUSED),
    ],
    ids=repr,
)
def test_only_what_was_surely_not_taken_may_be_sent_again(post, outcome, means):
    assert post(outcome) is means


def test_the_first_of_a_row_of_failures_is_told_and_the_end_of_it(post, said):
    for outcome in (
        (503, b"busy"),
        (503, b"busy"),
        ConnectionRefusedError(),
        (200, b""),
        (200, b""),
    ):
        post(outcome)
    assert said == [
        f"{URL} takes no reports: it answers with status 503: 'busy'",
        f"{URL} takes reports again",
    ]


def test_what_to_look_at_first_is_told_when_nobody_listens(post, said):
    post(error.ConnectionRefusedError())
    assert said == [
        f"{URL} takes no reports: Connection was refused by other side. (look at the port)"
    ]


def test_the_cause_of_a_broken_answer_is_told(post, said):
    post(NEVER)
    assert "gone" in said[0]


def test_a_collector_that_does_not_answer_is_said_not_to(post, said):
    assert post(ResponseNeverReceived([Failure(CancelledError())])) is Outcome.REFUSED
    assert "no answer within 10 seconds" in said[0]
