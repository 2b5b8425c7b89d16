"""A whole TCP router in memory, made of a file's keys, so that a test reads as a script.

A caller connects, the router connects to an endpoint, and what either says the other hears. Names,
network and time are the test's.

    mesh.bind("/svc/db", "10.0.0.1:3306")
    caller = mesh.caller()
    mesh.backend().send(b"who are you?")
    assert caller.heard == b"who are you?"
"""

from random import Random

from twisted.logger import LogLevel, globalLogPublisher

from linkerpy.app import schema
from linkerpy.core.activity import Failed, Ok
from linkerpy.naming import addr
from linkerpy.naming.addr import Address
from linkerpy.protocol.tcp import client as dialing
from linkerpy.protocol.tcp.config import TcpRouter
from linkerpy.protocol.tcp.router import RunningTcpRouter
from linkerpy.telemetry.metrics import Counter, Gauge, Stat
from tests.protocol.http.playbook import Names
from tests.protocol.http.transports import Network
from tests.protocol.tcp.transports import StreamTransport
from tests.support.env import fake_env

schema.install()

SERVER = "127.0.0.1/3306"


class End:
    """The far end of one connection of the router's."""

    def __init__(self, mesh, transport):
        self.mesh = mesh
        self.transport = transport

    def send(self, data):
        self.transport.receive(data)
        self.mesh.turn()

    def hang_up(self):
        """End what this end says."""
        self.transport.hang_up()
        self.mesh.turn()

    def reset(self):
        """Break off."""
        self.transport.reset()
        self.mesh.turn()

    @property
    def heard(self):
        """All that has come."""
        return self.transport.seen

    @property
    def hears_end(self):
        """Whether nothing more will come."""
        return self.transport.half_closed or self.transport.lost

    @property
    def open(self):
        return not self.transport.lost

    @property
    def read_from(self):
        """Whether the router reads what this end sends."""
        return self.transport.reading


class Listening:
    """A listening socket that accepts until it is told not to."""

    def __init__(self):
        self.accepting = True

    def startReading(self):
        self.accepting = True

    def stopReading(self):
        self.accepting = False

    def stopListening(self):
        self.accepting = False


class Mesh:
    """A router and the world around it; `server` and `client` are keys of its file."""

    def __init__(self, monkeypatch, *, server=(), client=(), **keys):
        self.env = fake_env()
        self.env.random = Random(7)
        self.clock, self.metrics = self.env.clock, self.env.metrics
        self.network = Network(self.clock, StreamTransport)
        monkeypatch.setattr(dialing, "connect", self.network.connect)
        self.names = Names()
        self.logged, self.defects = [], []
        globalLogPublisher.addObserver(self._note)
        server = {"port": 3306, "dstName": "/svc/db"} | dict(server)
        keys = {"protocol": "tcp", "servers": [server], "client": dict(client)} | keys
        config = TcpRouter.model_validate(keys, by_alias=True, by_name=False)
        self.running = RunningTcpRouter(config, self.names, self.env)
        self.router = self.running.router
        self.port = self.running.servers[0].port
        self.listening = Listening()
        self.port.listening = [self.listening]
        self.callers = []

    def _note(self, event):
        if event.get("log_level") is LogLevel.critical:
            self.defects.append(event.get("log_failure") or event)
        elif event.get("log_namespace") == "linkerpy.tcp":
            self.logged.append(event["log_format"].format(**event))

    # -- the world

    def bind(self, name, *addresses, id_=None):
        """Bind a name to addresses, each `ip:port` or an Address."""
        id_ = id_ or "/#/io.l5d.fs/" + name.rsplit("/", 1)[-1]
        self.addresses(id_, *addresses)
        self.names.tree(name).update(Ok(self.names.leaf(id_)))
        self.turn()

    def addresses(self, id_, *addresses):
        """Change the addresses of a bound name."""
        self.names.addr(id_).update(addr.bound(*map(_address, addresses)))
        self.turn()

    def fail(self, name, text):
        self.names.tree(name).update(Failed(RuntimeError(text)))
        self.turn()

    def caller(self, *, turn=True):
        """A new connection to the server."""
        protocol = self.port.buildProtocol(None)
        caller = End(self, StreamTransport(self.clock, protocol, "10.9.9.9", 50000 + self.calls))
        self.callers.append(caller)
        if turn:
            self.turn()
        return caller

    @property
    def calls(self):
        """How many have connected to the server."""
        return len(self.callers)

    def backend(self, index=-1):
        """A connection that the router made, the newest unless told."""
        assert self.network.made, "the router has made no connection"
        return End(self, self.network.made[index])

    @property
    def tried(self):
        """The addresses that the router has connected to or tried to, in order."""
        return [f"{host}:{port}" for host, port in (a.address for a in self.network.attempts)]

    def session(self):
        """A caller and the endpoint's connection that it got."""
        caller = self.caller()
        return caller, self.backend()

    def turn(self):
        """Let happen what is due now."""
        self.clock.pump([0, 0, 0])

    def wait(self, seconds):
        """Let time pass, in steps as fine as the timer wheel's."""
        self.clock.pump([seconds, 0.02, 0, 0])

    # -- what is to be seen

    def figures(self, scope, kind=Counter):
        """The counters of a scope that have counted; or its gauges that are not 0."""
        return {
            "/".join(names): metric.value
            for names, metric in self._scope(scope).walk()
            if isinstance(metric, kind) and metric.value
        }

    def gauges(self, scope):
        return self.figures(scope, Gauge)

    def samples(self, scope, name):
        """How many samples a stat has had, and their sum."""
        for names, metric in self._scope(scope).walk():
            if "/".join(names) == name and isinstance(metric, Stat):
                metric.turn(whole=False)
                return metric.count, metric.sum
        return None

    def _scope(self, scope):
        return {
            "server": self.router.metrics.scope("server", SERVER),
            "client": self.router.metrics.scope("client", "#/io.l5d.fs/db"),
            "service": self.router.metrics.scope("service", "svc/db"),
        }[scope]

    def endpoints(self):
        """The endpoints of every client, by address."""
        return {
            endpoint.address.show(): endpoint
            for entry in self.router.clients
            for endpoint in entry.value.client._endpoints.values()
        }

    # -- the end

    def finish(self):
        """Break every caller off, and check that nothing is left."""
        try:
            for caller in self.callers:
                caller.reset()
            self.check_at_rest()
            self.check_gone()
        finally:
            globalLogPublisher.removeObserver(self._note)

    def check_at_rest(self):
        """No session is left: nothing is held, counted as open, or timed."""
        self.turn()
        assert self.defects == []
        assert self.port.connections == set()
        assert [t for t in self.network.made if not t.lost] == []
        caches = (self.router.paths, self.router.trees, self.router.bounds, self.router.clients)
        assert [entry for cache in caches for entry in cache if entry.busy] == []
        for endpoint in self.endpoints().values():
            assert (endpoint.load, endpoint._size, endpoint._passed_over) == (0, 0, 0)
            assert not endpoint._waiters
        self._check_figures()

    def _check_figures(self):
        found = {"/".join(names): metric for names, metric in self.metrics.walk()}
        for name, metric in found.items():
            scope, _, last = name.rpartition("/")
            if last in {"pending", "connections", "load"} and isinstance(metric, Gauge):
                assert metric.value == 0, name
            if last == "requests":
                total = found[f"{scope}/success"].value + found[f"{scope}/failures"].value
                assert metric.value == total, name
            if last == "closes":
                assert metric.value == found[f"{scope}/connects"].value, name

    def check_gone(self):
        """The router is closed: no name is followed, no timer left."""
        self.running.close()
        self.turn()
        assert self.names.observers() == 0
        self.wait(1000)
        self.wait(1000)
        assert self.clock.getDelayedCalls() == []


def _address(text):
    if isinstance(text, Address):
        return text
    host, port = text.rsplit(":", 1)
    return Address(host, int(port))
