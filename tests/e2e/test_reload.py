"""A running router gets another configuration: nobody who calls it notices more than they should.

Each test has callers ask without pause while it reloads; one failed request fails it.
"""

import signal
import ssl
import urllib.error

import pytest

from tests.e2e.routed import Routed, http, tcp
from tests.e2e.tcp_sessions import Backend, connect, talk
from tests.e2e.traffic import Named, Traffic
from tests.support.certs import Authority

ROUNDS = 5


@pytest.fixture
def backends(cleanup):
    """Two HTTP backends."""
    made = [Named("one"), Named("two")]
    for backend in made:
        cleanup.callback(backend.stop)
    return made


@pytest.fixture
def routed(twistd, free_port):
    """Starts a router process: `routed(*routers)`."""
    return lambda *routers, **more: Routed(twistd, free_port, *routers, **more)


def test_a_changed_dtab_reaches_kept_connections_and_fails_no_request(routed, free_port, backends):
    one, two = backends
    port = free_port()
    here = routed(http("web", port, one.port))
    with Traffic(port) as traffic:
        for _ in range(ROUNDS):
            assert here.reload(http("web", port, two.port)) == (
                200,
                "reloaded\nrouter web: changed\n",
            )
            traffic.wait_for_all("two")
            assert here.reload(http("web", port, one.port))[0] == 200
            traffic.wait_for_all("one")
    assert traffic.connections == {1}


def test_counts_go_on_over_a_reload(routed, free_port, backends):
    one, _ = backends
    port = free_port()
    here = routed(http("web", port, one.port))
    with Traffic(port, fresh=0) as traffic:
        traffic.wait_for_more()
        here.reload(http("web", port, one.port, router="  bindingTimeoutMs: 5000\n"))
        traffic.wait_for_more()
    metrics = here.metrics()
    scopes = (
        f"server/127.0.0.1/{port}",
        "service/svc/web",
        f"client/$/inet/127.0.0.1/{one.port}",
    )
    for scope in scopes:
        assert metrics[f"rt/web/{scope}/requests"] == traffic.answers, scope
    assert metrics[f"rt/web/server/127.0.0.1/{port}/connects"] == 2
    assert (metrics["config/reloads"], metrics["config/failed_reloads"]) == (1, 0)
    assert metrics["config/last_reload_successful"] == 1


@pytest.mark.parametrize(
    "changed",
    [
        "  client: {requestAttemptTimeoutMs: 20000, hostConnectionPool: {maxSize: 100}}\n",
        "  service: {totalTimeoutMs: 20000, retries: {budget: {minRetriesPerSec: 3}}}\n",
        "  identifier: {kind: io.l5d.header.token, header: Host}\n",
        "  httpAccessLog: access.log\n",
    ],
    ids=["client", "service", "identifier", "access log"],
)
def test_changed_policies_fail_no_request(routed, free_port, backends, changed):
    one, _ = backends
    port = free_port()
    here = routed(http("web", port, one.port))
    with Traffic(port) as traffic:
        for router in (changed, "") * ROUNDS:
            said = here.reload(http("web", port, one.port, router=router))
            assert said == (200, "reloaded\nrouter web: changed\n")
            traffic.wait_for_more(10)
    assert traffic.connections == {1}


def test_a_router_that_has_not_changed_keeps_its_pools_and_bindings(routed, free_port, backends):
    one, two = backends
    kept, other, added = free_port(), free_port(), free_port()
    here = routed(http("kept", kept, one.port), http("other", other, one.port))
    with Traffic(kept, other) as traffic:
        before = here.metrics()
        status, text = here.reload(
            http("added", added, two.port),
            http("kept", kept, one.port),
            http("other", other, two.port),
        )
        assert (status, text) == (200, "reloaded\nrouter added: added\nrouter other: changed\n")
        traffic.wait_for_more()
        after = here.metrics()
    connects = f"rt/kept/client/$/inet/127.0.0.1/{one.port}/connects"
    misses = "rt/kept/bindcache/client/misses"
    assert after[misses] == before[misses] == 1
    assert after[connects] <= 4
    assert traffic.connections == {1}


def ask(sock):
    """One request: the head of its response, which is a 200, in small letters."""
    sock.sendall(b"GET / HTTP/1.1\r\nHost: web\r\n\r\n")
    data = b""
    while not data.endswith(b"one"):
        data += sock.recv(65536)
    head = data.lower().partition(b"\r\n\r\n")[0]
    assert head.startswith(b"http/1.1 200 ok")
    return head


def test_a_server_is_added_and_taken_away_beside_one_that_goes_on(routed, free_port, backends):
    one, _ = backends
    port, more = free_port(), free_port()
    alone = http("web", port, one.port)
    both = alone.replace("servers: [", f"servers: [{{ip: 127.0.0.1, port: {more}}}, ")
    here = routed(alone)
    with Traffic(port) as traffic:
        for _ in range(ROUNDS):
            assert here.reload(both) == (200, "reloaded\nrouter web: changed\n")
            with connect(more) as kept:
                assert b"connection: close" not in ask(kept)
                assert here.reload(alone)[0] == 200
                assert b"connection: close" in ask(kept)
                assert kept.recv(1) == b""
            with pytest.raises(ConnectionRefusedError):
                connect(more)
        traffic.wait_for_more(10)
    assert traffic.connections == {1}


def test_a_server_moves_to_all_addresses_of_its_port_and_back(routed, free_port, backends):
    one, _ = backends
    port = free_port()
    narrow = http("web", port, one.port)
    wide = narrow.replace(f"ip: 127.0.0.1, port: {port}", f"ip: 0.0.0.0, port: {port}")
    here = routed(narrow)
    with Traffic(port) as traffic:
        for _ in range(ROUNDS):
            assert here.reload(wide)[0] == 200
            traffic.wait_for_more()
            assert here.reload(narrow)[0] == 200
            traffic.wait_for_more()
    assert traffic.connections == {1}


def test_addresses_change_hands_between_routers(routed, free_port, backends):
    one, two = backends
    first, second = free_port(), free_port()
    here = routed(http("a", first, one.port), http("b", second, two.port))
    with Traffic(first, second) as traffic:
        for _ in range(ROUNDS):
            assert here.reload(http("b", first, two.port), http("a", second, one.port))[0] == 200
            traffic.wait_for_more()
            assert here.reload(http("a", first, one.port), http("c", second, two.port))[0] == 200
            traffic.wait_for_more()
    assert traffic.connections == {1}


def test_namers_and_telemeters_change(routed, free_port, backends, tmp_path):
    one, two = backends
    (tmp_path / "web").write_text(f"127.0.0.1 {two.port}\n", "utf-8")
    port = free_port()
    plain = http("web", port, one.port)
    named = plain.replace(f"/$/inet/127.0.0.1/{one.port}", "/#/io.l5d.fs")
    top = (
        f"namers: [{{kind: io.l5d.fs, rootDir: {tmp_path}}}]\n"
        "telemetry: [{kind: io.l5d.prometheus}, {kind: io.l5d.recentRequests, sampleRate: 1.0}]\n"
    )
    here = routed(plain)
    with Traffic(port) as traffic:
        for _ in range(ROUNDS):
            status, text = here.reload(named, top=top)
            assert status == 200
            assert "namers: changed" in text
            assert "telemetry: changed" in text
            traffic.wait_for_all("two")
            assert "rt:server:requests" in here.daemon.admin("/admin/metrics/prometheus")
            assert here.reload(plain)[0] == 200
            traffic.wait_for_all("one")
    assert traffic.connections == {1}
    with pytest.raises(urllib.error.HTTPError, match="404"):
        here.daemon.admin("/admin/metrics/prometheus")


def test_the_admin_server_moves(routed, free_port, backends):
    one, _ = backends
    port = free_port()
    here = routed(http("web", port, one.port))
    old, new = here.admin, free_port()
    with Traffic(port) as traffic:
        status, text = here.reload(http("web", port, one.port), admin=new)
        assert (status, text) == (200, f"reloaded\nadmin: now on 127.0.0.1:{new}\n")
        assert here.daemon.admin("/admin/ping") == "pong"
        with pytest.raises(ConnectionRefusedError):
            connect(old)
        traffic.wait_for_more(10)
    assert traffic.connections == {1}


@pytest.fixture
def certificates(tmp_path):
    """An authority, and two certificates of one server."""
    authority = Authority(tmp_path / "ca", "Reload CA")
    return authority, [authority.issue("localhost", file=name) for name in ("first", "second")]


def test_tls_keys_change(routed, free_port, backends, certificates):
    one, _ = backends
    authority, (first, second) = certificates
    port = free_port()

    def with_tls(issued):
        keys = f", tls: {{certPath: {issued.cert_path}, keyPath: {issued.key_path}}}"
        return http("web", port, one.port, more=keys)

    trust = ssl.create_default_context(cafile=authority.bundle)
    here = routed(with_tls(first))
    with Traffic(
        port, wrap=lambda sock: trust.wrap_socket(sock, server_hostname="localhost")
    ) as traffic:
        for _ in range(ROUNDS):
            assert here.reload(with_tls(second))[0] == 200
            traffic.wait_for_more()
            assert here.reload(with_tls(first))[0] == 200
            traffic.wait_for_more()
        open_ones = here.metrics()[f"rt/web/server/127.0.0.1/{port}/tls/connections"]
        assert open_ones in (2, 3), "both kept ones, and perhaps a new one"
    assert traffic.connections == {1}


def test_a_file_with_mistakes_is_refused_with_all_of_them(routed, free_port, backends):
    one, two = backends
    port = free_port()
    here = routed(http("web", port, one.port))
    wrong = "  bindingTimeoutMs: soon\n  nonsense: 1\n"
    with Traffic(port) as traffic:
        status, text = here.reload(http("web", port, two.port, router=wrong))
        assert status == 400
        assert "linkerpy.yml:7:21: " in text
        assert "unknown key `nonsense`" in text
        traffic.wait_for_more()
        traffic.wait_for_all("one")
    assert traffic.connections == {1}
    metrics = here.metrics()
    assert (metrics["config/reloads"], metrics["config/failed_reloads"]) == (0, 1)
    assert metrics["config/last_reload_successful"] == 0
    assert "configuration not reloaded, the old one stays:" in here.daemon.output
    assert "unknown key `nonsense`" in here.daemon.output


def test_what_the_machine_does_not_have_is_refused_before_anything_is_touched(
    routed, free_port, backends
):
    one, two = backends
    port, taken = free_port(), Backend(b"taken")
    here = routed(http("web", port, one.port))
    lacking = ", tls: {certPath: /nowhere.pem, keyPath: /nowhere.key}"
    with Traffic(port) as traffic:
        status, text = here.reload(
            http("web", port, two.port),
            http("a", free_port(), two.port, more=lacking),
            http("b", free_port(), two.port, more=lacking),
        )
        assert (status, text.count("/nowhere.pem")) == (400, 2)
        status, text = here.reload(http("web", port, two.port), tcp("t", taken.port, two.port))
        assert status == 400
        assert f"cannot listen on 127.0.0.1:{taken.port}: address already in use" in text
        traffic.wait_for_more()
        traffic.wait_for_all("one")
    assert traffic.connections == {1}
    taken.stop()
    assert here.reload(http("web", port, two.port), tcp("t", taken.port, two.port))[0] == 200


def test_sighup_reloads_and_has_logs_opened_anew(routed, free_port, backends):
    one, two = backends
    port = free_port()
    log = "  httpAccessLog: access.log\n  httpAccessLogRollPolicy: sighup\n"
    here = routed(http("web", port, one.port, router=log))
    moved = here.daemon.directory / "moved.log"
    with Traffic(port) as traffic:
        (here.daemon.directory / "access.log").rename(moved)
        here.write(http("web", port, two.port, router=log))
        here.daemon.process.send_signal(signal.SIGHUP)
        traffic.wait_for_all("two")
    assert traffic.connections == {1}
    assert here.daemon.stop() == 0
    written = sum(
        path.read_bytes().count(b"\n") for path in (moved, here.daemon.directory / "access.log")
    )
    assert written == traffic.answers


def test_sessions_go_on_whatever_happens_to_their_router(routed, free_port, cleanup):
    one, two = Backend(b"one:"), Backend(b"two:")
    cleanup.callback(one.stop)
    cleanup.callback(two.stop)
    port, other = free_port(), free_port()
    here = routed(tcp("db", port, one.port))
    with connect(port) as session:
        assert talk(session, b"before") == b"one:"
        assert here.reload(tcp("db", port, two.port))[0] == 200
        assert talk(session, b"changed") == b"one:"
        with connect(port) as later:
            assert talk(later, b"new") == b"two:"
            assert here.reload(http("web", other, one.port))[0] == 200
            assert talk(session, b"removed") == b"one:"
            assert talk(later, b"removed") == b"two:"
        with pytest.raises(ConnectionRefusedError):
            connect(port)
    assert (one.sessions, two.sessions) == (1, 1)


def test_callers_that_wait_for_their_turn_get_it_from_the_new_router(routed, free_port, cleanup):
    one, two = Backend(b"one:"), Backend(b"two:")
    cleanup.callback(one.stop)
    cleanup.callback(two.stop)
    port = free_port()
    here = routed(tcp("db", port, one.port, more=", maxConcurrency: 1"))
    with connect(port) as first, connect(port) as second:
        assert talk(first, b"first") == b"one:"
        second.sendall(b"second")
        assert here.reload(tcp("db", port, two.port, more=", maxConcurrency: 2"))[0] == 200
        assert second.recv(100) == b"two:second"
        assert talk(first, b"first") == b"one:"
