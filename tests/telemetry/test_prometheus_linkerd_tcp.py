import pytest
from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.task import Clock

from linkerpy.telemetry.metrics import Metrics
from linkerpy.telemetry.prometheus_linkerd_tcp import LinkerdTcpFigures
from tests.telemetry.trees import add

FINAGLE = "com.twitter.finagle."
SERVER = ["rt", "redis", "server", "0.0.0.0/7474"]
CLIENT = ["rt", "redis", "client", "#/io.l5d.namerd.http/default/svc/redis"]
RESOLVER = ["rt", "redis", "interpreter", "io.l5d.namerd.http"]
SRV, DST = 'rt="redis", srv_addr="0.0.0.0:7474"', 'dst="/svc/redis", rt="redis"'


class World:
    def __init__(self):
        self.metrics, self.clock = Metrics(), Clock()
        self.figures = LinkerdTcpFigures(
            self.metrics, {"redis": "default"}, lambda _: "/svc/redis", self.clock, 60.0
        )

    def add(self, scope, name, kind, value):
        add(self.metrics, [*scope, *name.split("|")], kind, value)

    def take(self):
        """The snapshot's values by name and labels."""
        lines = self.figures.take().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


@pytest.fixture
def world():
    return World()


ROWS = [
    (SERVER, "connects", "counter", 7, "srv:accepts", SRV),
    (SERVER, "success", "counter", 4, "srv:closes", SRV),
    (SERVER, "failures", "counter", 2, "srv:failures", SRV),
    (SERVER, "connections", "gauge", 3, "srv:active", SRV),
    (SERVER, "pending", "gauge", 1, "srv:waiters", SRV),
    (SERVER, "received_bytes", "counter", 10, "srv:stream:rx_bytes", SRV),
    (SERVER, "sent_bytes", "counter", 20, "srv:stream:tx_bytes", SRV),
    (CLIENT, "pending", "gauge", 2, "balancer:waiters", DST),
    (CLIENT, "pending", "gauge", 2, "balancer:connection:pending", DST),
    (CLIENT, "connections", "gauge", 5, "balancer:connection:open", DST),
    (CLIENT, "connects", "counter", 6, "balancer:connection:connects", DST),
    (CLIENT, "loadbalancer|available", "gauge", 2, "balancer:endpoint:available", DST),
    (CLIENT, "loadbalancer|busy", "gauge", 1, "balancer:endpoint:failed", DST),
    (CLIENT, "loadbalancer|closed", "gauge", 1, "balancer:endpoint:retired", DST),
    (
        CLIENT,
        f"failures|{FINAGLE}NoBrokersAvailableException",
        "counter",
        9,
        "balancer:unavailable",
        DST,
    ),
    (
        CLIENT,
        "connect_failures|refused",
        "counter",
        3,
        "balancer:connection:failure",
        f'cause="refused", {DST}',
    ),
    (
        RESOLVER,
        "success",
        "counter",
        8,
        "resolver:success_count",
        'namespace="default", rt="redis"',
    ),
    (
        RESOLVER,
        "failures",
        "counter",
        1,
        "resolver:failure_count",
        'namespace="default", rt="redis"',
    ),
]


@pytest.mark.parametrize(("scope", "name", "kind", "value", "told", "labels"), ROWS)
def test_a_figure_of_the_tree_is_told_under_linkerd_tcp_s_name(
    world, scope, name, kind, value, told, labels
):
    world.add(scope, name, kind, value)
    assert world.take()[f"l5d:{told}{{{labels}}}"] == value


def test_attempts_are_connects_and_all_failures_to_connect(world):
    world.add(CLIENT, "connects", "counter", 5)
    world.add(CLIENT, "connect_failures|refused", "counter", 2)
    world.add(CLIENT, "connect_failures|timeout", "counter", 1)
    assert world.take()[f"l5d:balancer:connection:attempts{{{DST}}}"] == 8


def test_failures_of_sessions_are_told_by_stage_and_cause(world):
    for name, count in [
        (f"{FINAGLE}IndividualRequestTimeoutException", 1),
        (f"{FINAGLE}RequestTimeoutException", 2),
        (f"{FINAGLE}naming.buoyant.RichConnectionFailedExceptionWithPath", 4),
        ("rejected", 8),
        (f"{FINAGLE}ChannelClosedException", 16),
        ("interrupted", 32),
    ]:
        world.add(SERVER, f"failures|{name}", "counter", count)
    taken = world.take()
    assert taken[f'l5d:srv:connect:failure{{cause="timeout", {SRV}}}'] == 3
    assert taken[f'l5d:srv:connect:failure{{cause="other", {SRV}}}'] == 12
    assert taken[f'l5d:srv:stream:failure{{cause="other", {SRV}}}'] == 48


def test_routes_are_created_once_and_found_after_that(world):
    world.add(["rt", "redis", "bindcache", "path"], "misses", "counter", 2)
    world.add(SERVER, "requests", "counter", 10)
    world.add(SERVER, "failures|io.buoyant.router.RoutingFactory$UnknownDst", "counter", 1)
    taken = world.take()
    assert taken['l5d:route_create{rt="redis"}'] == 2
    assert taken['l5d:route_error{rt="redis"}'] == 1
    assert taken['l5d:route_found{rt="redis"}'] == 7


def test_a_distribution_is_in_linkerd_tcp_s_unit_and_cumulative(world):
    world.add(SERVER, "request_latency_ms", "stat", [1, 3, 3, 99])
    taken = world.take()
    name = "l5d:srv:connect:latency_us"
    assert taken[f"{name}_count{{{SRV}}}"] == 4
    assert taken[f"{name}_sum{{{SRV}}}"] == 106_000
    assert taken[f"{name}_min{{{SRV}}}"] == 1000
    assert taken[f"{name}_max{{{SRV}}}"] == 99_000
    buckets = {key: value for key, value in taken.items() if key.startswith(f"{name}_bucket")}
    assert buckets[f'{name}_bucket{{le="2000", {SRV}}}'] == 1
    assert buckets[f'{name}_bucket{{le="5000", {SRV}}}'] == 3
    assert list(buckets)[-1] == f'{name}_bucket{{le="+Inf", {SRV}}}'
    assert list(buckets.values()) == sorted(buckets.values())


def test_a_distribution_is_of_one_interval_and_counters_go_on(world):
    world.add(SERVER, "connection_duration", "stat", [5])
    world.add(SERVER, "connects", "counter", 1)
    world.take()
    world.add(SERVER, "connection_duration", "stat", [7, 9])
    taken = world.take()
    name = "l5d:srv:stream:duration_ms"
    assert (taken[f"{name}_count{{{SRV}}}"], taken[f"{name}_sum{{{SRV}}}"]) == (2, 16)
    assert taken[f"{name}_min{{{SRV}}}"] == 7
    taken = world.take()
    assert taken[f"{name}_count{{{SRV}}}"] == 0
    assert f"{name}_sum{{{SRV}}}" not in taken
    assert taken[f"l5d:srv:accepts{{{SRV}}}"] == 1


def test_a_snapshot_is_taken_once_in_an_interval(world):
    world.add(SERVER, "connects", "counter", 1)
    assert world.figures.text == ""
    world.clock.advance(59)
    assert world.figures.text == ""
    world.clock.advance(1)
    assert f"l5d:srv:accepts{{{SRV}}} 1\n" in world.figures.text
    world.add(SERVER, "connects", "counter", 1)
    world.clock.advance(60)
    assert f"l5d:srv:accepts{{{SRV}}} 2\n" in world.figures.text
    world.figures.close()
    world.figures.close()
    assert world.clock.getDelayedCalls() == []


def test_prometheus_can_read_it(world):
    for scope, name, kind, value, *_ in ROWS:
        world.add(scope, name, kind, value)
    world.add(SERVER, "request_latency_ms", "stat", [1, 3])
    world.add(["rt", 'odd "label"\n'], "x", "counter", 1)
    names = {family.name for family in text_string_to_metric_families(world.figures.take())}
    assert {"l5d:srv:accepts", "l5d:srv:connect:latency_us_bucket"} <= names


def test_without_routers_there_is_nothing_to_tell(world):
    assert world.figures.take() == ""
