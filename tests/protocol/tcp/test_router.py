"""A whole router on real sockets: plain, with TLS on either side, and what it accepts."""

import socket

import pytest

from linkerpy.app import schema
from linkerpy.core.activity import Ok
from linkerpy.core.clock import TimerWheel
from linkerpy.naming import addr
from linkerpy.naming.addr import Address
from linkerpy.net import listen as listening
from linkerpy.net.connect import connect
from linkerpy.net.errors import ListenError
from linkerpy.net.relay import Relay
from linkerpy.net.splice import Splice
from linkerpy.net.tls_files import TlsConfigError
from linkerpy.protocol.tcp.config import TcpRouter
from linkerpy.protocol.tcp.router import RunningTcpRouter
from tests.net import reactors
from tests.net.conftest import make_loop  # noqa: F401 - a fixture
from tests.net.test_transport import HalfRecorder
from tests.net.tls_loop import client_tls, server_tls
from tests.net.wire import PATIENCE, factory
from tests.protocol.http.playbook import Names
from tests.support.certs import Authority
from tests.support.env import fake_env

schema.install()
BIG = b"0123456789abcdef" * (1 << 17)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


class World:
    """A running router, its callers, and the backends it knows by name."""

    def __init__(self, loop, server=(), client=()):
        self.loop, self.reactor = loop, loop.reactor
        self.env = fake_env(self.reactor)
        self.env.clock, self.env.timers = self.reactor, TimerWheel(self.reactor)
        self.names = Names()
        keys = {
            "protocol": "tcp",
            "servers": [{"port": 0, "dstName": "/svc/db"} | dict(server)],
            "client": dict(client),
        }
        config = TcpRouter.model_validate(keys, by_alias=True, by_name=False)
        self.running = RunningTcpRouter(config, self.names, self.env)
        (where,) = self.running.listen()
        self.port = int(where.rpartition(":")[2])
        self.sessions = []

    def backend(self, name, tls=None):
        """A backend known as `name`; its sessions are in `sessions`."""

        def build():
            self.sessions.append(HalfRecorder())
            return self.sessions[-1]

        bound = listening.listen(self.reactor, factory(build), "127.0.0.1", 0, tls=tls)
        id_ = "/#/io.l5d.fs/" + name.rpartition("/")[2]
        self.names.addr(id_).update(addr.bound(Address("127.0.0.1", bound.getHost().port)))
        self.names.tree(name).update(Ok(self.names.leaf(id_)))
        return bound

    def call(self, tls=None):
        """A new connection to the router, and the session it has at a backend."""
        made, failed, before = [], [], len(self.sessions)
        connect(
            self.reactor,
            "127.0.0.1",
            self.port,
            HalfRecorder,
            PATIENCE,
            tls=tls,
            on_connected=made.append,
            on_failed=failed.append,
        )
        self.loop.until(lambda: made and len(self.sessions) > before, "the session")
        return made[0], self.sessions[-1]

    def relays(self):
        """What joins the open sessions."""
        port = self.running.servers[0].port
        return [type(connection._relay) for connection in port.connections]

    def told(self):
        """Of TLS failures: side and cause."""
        return [(one.side, one.cause) for one in self.env.tls_failures]

    def figure(self, *names):
        return self.running.router.metrics.counter(*names).value


@pytest.fixture
def world(make_loop):  # noqa: F811
    """Makes worlds on a reactor of their own."""
    made = []

    def make(**keys):
        made.append(World(make_loop(reactors.DirectWithOurs), **keys))
        return made[-1]

    yield make
    for one in made:
        one.running.close()


def converse(world, caller, backend):
    """Much in both directions, each of which ends by itself."""
    caller.transport.write(BIG)
    caller.transport.loseWriteConnection()
    world.loop.until(lambda: backend.read_lost, "the question's end")
    assert backend.data == BIG
    backend.transport.write(BIG[::-1])
    backend.transport.loseWriteConnection()
    world.loop.until(lambda: caller.read_lost, "the answer's end")
    assert caller.data == BIG[::-1]
    world.loop.until(lambda: not world.relays(), "the session's end")
    port = world.running.servers[0].port
    scope = ("server", port.settings.label)
    assert world.figure(*scope, "received_bytes") == len(BIG)
    assert world.figure(*scope, "sent_bytes") == len(BIG)
    assert world.figure(*scope, "success") == 1


def test_plain_streams_are_spliced(world):
    here = world()
    here.backend("/svc/db")
    caller, backend = here.call()
    backend.transport.write(b"welcome")
    here.loop.until(lambda: caller.data == b"welcome", "the first word")
    caller.data.clear()
    assert here.relays() == [Splice]
    caller.transport.write(BIG)
    caller.transport.loseWriteConnection()
    here.loop.until(lambda: backend.read_lost, "the end")
    assert backend.data == BIG


def test_both_directions_of_plain_streams_end_by_themselves(world):
    here = world()
    here.backend("/svc/db")
    converse(here, *here.call())


def test_tls_of_callers_ends_here(world, authority):
    cert = authority.issue("db.test")
    here = world(server={"tls": {"certPath": cert.cert_path, "keyPath": cert.key_path}})
    here.backend("/svc/db")
    session = here.call(client_tls(here.loop, "db.test", trust=[authority.bundle]))
    assert here.relays() == [Relay]
    converse(here, *session)


def test_tls_with_endpoints_begins_here(world, authority):
    cert = authority.issue("db.test", file="backend")
    tls = {"commonName": "db.test", "trustCertsBundle": authority.bundle}
    here = world(client={"tls": tls})
    here.backend("/svc/db", tls=server_tls(here.loop, cert))
    session = here.call()
    assert here.relays() == [Relay]
    converse(here, *session)


def test_tls_on_both_sides_and_the_name_asked_for_is_where_it_goes(world, authority):
    cert = authority.issue("db.test", "a.test", "b.test", file="both")
    here = world(
        server={
            "dstName": "/svc/{sni}",
            "tls": {"certPath": cert.cert_path, "keyPath": cert.key_path},
        },
        client={
            "kind": "io.l5d.static",
            "configs": [
                {
                    "prefix": "/#/io.l5d.fs/{name}",
                    "tls": {"commonName": "{name}", "trustCertsBundle": authority.bundle},
                }
            ],
        },
    )
    for name in ("a.test", "b.test"):
        here.backend(f"/svc/{name}", tls=server_tls(here.loop, cert))
    caller, backend = here.call(client_tls(here.loop, "b.test", trust=[authority.bundle]))
    assert backend.transport.server_name == "b.test"
    converse(here, caller, backend)


def test_an_endpoint_of_another_name_is_not_spoken_to(world, authority):
    cert = authority.issue("other.test", file="other")
    tls = {"commonName": "db.test", "trustCertsBundle": authority.bundle}
    here = world(client={"tls": tls})
    here.backend("/svc/db", tls=server_tls(here.loop, cert))
    caller = socket.create_connection(("127.0.0.1", here.port))
    caller.setblocking(False)
    port = here.running.servers[0].port
    here.loop.until(
        lambda: here.figure("server", port.settings.label, "failures"), "the session to fail"
    )
    caller.close()
    assert here.sessions == []
    assert here.told() == [("client", "wrong_name")]
    assert here.figure("client", "#/io.l5d.fs/db", "tls", "failures", "wrong_name") > 0


def test_a_caller_that_does_not_speak_tls_is_told_of(world, authority):
    cert = authority.issue("db.test")
    here = world(server={"tls": {"certPath": cert.cert_path, "keyPath": cert.key_path}})
    port = here.running.servers[0].port
    caller = socket.create_connection(("127.0.0.1", here.port))
    caller.sendall(b"EHLO there\r\n")
    here.loop.until(here.told, "the failure")
    caller.close()
    assert here.told() == [("server", "not_tls")]
    scope = ("server", port.settings.label)
    assert here.figure(*scope, "tls", "failures", "not_tls") == 1


def test_what_is_spoken_inside_is_agreed_on_at_either_side(world, authority):
    cert = authority.issue("db.test")
    trust = {"commonName": "db.test", "trustCertsBundle": authority.bundle}
    here = world(
        server={
            "tls": {
                "certPath": cert.cert_path,
                "keyPath": cert.key_path,
                "alpnProtocols": ["postgresql", "other"],
            }
        },
        client={"tls": trust | {"alpnProtocols": ["postgresql"]}},
    )
    here.backend("/svc/db", tls=server_tls(here.loop, cert, alpn=(b"postgresql",)))
    trusting = {"trust": [authority.bundle], "alpn": (b"other", b"postgresql")}
    caller, backend = here.call(client_tls(here.loop, "db.test", **trusting))
    assert caller.transport.negotiatedProtocol == b"postgresql"
    assert backend.transport.negotiatedProtocol == b"postgresql"


def test_a_certificate_that_is_not_there_is_known_before_anything_listens(world, tmp_path):
    keys = {"certPath": str(tmp_path / "no.pem"), "keyPath": str(tmp_path / "no.key")}
    with pytest.raises(TlsConfigError, match=r"no\.pem"):
        world(server={"tls": keys})


def test_an_address_that_is_taken_is_told(world):
    here = world()
    with pytest.raises(ListenError, match=str(here.port)):
        world(server={"port": here.port})


def test_the_system_queues_callers_that_are_too_many(world):
    here = world(server={"maxConcurrency": 1})
    here.backend("/svc/db")
    first, _ = here.call()
    waiting = socket.create_connection(("127.0.0.1", here.port))
    here.loop.turns(20)
    assert len(here.sessions) == 1
    first.transport.abortConnection()
    here.loop.until(lambda: len(here.sessions) == 2, "the other's turn")
    waiting.close()


def test_none_is_taken_any_more_while_sessions_end(world):
    here = world()
    here.backend("/svc/db")
    caller, backend = here.call()
    idle = []
    here.running.drain(lambda: idle.append(True))
    here.loop.turns()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", here.port))
    converse(here, caller, backend)
    assert idle == [True]
