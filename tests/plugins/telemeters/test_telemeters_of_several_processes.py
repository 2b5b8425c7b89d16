"""Telemeters where several processes share the work: what each of them sends."""

from dataclasses import replace

import pytest

from linkerpy.plugins.telemeters.influxdb import InfluxDbConfig
from linkerpy.plugins.telemeters.otlp import OtlpConfig
from linkerpy.plugins.telemeters.prometheus import PrometheusConfig
from linkerpy.plugins.telemeters.recent_requests import RecentRequestsConfig
from linkerpy.plugins.telemeters.statsd import StatsDConfig
from linkerpy.plugins.telemeters.zipkin import ZipkinConfig, ZipkinHttpConfig
from tests.support.env import fake_env

TRACERS = (ZipkinConfig, ZipkinHttpConfig, OtlpConfig)


@pytest.fixture
def worker():
    return replace(fake_env(), sends_metrics=False)


@pytest.fixture
def supervisor():
    return replace(fake_env(), has_traffic=False)


def timers(env, telemeter):
    """How many timers run once the telemeter does."""
    telemeter.run()
    return len(env.clock.getDelayedCalls())


@pytest.mark.parametrize("kind", TRACERS)
def test_traces_are_sent_by_who_has_the_traffic(kind, worker, supervisor):
    config = kind(kind=kind.KIND)
    assert config.build(worker).tracer is not None
    assert config.build(supervisor).tracer is None


@pytest.mark.parametrize("kind", [StatsDConfig, OtlpConfig])
def test_metrics_are_sent_by_one(kind, worker, supervisor):
    options = {"experimental": True} if kind is StatsDConfig else {}
    config = kind(kind=kind.KIND, **options)
    assert timers(worker, config.build(worker)) == 0
    assert timers(supervisor, config.build(supervisor)) == 1


@pytest.mark.parametrize("kind", [PrometheusConfig, InfluxDbConfig])
def test_pages_of_metrics_are_there_for_each(kind, worker, supervisor):
    config = kind(kind=kind.KIND)
    assert config.build(worker).pages.keys() == config.build(supervisor).pages.keys()


def test_recent_requests_are_where_the_traffic_is(worker, supervisor):
    config = RecentRequestsConfig(kind=RecentRequestsConfig.KIND, sample_rate=1.0)
    assert config.build(worker).pages
    assert not config.build(supervisor).pages
