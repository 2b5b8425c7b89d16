"""Response classifiers: the verdict of each kind, by method and outcome."""

import pytest

from linkerpy.app import schema
from linkerpy.codec.body import Body, Stream
from linkerpy.codec.http import Request, Response
from linkerpy.config.kinds import REGISTRY
from linkerpy.core import errors
from linkerpy.policy.verdict import FAILURE, RETRYABLE, SUCCESS
from tests.support.names import vectors

schema.install()
VERDICTS = {"success": SUCCESS, "failure": FAILURE, "retryable": RETRYABLE}


def outcome_of(text):
    """`500 Name: value` is a response, a name an error."""
    if isinstance(text, int) or text[0].isdigit():
        status, _, line = str(text).partition(" ")
        name, _, value = line.partition(": ")
        return Response(int(status), [(name.encode(), value.encode())] if name else []), None
    return None, getattr(errors, text, ValueError)("text")


def classifier(kind):
    return REGISTRY.find("http.classifier", kind).model_validate({"kind": kind}).build()


def judge(kind, method, outcome, body):
    return classifier(kind)(Request(method.encode(), b"/", [], body), *outcome_of(outcome))


@pytest.mark.parametrize("row", vectors("classify"), ids=str)
def test_vectors(row):
    kind, methods, outcome, verdict = row
    for method in methods.split():
        assert judge(kind, method, outcome, Body(b"short")) == VERDICTS[verdict], method


@pytest.mark.parametrize("row", vectors("classify"), ids=str)
def test_a_streamed_request_is_never_retryable(row):
    kind, methods, outcome, verdict = row
    expected = VERDICTS[verdict]
    for method in methods.split():
        streamed = Stream(None)
        assert judge(kind, method, outcome, streamed) == (
            FAILURE if expected == RETRYABLE else expected
        )


def test_a_body_that_was_streamed_cannot_be_sent_again_once_it_is_over():
    body = Stream(4)
    body.connect(_Sink())
    body.write(b"body")
    body.end()
    assert judge("io.l5d.http.retryableAll5XX", "POST", 500, body) == FAILURE


class _Sink:
    def chunk(self, data):
        pass

    def end(self, trailers):
        pass
