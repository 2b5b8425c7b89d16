"""A whole HTTP router in memory, so that a test reads as a script.

A client sends, the backend sees, the backend answers, the client sees. The router, its stacks, its
caches and its connections are the real ones; names, network and time are the test's.

    mesh.bind("/svc/web", "10.0.0.1:80")
    client = mesh.client()
    client.send("GET / HTTP/1.1\\r\\nHost: web\\r\\n\\r\\n")
    backend = mesh.backend()
    assert backend.request().start == "GET / HTTP/1.1"
    backend.send("HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nhi")
    assert client.response().body == b"hi"
"""

from dataclasses import replace
from math import inf
from random import Random

from twisted.logger import LogLevel, globalLogPublisher

from linkerpy.core.activity import Activity, Failed, Ok, Pending
from linkerpy.core.var import Source
from linkerpy.naming import addr
from linkerpy.naming.addr import Address
from linkerpy.naming.bound import Bound
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.nametree import Leaf
from linkerpy.naming.path import EMPTY, Path
from linkerpy.policy.balance import p2c
from linkerpy.policy.pool import PoolLimits
from linkerpy.protocol.http import dialing
from linkerpy.protocol.http.identify import HeaderToken
from linkerpy.protocol.http.port import HttpPort
from linkerpy.protocol.http.stacks import (
    ClientSettings,
    HttpStacks,
    ServerSettings,
    ServiceSettings,
    server_stack,
)
from linkerpy.protocol.http.wire import WireSettings
from linkerpy.router.routing import CacheSizes, Router, RouterSettings
from linkerpy.telemetry.metrics import Counter, Gauge, Stat
from linkerpy.telemetry.tracing import tracing
from tests.protocol.http.messages import read_message
from tests.protocol.http.transports import MemoryTransport, Network
from tests.support.env import fake_env

OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def get(path="/", host="web", **headers):
    """A GET request's bytes."""
    return _head(f"GET {path} HTTP/1.1", {"Host": host} | headers)


def post(body, path="/", host="web", **headers):
    """A POST request with a body of known length."""
    length = {"Content-Length": len(body)}
    return _head(f"POST {path} HTTP/1.1", {"Host": host} | length | headers) + body


def answer(body=b"", status="200 OK", **headers):
    """A response with a body of known length."""
    return _head(f"HTTP/1.1 {status}", {"Content-Length": len(body)} | headers) + body


def chunk(data):
    """A chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _head(start, headers):
    lines = [start, *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Names:
    """An interpreter that knows what the test says; a name nothing was said of is pending."""

    def __init__(self):
        self.asked = []
        self._trees = {}
        self._addrs = {}

    def bind(self, dtab, path):
        self.asked.append((dtab.show(), path.show()))
        return Activity(self.tree(path.show()))

    def tree(self, name):
        return self._trees.setdefault(name, Source(Pending()))

    def addr(self, id_):
        return self._addrs.setdefault(id_, Source(addr.ADDR_PENDING))

    def leaf(self, id_, residual=EMPTY):
        return Leaf(Bound(Path.parse(id_), self.addr(id_), residual))

    def observers(self):
        """How many still follow a name or its addresses."""
        return sum(len(s._observers) for s in (*self._trees.values(), *self._addrs.values()))


class End:
    """The far end of one connection of the router's."""

    def __init__(self, mesh, transport):
        self.mesh = mesh
        self.transport = transport
        self._read = 0

    def send(self, data, *, turn=True):
        """Send bytes; without `turn`, nothing else happens before the next step of the script."""
        self.transport.receive(data.encode("latin-1") if isinstance(data, str) else data)
        if turn:
            self.mesh.turn()

    def hang_up(self):
        """Close the connection."""
        self.transport.hang_up()
        self.mesh.turn()

    def stall(self):
        """Take nothing from now on."""
        self.transport.stall()

    def drain(self):
        """Take what is there, and what follows."""
        self.transport.drain()
        self.mesh.turn()

    def rest(self):
        """The bytes that have come since the last message that was read."""
        found = self.transport.seen[self._read :]
        self._read = len(self.transport.seen)
        return found

    def message(self, **options):
        """The next whole message, or None."""
        found = read_message(
            self.transport.seen[self._read :], closed=self.transport.lost, **options
        )
        if found is None:
            return None
        self._read = len(self.transport.seen) - len(found[1])
        return found[0]

    @property
    def open(self):
        return not self.transport.lost

    @property
    def aborted(self):
        return self.transport.end == "aborted"

    @property
    def read_from(self):
        """Whether the router reads what this end sends."""
        return self.transport.reading


class Client(End):
    """A client."""

    def response(self, **options):
        message = self.message(**options)
        assert message is not None, f"no whole response in {self.transport.seen[self._read :]!r}"
        return message

    def ask(self, data):
        """Send a request and return the response."""
        self.send(data)
        return self.response()


class Backend(End):
    """A backend's connection."""

    def request(self):
        message = self.message()
        assert message is not None, f"no whole request in {self.transport.seen[self._read :]!r}"
        return message

    def serve(self, data=OK):
        """Read a request and answer it."""
        request = self.request()
        self.send(data)
        return request


class Mesh:
    """A router and the world around it."""

    def __init__(
        self, monkeypatch, *, identify=None, dtab="/svc => /#/io.l5d.fs", tracers=(), **options
    ):
        self.env = fake_env()
        self.env.random = Random(7)
        self.env.tracing = tracing(tracers, salt=0)
        self.clock, self.metrics = self.env.clock, self.env.metrics
        self.network = Network(self.clock)
        monkeypatch.setattr(dialing, "connect", self.network.connect)
        self.names = Names()
        self.defects = []
        globalLogPublisher.addObserver(self._note_defect)
        pool = PoolLimits(**options.pop("pool", {}))
        self.wire = WireSettings(pool=pool, **options.pop("wire", {}))
        server = ServerSettings(self.wire, **options.pop("server", {}))
        forever = {"idle_time": inf, "life_time": inf}
        session = replace(self.wire, **forever | options.pop("session", {}))
        client = ClientSettings(session, p2c(), **options.pop("client", {}))
        service = ServiceSettings(**options.pop("service", {}))
        settings = RouterSettings("http", Dtab.parse(dtab), caches=CacheSizes(**options))
        stacks = HttpStacks(
            settings,
            lambda _name: service,
            lambda _id: client,
            self.env,
            self.names,
            server.propagator,
        )
        self.router = Router(settings, self.names, stacks, self.env)
        self.server_metrics = self.router.metrics.scope("server", "127.0.0.1/4140")
        identify = identify or HeaderToken(header="Host", prefix=Path.parse("/svc"))
        stack = server_stack(identify, self.router, server, self.server_metrics, self.env)
        self.port = HttpPort(stack, self.wire, self.env.timers, self.server_metrics)
        self.clients = []
        self.backends = []

    # -- the world

    def bind(self, name, *addresses, id_=None, residual="/"):
        """Bind a name to addresses written `ip:port`."""
        id_ = id_ or "/#/io.l5d.fs/" + name.rsplit("/", 1)[-1]
        if addresses:
            self.addresses(id_, *addresses)
        self.names.tree(name).update(Ok(self.names.leaf(id_, Path.parse(residual))))
        self.turn()

    def addresses(self, id_, *addresses):
        """Change the addresses of a bound name."""
        found = [one.rsplit(":", 1) for one in addresses]
        known = addr.bound(*(Address(ip, int(port)) for ip, port in found))
        self.names.addr(id_).update(known)
        self.turn()

    def tree(self, name, tree):
        self.names.tree(name).update(Ok(tree))

    def fail(self, name, text):
        self.names.tree(name).update(Failed(RuntimeError(text)))

    def client(self):
        """A new client connection."""
        protocol = self.port.buildProtocol(None)
        port = 50000 + len(self.clients)
        client = Client(self, MemoryTransport(self.clock, protocol, "10.9.9.9", port))
        self.clients.append(client)
        return client

    def backend(self, index=-1):
        """A connection that the router made, the newest unless told."""
        for transport in self.network.made[len(self.backends) :]:
            self.backends.append(Backend(self, transport))
        assert self.backends, "the router has made no connection"
        return self.backends[index]

    @property
    def connects(self):
        """How many connections the router has made."""
        return len(self.network.made)

    def turn(self):
        """Let happen what is due now."""
        self.clock.advance(0)

    def wait(self, seconds):
        """Let time pass, in steps as fine as the timer wheel's."""
        self.clock.pump([seconds, 0.02])

    # -- what is to be seen

    def counters(self, scope):
        """The counters of a scope that have counted, without its sub-scopes of other kinds."""
        return {
            "/".join(names): metric.value
            for names, metric in self._scope(scope).walk()
            if isinstance(metric, Counter) and metric.value
        }

    def gauges(self, scope):
        return {
            "/".join(names): metric.value
            for names, metric in self._scope(scope).walk()
            if isinstance(metric, Gauge)
        }

    def samples(self, scope, name):
        """How many samples a stat has."""
        for names, metric in self._scope(scope).walk():
            if "/".join(names) == name:
                assert isinstance(metric, Stat)
                metric.turn(whole=False)
                return metric.count
        return None

    def _scope(self, scope):
        return {
            "server": self.server_metrics,
            "client": self.router.metrics.scope("client", "#/io.l5d.fs/web"),
            "service": self.router.metrics.scope("service", "svc/web"),
        }[scope]

    def endpoints(self):
        """The endpoints of every client."""
        return [
            endpoint
            for entry in self.router.clients
            for endpoint in entry.value.client._endpoints.values()
        ]

    def _note_defect(self, event):
        if event.get("log_level") is LogLevel.critical:
            self.defects.append(event.get("log_failure") or event)

    # -- the end

    def finish(self):
        """Close everything in order, and check that nothing is left."""
        try:
            for client in self.clients:
                if client.open:
                    client.drain()
                    client.transport.reading = True
                    client.hang_up()
            self.check_at_rest()
            self.check_gone()
        finally:
            globalLogPublisher.removeObserver(self._note_defect)

    def check_at_rest(self):
        """No request is under way: nothing is held, counted as pending, or timed."""
        assert self.defects == []
        assert self.port.connections == set()
        for cache in (self.router.paths, self.router.trees, self.router.bounds):
            assert [entry for entry in cache if entry.busy] == []
        assert [entry for entry in self.router.clients if entry.busy] == []
        live = [transport for transport in self.network.made if not transport.lost]
        for endpoint in self.endpoints():
            mine = [t for t in live if (t.peer.host, t.peer.port) == _key(endpoint)]
            assert endpoint.load == 0
            assert endpoint.pool.size == endpoint.pool.idle == len(mine)
            assert not endpoint.pool.waiters
        self._check_figures(live)
        assert len(self.clock.getDelayedCalls()) <= 2, "the sweep, and the wheel's one wake-up"

    def _check_figures(self, live):
        found = {"/".join(names): metric for names, metric in self.metrics.walk()}
        for name, metric in found.items():
            scope, _, last = name.rpartition("/")
            if last in ("pending", "pool_waiters", "load") and isinstance(metric, Gauge):
                assert metric.value == 0, name
            if last == "requests":
                total = found[f"{scope}/success"].value + found[f"{scope}/failures"].value
                assert metric.value == total, name
        opened = sum(m.value for n, m in found.items() if "/client/" in n and _ends(n, "connects"))
        closed = sum(m.value for n, m in found.items() if "/client/" in n and _ends(n, "closes"))
        if not self.counters_pruned():
            assert opened == self.connects
            assert opened - closed == len(live)
        server = self.counters("server")
        assert server.get("received_bytes", 0) == sum(c.transport.delivered for c in self.clients)

    def counters_pruned(self):
        """Whether a client's figures have gone with it."""
        scope = self.router.metrics.scope("bindcache", "client")
        return any(scope.counter(name).value for name in ("evicts", "expires", "oneshots"))

    def check_gone(self):
        """The router is closed: no name is followed, no connection open, no figure left."""
        another = self.router.metrics.claim()  # so that it shows what the router leaves
        self.router.close()
        self.turn()
        assert self.names.observers() == 0
        assert [t for t in self.network.made if not t.lost] == []
        kinds = another.node.children
        for kind in ("service", "client"):
            assert kind not in kinds or not kinds[kind].children
        self.wait(1000)
        self.wait(1000)
        assert self.clock.getDelayedCalls() == []


def _key(endpoint):
    return endpoint.address.ip, endpoint.address.port


def _ends(name, last):
    return name.endswith("/" + last)
