"""What a router's file says of services, clients and servers is how requests are repeated."""

from itertools import islice
from random import Random

import pytest

from linkerpy.app import schema
from linkerpy.codec.http import Request, Response
from linkerpy.naming.path import Path
from linkerpy.policy.budget import BudgetRule
from linkerpy.policy.verdict import FAILURE, RETRYABLE
from linkerpy.protocol.http.config import HttpRouter
from linkerpy.protocol.http.router import RunningHttpRouter
from tests.protocol.http.playbook import Names
from tests.support.env import fake_env

schema.install()


def stacks(**keys):
    config = HttpRouter.model_validate(
        {"protocol": "http", "servers": [], **keys}, by_alias=True, by_name=False
    )
    env = fake_env()
    env.random = Random(3)
    return RunningHttpRouter(config, Names(), env).router._stacks


def service(keys, name="/svc/web"):
    return stacks(service=keys).service_settings(Path.parse(name))


def client(keys):
    return stacks(client=keys).client_settings(Path.parse("/#/io.l5d.fs/web"))


def test_the_defaults():
    settings = service({})
    assert settings.classify is None
    assert settings.total_timeout is None
    assert settings.retries.budget == BudgetRule(10.0, 10, 0.2)
    assert list(islice(settings.retries.backoff(), 3)) == [0.0, 0.0, 0.0]
    assert client({}).requeues == BudgetRule(10.0, 10, 0.2)
    assert client({}).attempt_timeout is None


@pytest.mark.parametrize(("given", "seconds"), [(1500, 1.5), (1, 0.001), (0, None), (-1, None)])
def test_timeouts_are_milliseconds_and_off_at_zero(given, seconds):
    assert service({"totalTimeoutMs": given}).total_timeout == seconds
    assert client({"requestAttemptTimeoutMs": given}).attempt_timeout == seconds


def test_budgets_are_each_ones_own():
    keys = {"ttlSecs": 5, "minRetriesPerSec": 0, "percentCanRetry": 0.5}
    assert service({"retries": {"budget": keys}}).retries.budget == BudgetRule(5.0, 0, 0.5)
    assert client({"requeueBudget": keys}).requeues == BudgetRule(5.0, 0, 0.5)


@pytest.mark.parametrize(
    ("keys", "waits"),
    [
        ({"kind": "constant"}, [0.0, 0.0]),
        ({"kind": "constant", "ms": 250}, [0.25, 0.25]),
        ({"kind": "jittered", "minMs": 10, "maxMs": 10}, [0.01, 0.01]),
    ],
)
def test_backoffs_are_in_seconds_and_begin_anew(keys, waits):
    backoff = service({"retries": {"backoff": keys}}).retries.backoff
    for _ in range(2):
        assert list(islice(backoff(), 2)) == waits


def test_a_classifier_is_built():
    kind = {"kind": "io.l5d.http.retryableRead5XX"}
    classify = service({"responseClassifier": kind}).classify
    failed = Response(500, [])
    assert classify(Request(b"GET", b"/", []), failed, None) == RETRYABLE
    assert classify(Request(b"POST", b"/", []), failed, None) == FAILURE


@pytest.mark.parametrize(
    ("entries", "name", "seconds"),
    [
        ([("/svc/foo", 100), ("/svc/bar", 200)], "/svc/foo", 0.1),
        ([("/svc/foo", 100), ("/svc/bar", 200)], "/svc/bar", 0.2),
        ([("/svc/foo", 100), ("/svc/bar", 200)], "/svc/bas", None),
        ([("/", 100), ("/svc/foo", 200)], "/svc/foo", 0.2),
        ([("/", 100), ("/svc/foo", 200)], "/svc/bar", 0.1),
    ],
)
def test_the_last_entry_that_matches_counts(entries, name, seconds):
    """Source: config spec, section 9.1."""
    configs = [{"prefix": prefix, "totalTimeoutMs": limit} for prefix, limit in entries]
    settings = service({"kind": "io.l5d.static", "configs": configs}, name)
    assert settings.total_timeout == seconds
