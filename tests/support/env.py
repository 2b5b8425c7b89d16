"""An Env for plugins under test: nothing outside is asked, time stands still."""

from twisted.internet.task import Clock

from linkerpy.core.clock import TimerWheel
from linkerpy.naming.inet import Inet
from linkerpy.router.env import Env
from linkerpy.telemetry.metrics import Counter, Metrics
from tests.support.names import FakeResolver


def fake_env(reactor=None):
    """An Env whose hosts are resolved when the test says so."""
    clock, resolver = Clock(), FakeResolver()
    known = {
        "reactor": reactor,
        "clock": clock,
        "timers": TimerWheel(clock),
        "inet": Inet(resolver, clock),
        "resolver": resolver,
        "metrics": Metrics(),
    }
    return Env(**{name: known[name] for name in Env.__dataclass_fields__ if name in known})


def counts(metrics):
    """All counters that have counted, by name."""
    found = {"/".join(names): m.value for names, m in metrics.walk() if isinstance(m, Counter)}
    return {name: value for name, value in found.items() if value}
