"""linkerd-tcp's own file, as `twistd -n linkerpy` runs it, with a namerd double and backends."""

import json
import socketserver
import ssl
import threading
import urllib.request
from contextlib import contextmanager, suppress

import pytest

from tests.e2e.tcp_sessions import TIMEOUT, Backend, connect, talk, until
from tests.support.certs import Authority
from tests.support.namerd import namerd_in_thread, replicas

# The shape of linkerd-tcp's README, with ports of this test's.
CONFIG = """\
admin:
  port: {admin}
  metricsIntervalSecs: 1
  graceSecs: 5

bufferSizeBytes: 8192

routers:
- label: default
  interpreter:
    kind: io.l5d.namerd.http
    baseUrl: http://localhost:{namerd}
    namespace: default
    periodSecs: 0.05
  servers:
  - port: {port}
    ip: 127.0.0.1
    dstName: /svc/default
    connectTimeoutMs: 5000
{server}  client:
    kind: io.l5d.static
    configs:
    - prefix: /
      connectTimeoutMs: 400
"""

NAME = "/svc/default"


class World:
    """The router process, its namerd, and how to talk to both.

    `server` and `more` are further lines of its server's and its client's configuration.
    """

    def __init__(self, twistd, free_port, namerd, more="", server=""):
        self.namerd, self.port, self.admin = namerd, free_port(), free_port()
        text = CONFIG.format(admin=self.admin, port=self.port, namerd=namerd.port, server=server)
        text += more
        self.daemon = twistd(text, admin_port=self.admin)

    def resolve(self, *backends):
        self.namerd.say("resolve", NAME, replicas(*[backend.port for backend in backends]))

    def session(self):
        return connect(self.port)

    def ask(self):
        """Who serves a new session."""
        with self.session() as sock:
            return talk(sock, b"hi")

    def ask_until(self, name):
        """New sessions until that backend serves one; who served the others."""
        seen = []
        for _ in range(2000):
            seen.append(self.ask())
            if seen[-1] == name:
                return seen
        raise AssertionError(f"never {name}: {set(seen)}")

    def figures(self):
        lines = self.daemon.admin("/metrics").splitlines()
        return {key: float(value) for key, _, value in (line.rpartition(" ") for line in lines)}

    def ready(self):
        """How many connections wait for a session."""
        metrics = json.loads(self.daemon.admin("/admin/metrics.json"))
        return metrics[f"rt/default/client/#/io.l5d.namerd.http/default{NAME}/pool_cached"]

    def post(self, path):
        request = urllib.request.Request(f"http://127.0.0.1:{self.admin}{path}", method="POST")
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return answer.status


@pytest.fixture
def backend(cleanup):
    def start(name):
        made = Backend(name)
        cleanup.callback(made.stop)
        return made

    return start


@pytest.fixture
def world(twistd, free_port, cleanup):
    return World(twistd, free_port, cleanup.enter_context(namerd_in_thread()))


def test_bytes_flow_and_new_sessions_follow_namerd_while_open_ones_stay(world, backend):
    blue, green = backend(b"blue:"), backend(b"green:")
    world.resolve(blue)
    with world.session() as stays:
        assert talk(stays, b"1") == b"blue:"
        world.resolve(green)
        seen = world.ask_until(b"green:")
        assert set(seen[:-1]) <= {b"blue:"}
        for _ in range(50):
            assert world.ask() == b"green:"
        assert talk(stays, b"2") == b"blue:"
    world.resolve(blue, green)
    world.ask_until(b"blue:")
    assert world.namerd.api.asked[0] == f"resolve/default {NAME}"


def test_no_session_is_lost_while_namerd_moves_the_name_back_and_forth(world, backend):
    blue, green = backend(b"blue:"), backend(b"green:")
    world.resolve(blue)
    world.ask()
    answers, stop = [], threading.Event()

    def load():
        while not stop.is_set():
            answers.append(world.ask())

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        world.resolve(green)
        world.ask_until(b"green:")
        world.resolve(blue)
        world.ask_until(b"blue:")
    stop.set()
    for thread in threads:
        thread.join(TIMEOUT)
    assert set(answers) == {b"blue:", b"green:"}
    metrics = json.loads(world.daemon.admin("/admin/metrics.json"))
    server = f"rt/default/server/127.0.0.1/{world.port}"
    assert metrics[f"{server}/failures"] == 0


def test_a_backend_that_refuses_costs_no_session_and_is_counted(world, backend, free_port):
    good, gone = backend(b"good:"), backend(b"gone:")
    gone.stop()
    world.resolve(good, gone)
    for _ in range(20):
        assert world.ask() == b"good:"
    refused = f'l5d:balancer:connection:failure{{cause="refused", dst="{NAME}", rt="default"}}'
    until(lambda: world.figures().get(refused, 0) > 0)


def test_metrics_count_sessions_and_bytes_under_linkerd_tcp_s_names(world, backend):
    blue = backend(b"blue:")
    world.resolve(blue)
    for _ in range(3):
        assert world.ask() == b"blue:"
    labels = f'{{rt="default", srv_addr="127.0.0.1:{world.port}"}}'
    until(lambda: world.figures().get(f"l5d:srv:closes{labels}") == 3)
    figures = world.figures()
    assert figures[f"l5d:srv:accepts{labels}"] == 3
    assert figures[f"l5d:srv:stream:rx_bytes{labels}"] == 6
    assert figures[f"l5d:srv:stream:tx_bytes{labels}"] == 21
    assert figures[f'l5d:balancer:connection:connects{{dst="{NAME}", rt="default"}}'] == 3
    assert figures['l5d:resolver:success_count{namespace="default", rt="default"}'] > 0


def test_shutdown_lets_sessions_end_and_then_the_process_with_code_0(world, backend):
    world.resolve(backend(b"blue:"))
    with world.session() as sock:
        assert talk(sock, b"1") == b"blue:"
        assert world.post("/shutdown") == 200
        until_refused(world)
        assert talk(sock, b"2") == b"blue:"
    assert world.daemon.wait() == 0


def until_refused(world):
    """Connect until nobody listens any more."""
    for _ in range(2000):
        try:
            world.session().close()
        except ConnectionError:
            return
    raise AssertionError("it still listens")


def test_abort_breaks_everything_off_and_ends_the_process_with_code_1(world, backend):
    world.resolve(backend(b"blue:"))
    with world.session() as sock:
        assert talk(sock, b"1") == b"blue:"
        assert world.post("/abort") == 200
        assert world.daemon.wait() == 1
        with suppress(ConnectionError):  # a reset says so, too
            assert sock.recv(1) == b""


def test_its_dashboard_knows_the_router(world, backend):
    world.resolve(backend(b"blue:"))
    assert world.ask() == b"blue:"
    assert "<title>" in world.daemon.admin("/")
    (router,) = json.loads(world.daemon.admin("/config.json"))["routers"]
    assert (router["label"], router["protocol"]) == ("default", "tcp")
    page = "/default/interpreter_state/io.l5d.namerd.http/default.json"
    state = json.loads(world.daemon.admin(page))
    assert state["resolve"][NAME]["state"]["value"]["type"] == "bound"


def test_connections_are_kept_ready_besides_those_in_use(twistd, free_port, cleanup, backend):
    namerd = cleanup.enter_context(namerd_in_thread())
    world = World(twistd, free_port, namerd, more="      minConnections: 2\n")
    blue = backend(b"blue:")
    world.resolve(blue)
    assert world.ask() == b"blue:"
    until(lambda: world.ready() == 2)
    with world.session() as one, world.session() as other:
        assert talk(one, b"1") == talk(other, b"2") == b"blue:"
        until(lambda: world.ready() == 2 and blue.sessions == 5)
    assert world.ask() == b"blue:"


def test_a_shutdown_that_waits_for_sessions_can_be_cut_short(world, backend):
    world.resolve(backend(b"blue:"))
    with world.session() as sock:
        assert talk(sock, b"1") == b"blue:"
        assert world.post("/shutdown") == 200
        until_refused(world)
        assert world.post("/shutdown") == 200
        assert talk(sock, b"2") == b"blue:"
        assert world.post("/abort") == 200
        assert world.daemon.wait() == 1


TLS_SERVER = """\
    tls:
      defaultIdentity: {{certs: [{main.cert_path}], privateKey: {main.key_path}}}
      identities:
        shop.test: {{certs: [{shop.cert_path}], privateKey: {shop.key_path}}}
"""
TLS_CLIENT = "      tls: {{dnsName: {name}, trustCerts: [{ca}]}}\n"


def test_tls_of_callers_ends_there_with_the_certificate_they_ask_for(
    twistd, free_port, cleanup, backend, tmp_path
):
    authority = Authority(tmp_path / "ca")
    main, shop = authority.issue("web.test", file="web"), authority.issue("shop.test", file="shop")
    namerd = cleanup.enter_context(namerd_in_thread())
    world = World(twistd, free_port, namerd, server=TLS_SERVER.format(main=main, shop=shop))
    world.resolve(backend(b"blue:"))
    context = ssl.create_default_context(cafile=authority.bundle)
    for name in ("web.test", "shop.test"):
        with context.wrap_socket(world.session(), server_hostname=name) as session:
            assert talk(session, b"hi") == b"blue:"
    labels = f'{{rt="default", srv_addr="127.0.0.1:{world.port}"}}'
    until(lambda: world.figures().get(f"l5d:srv:tls:handshake_us_count{labels}") == 2)


@pytest.mark.parametrize(("name", "served"), [("web.test", True), ("other.test", False)])
def test_tls_to_replicas_begins_there_and_asks_for_their_name(
    twistd, free_port, cleanup, tmp_path, name, served
):
    authority = Authority(tmp_path / "ca")
    server = cleanup.enter_context(tls_backend(authority.issue("web.test")))
    namerd = cleanup.enter_context(namerd_in_thread())
    client = TLS_CLIENT.format(name=name, ca=authority.bundle)
    world = World(twistd, free_port, namerd, more=client)
    world.resolve(server)
    with world.session() as session:
        session.sendall(b"hi")
        assert session.recv(100) == (b"tls:hi" if served else b"")
    listed = json.loads(world.daemon.admin("/admin/tls_failures.json"))["failures"]
    assert [failure["cause"] for failure in listed] == ([] if served else ["wrong_name"])


@contextmanager
def tls_backend(identity):
    """A backend that answers one session over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.cert_path, identity.key_path)

    class Answer(socketserver.BaseRequestHandler):
        def handle(self):
            with suppress(OSError), context.wrap_socket(self.request, server_side=True) as tls:
                tls.sendall(b"tls:" + tls.recv(100))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer) as server:
        server.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
