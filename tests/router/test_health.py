"""What the endpoints of one client share: figures, and a line in the log for each removal."""

import pytest
from twisted.logger import globalLogPublisher

from linkerpy.naming.addr import WEIGHT, Address
from linkerpy.policy.accrual import default_rule
from linkerpy.router.health import Health
from tests.support.env import counts, fake_env


@pytest.fixture
def lines():
    found = []

    def note(event):
        if event.get("log_namespace") == "linkerpy.client":
            found.append(event["log_format"].format(**event))

    globalLogPublisher.addObserver(note)
    yield found
    globalLogPublisher.removeObserver(note)


@pytest.fixture
def env():
    return fake_env()


def accruals(env, *addresses):
    health = Health(default_rule(env.random), False, "#/io.l5d.fs/web", env.metrics, env)
    return [health.accrual(address) for address in addresses]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (Address("10.0.0.1", 80), "Inet(/10.0.0.1:80,Map())"),
        (Address("::1", 80), "Inet(/[::1]:80,Map())"),
        (
            Address("10.0.0.1", 80, ((WEIGHT, 2.0), ("zone", "b"))),
            "Inet(/10.0.0.1:80,Map(endpoint_addr_weight -> 2.0, zone -> b))",
        ),
    ],
)
def test_the_line_names_the_client_and_the_endpoint_with_its_metadata(env, lines, address, shown):
    (accrual,) = accruals(env, address)
    for _ in range(9):
        accrual.failed()
    (line,) = lines
    begin = (
        'FailureAccrualFactory marking connection to "#/io.l5d.fs/web" as dead. Remote Address: '
    )
    assert line == begin + shown


def test_figures_are_of_all_endpoints_together(env, lines):
    for accrual in accruals(env, Address("10.0.0.1", 80), Address("10.0.0.2", 80)):
        for _ in range(5):
            accrual.failed()
        env.clock.advance(5)
        accrual.acquired()
        accrual.succeeded()
    assert counts(env.metrics.scope("failure_accrual")) == {
        "removals": 2,
        "probes": 2,
        "revivals": 2,
        "removed_for_ms": 10_000,
    }
    assert len(lines) == 2


def test_what_is_off_makes_no_figures(env):
    health = Health(None, False, "#/io.l5d.fs/web", env.metrics, env)
    assert health.accrual(Address("10.0.0.1", 80)) is None
    assert health.fail_fast(lambda: None) is None
    assert list(env.metrics.walk()) == []
