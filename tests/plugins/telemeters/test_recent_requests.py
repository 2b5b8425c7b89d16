"""`/admin/requests.json`, as an admin server answers."""

import json

import pytest

from linkerpy.app import schema
from linkerpy.config.kinds import REGISTRY
from linkerpy.plugins.telemeters.recent_requests import PATH
from tests.admin.serving import serving
from tests.support.env import fake_env
from tests.telemetry.spans import retried

schema.install()


def config(**keys):
    chosen = REGISTRY.find("telemeter", "io.l5d.recentRequests")
    return chosen.model_validate(
        {"kind": "io.l5d.recentRequests", **keys}, by_alias=True, by_name=False
    )


class Built:
    """A configuration whose telemeter has seen some requests."""

    def __init__(self, telemeter):
        self._telemeter = telemeter

    def build(self, _env):
        return self._telemeter


@pytest.fixture
def ask():
    telemeter = config(sampleRate=1, capacity=3).build(fake_env())
    for n in range(5):
        retried(telemeter.tracer.record, uri=b"/%d" % n)
    with serving(telemeters=[Built(telemeter)]) as running:
        yield lambda query: running.ask(PATH + query)


def test_the_last_requests_are_told_the_newest_first(ask):
    status, headers, body = ask("")
    assert (status, headers["Content-Type"]) == (200, "application/json;charset=UTF-8")
    assert [each["path"] for each in json.loads(body)["requests"]] == ["/4", "/3", "/2"]


def test_parameters_filter(ask):
    assert len(json.loads(ask("?limit=1&status=200")[2])["requests"]) == 1
    assert json.loads(ask("?service=svc/other")[2]) == {"requests": []}


def test_a_parameter_that_makes_no_sense_is_explained(ask):
    status, _, body = ask("?status=ok")
    assert status == 400
    assert "'ok'" in json.loads(body)["error"]


def test_callers_do_not_decide_what_is_shown():
    tracer = config(sampleRate=0.25).build(fake_env()).tracer
    assert (tracer.rate, tracer.heeds_flag, tracer.decides) == (0.25, False, False)
