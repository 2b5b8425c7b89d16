"""An admin server with made-up routers, in a thread with a reactor of its own."""

import http.client
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.selectreactor import SelectReactor
from twisted.internet.task import Clock

from linkerpy.admin.history import History
from linkerpy.admin.lately import Lately
from linkerpy.admin.security import Security
from linkerpy.admin.site import make_site
from linkerpy.admin.state import AdminState, RouterView
from linkerpy.core.closable import NOTHING, OnClose
from linkerpy.net.tls_failures import TlsFailures
from linkerpy.telemetry.metrics import Metrics
from linkerpy.telemetry.process import watch_process
from linkerpy.telemetry.snapshots import Snapshots
from tests.support.env import fake_env
from tests.support.reactors import end_reactor

OPEN = Security()
LABELS = {"webtest": "http", "mute": "http"}
LEAF = {"type": "leaf", "path": "/$/inet/127.1/8080", "dentry": {"prefix": "/svc", "dst": "/a"}}
LEAF["bound"] = {"addr": {"type": "neg"}, "id": "/$/inet/127.1/8080", "path": "/"}
CONFIG = {
    "admin": {"ip": "localhost", "port": 9990},
    "routers": [
        {
            "protocol": "http",
            "label": "webtest",
            "dtab": "/svc=>/$/inet/127.1/8080",
            "servers": [{"ip": "localhost", "port": 8080}],
        }
    ],
}


@dataclass
class World:
    """What the pages are told; tests change it."""

    metrics: Metrics = field(default_factory=Metrics)
    config: dict[str, Any] = field(default_factory=lambda: CONFIG)
    ready: bool = True
    shutdowns: list[float | None] = field(default_factory=list)
    explained: list[tuple[str, str]] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    states: dict[str, Any] = field(default_factory=dict)
    tls_failures: TlsFailures = field(default_factory=TlsFailures)
    names: list[dict[str, Any]] = field(default_factory=list)
    members: dict[str, dict[str, Any]] = field(default_factory=dict)

    def state(self, history: History | None = None, lately: Lately | None = None) -> AdminState:
        return AdminState(
            metrics=self.metrics,
            history=history or History(self.metrics, list, Clock()),
            lately=lately or Lately(self.metrics, list, Clock()),
            labels=lambda: LABELS,
            config_json=lambda: self.config,
            version="9.8.7",
            started=time.time(),
            uptime=lambda: 1.5,
            shut_down=self.shutdowns.append,
            ready=lambda: self.ready,
            routers=lambda: [self._view("webtest", self._explain), self._view("mute", None)],
            bound_names=self._names,
            explain_system=self._never,
            states=self.states,
            namers=["/#/io.l5d.fs"],
            tls_failures=self.tls_failures,
        )

    def _view(self, label, explain):
        clients = {f"/#/{label}": {"state": "bound", "addresses": ["127.0.0.1:8080"]}}
        names = self.names if label == "webtest" else []
        return RouterView(
            label=label,
            protocol="http",
            dtab="",
            servers=["127.0.0.1/8080"],
            explain=explain,
            clients=lambda: clients,
            names=lambda: iter(names),
            client=self.members.get,
        )

    def _explain(self, dtab, path, told):
        self.explained.append((dtab, path))
        if path == "/boom":
            told(None, RuntimeError("no idea"))
        else:
            told({"type": "delegate", "path": path, "delegate": LEAF}, None)
        return OnClose(lambda: self.given_up.append(path))

    def _names(self, told):
        told(["/svc/a", "/svc/b"])
        return NOTHING

    def _never(self, dtab, path, told):
        return OnClose(lambda: self.given_up.append(path))


class Traffic:
    """Requests that never were: counts ten a second, every twentieth a failure, until closed."""

    def __init__(self, world: World, clock: Any, step: int = 2) -> None:
        router = world.metrics.scope("rt", "webtest")
        self._scopes = [
            router.scope("server", "127.0.0.1/8080"),
            router.scope("service", "svc/web"),
            router.scope("client", "$/inet/127.1/8080"),
        ]
        for scope in self._scopes:
            scope.gauge("connections", read=lambda: 3)
            scope.gauge("pending", read=lambda: 1)
            scope.counter("failures")
        router.scope("client", "$/inet/127.1/8080").gauge("available", read=lambda: 1)
        balancer = router.scope("client", "$/inet/127.1/8080", "loadbalancer")
        balancer.gauge("size", read=lambda: 2)
        balancer.gauge("available", read=lambda: 1)
        self._random = random.Random(7)
        self._clock = clock
        self._step = step
        self._count = 0

    def start(self) -> None:
        for _ in range(self._step + self._random.randint(0, self._step)):
            self._count += 1
            for scope in self._scopes:
                scope.counter("requests").incr()
                scope.counter("success" if self._count % 20 else "failures").incr()
                scope.stat("request_latency_ms").add(self._random.expovariate(1 / 12) + 2)
        self._clock.callLater(0.1, self.start)


@dataclass
class Running:
    """A server to ask."""

    port: int
    world: World
    reactor: Any

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def call(self, function, *args):
        self.reactor.callFromThread(function, *args)

    def ask(self, path, method="GET", body=None, headers=()):
        """Status, headers and body of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()


@contextmanager
def serving(
    security: Security = OPEN,
    port: int = 0,
    *,
    watched: bool = False,
    telemeters: Any = (),
    states: Any = (),
) -> Iterator[Running]:
    """Serve on a port of 127.0.0.1; with `watched`, the process's own metrics are there too.

    `telemeters` are configurations; the pages of what they build are served as well.
    """
    world, reactor = World(states=dict(states)), SelectReactor()
    history = History(world.metrics, lambda: LABELS, reactor)
    lately = Lately(world.metrics, lambda: ["webtest", "mute"], reactor)
    watches = [history, lately]
    if watched:
        watches += [watch_process(world.metrics, reactor), Snapshots(world.metrics, reactor)]
    env = fake_env(reactor)
    env.clock, env.metrics = reactor, world.metrics
    pages = [telemeter.build(env).pages for telemeter in telemeters]
    site = make_site(world.state(history, lately), security, reactor, pages)
    listening = reactor.listenTCP(port, site, interface="127.0.0.1")
    thread = threading.Thread(target=reactor.run, kwargs={"installSignalHandlers": False})
    thread.start()
    try:
        yield Running(listening.getHost().port, world, reactor)
    finally:
        reactor.callFromThread(reactor.stop)
        thread.join(10)
        for watch in watches:
            watch.close()
        end_reactor(reactor)
