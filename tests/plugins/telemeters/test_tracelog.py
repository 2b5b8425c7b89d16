"""`io.l5d.tracelog`: lines at a level, a moment later, not too many."""

import pytest
from twisted.logger import LogLevel, globalLogPublisher

from linkerpy.app import schema
from linkerpy.config.kinds import REGISTRY
from linkerpy.net.log import LEVELS
from linkerpy.plugins.telemeters.tracelog import LATENESS, MOST
from tests.support.env import fake_env
from tests.telemetry.spans import retried

schema.install()


@pytest.fixture
def lines():
    seen = []

    def note(event):
        if event.get("log_namespace") == "io.l5d.tracelog":
            seen.append(event)

    globalLogPublisher.addObserver(note)
    yield seen
    globalLogPublisher.removeObserver(note)


def build(env, **keys):
    chosen = REGISTRY.find("telemeter", "io.l5d.tracelog")
    keys = {"kind": "io.l5d.tracelog", **keys}
    return chosen.model_validate(keys, by_alias=True, by_name=False).build(env)


def test_a_request_is_written_a_moment_later_with_its_trace(lines):
    env = fake_env()
    telemeter = build(env, level="warning")
    retried(telemeter.tracer.record)
    assert lines == []
    env.clock.pump([LATENESS, 0.02])
    (event,) = lines
    assert event["log_level"] is LogLevel.warn
    assert event["trace"] == "00000000000000c3"
    assert event["line"].startswith("trace=00000000000000c3 ")


def test_what_waits_is_written_at_the_end(lines):
    telemeter = build(fake_env())
    running = telemeter.run()
    retried(telemeter.tracer.record)
    running.close()
    assert len(lines) == 1


def test_a_flood_is_cut_and_told(lines):
    telemeter = build(fake_env())
    for _ in range(MOST + 3):
        retried(telemeter.tracer.record)
    telemeter.run().close()
    assert len(lines) == MOST + 1
    assert lines[-1]["dropped"] == 3


def test_a_level_that_is_not_logged_writes_nothing(lines, monkeypatch):
    monkeypatch.setattr(LEVELS, "_levels", {"root": "INFO"})
    telemeter = build(fake_env(), level="debug")
    retried(telemeter.tracer.record)
    telemeter.run().close()
    assert lines == []


def test_off_records_nothing_at_all():
    assert build(fake_env(), level="OFF").tracer is None


@pytest.mark.parametrize(("configured", "rate"), [(7, 1.0), (-1, 0.0), (0.5, 0.5)])
def test_a_share_is_moved_into_its_range(configured, rate):
    assert build(fake_env(), sampleRate=configured).tracer.rate == rate
