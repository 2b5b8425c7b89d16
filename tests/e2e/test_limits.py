"""What a whole router process does when the machine has no more to give."""

import http.client
import json
import random
import re
import resource
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.e2e.http_mesh import FileMesh, Replica, connect, read_until
from tests.e2e.tcp_mesh import TcpMesh
from tests.e2e.tcp_sessions import Backend, talk, until
from tests.e2e.traffic import Named, Traffic

FILES = 96
"""The limit of file descriptors of a router that is to run out of them."""

MB = 1 << 20

UNRULY = (sys.executable, str(Path(__file__).with_name("unruly.py")))

ACCESS_LOG = """\
admin: {{ip: 127.0.0.1, port: {admin}}}
routers:
- protocol: http
  label: web
  dtab: /svc => /$/inet/127.0.0.1/{backend}
  httpAccessLog: {log}
  servers: [{{ip: 127.0.0.1, port: {port}}}]
"""

WHOLE = re.compile(r'web 127\.0\.0\.1 - - \[.*\] "GET / HTTP/1\.1" 200 4 "-" "-"')

TIMEOUTS = """\
  service: {totalTimeoutMs: 20000}
  client: {requestAttemptTimeoutMs: 10000}
"""

HOSTS = """\
admin: {{ip: 127.0.0.1, port: {admin}}}
routers:
- protocol: http
  dtab: |
    /svc/known => /$/inet/known.test/{backend};
    /svc/new => /$/inet/new.test/{backend};
  servers: [{{ip: 127.0.0.1, port: {port}}}]
"""

ASK = b"GET / HTTP/1.1\r\nHost: web\r\n\r\n"


def limited(limit, value):
    """The command of a router with a limit of its own, that can be raised."""
    lower = (
        f"resource.setrlimit(resource.{limit}, ({value}, resource.getrlimit(resource.{limit})[1]))"
    )
    run = "from twisted.scripts.twistd import run; run()"
    return (sys.executable, "-c", f"import resource; {lower}; {run}")


@pytest.fixture
def backend(cleanup):
    made = Named("here")
    cleanup.callback(made.stop)
    return made


def get(port, host):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        client.request("GET", "/", headers={"Host": host})
        answer = client.getresponse()
        return answer.status, answer.read().decode()
    finally:
        client.close()


def ask(sock):
    sock.sendall(ASK)
    _, rest = read_until(sock, b"\r\n\r\n")
    return rest or sock.recv(100)


def test_without_descriptors_new_clients_wait_and_those_served_live_on(
    twistd, free_port, tmp_path, backend, cleanup
):
    mesh = FileMesh(
        lambda *args, **keys: twistd(*args, twistd=limited("RLIMIT_NOFILE", FILES), **keys),
        free_port,
        tmp_path,
    )
    mesh.name("web", backend.port)
    served = cleanup.enter_context(connect(mesh.port))
    assert ask(served) == b"here"
    with ExitStack() as crowd:
        many = [crowd.enter_context(connect(mesh.port)) for _ in range(2 * FILES)]
        late = many[-1]
        late.sendall(ASK)
        for _ in range(200):
            assert ask(served) == b"here"
        late.settimeout(0)
        with pytest.raises(BlockingIOError):
            late.recv(100)
        assert "accepts nobody until some of the 96 file descriptors" in mesh.daemon.output
        late.settimeout(30)
        for early in many[:-1]:
            early.close()
        assert read_until(late, b"\r\n\r\n")[0].startswith(b"HTTP/1.1 200 OK")
        assert ask(served) == b"here"
    assert mesh.daemon.output.count("accepts nobody") == 1
    assert "Traceback" not in mesh.daemon.output
    assert mesh.server_metric("failures") == 0


def test_without_descriptors_tcp_clients_wait_and_sessions_go_on(twistd, tmp_path, cleanup):
    backend = Backend(b"db:")
    cleanup.callback(backend.stop)
    mesh = TcpMesh(
        lambda *args: twistd(*args, twistd=limited("RLIMIT_NOFILE", FILES)),
        tmp_path,
        server="dstName: /svc/db",
    )
    mesh.know("db", backend.port)
    served = cleanup.enter_context(connect(mesh.port))
    assert talk(served, b"x") == b"db:"
    with ExitStack() as crowd:
        many = [crowd.enter_context(connect(mesh.port)) for _ in range(FILES)]
        many[-1].sendall(b"late")
        for _ in range(200):
            assert talk(served, b"y") == b"db:"
        for early in many[:-1]:
            early.close()
        assert many[-1].recv(100).startswith(b"db:")
    assert mesh.daemon.output.count("accepts nobody") == 1
    assert "Traceback" not in mesh.daemon.output


# -- memory ----------------------------------------------------------------------------------------

MOST_OF_ONE = 0.6
"""MB of memory that one connection can make a router keep: docs/limits.md says so."""


def endless(sock, me):
    """Answers without end, as fast as it is taken."""
    read_until(sock, b"\r\n\r\n")
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1 << 40))
    me.facts["answering"].release()
    while True:
        sock.sendall(bytes(MB))


def deaf(sock, me):
    """Reads a request's head and never its body."""
    read_until(sock, b"\r\n\r\n")
    me.facts["answering"].release()
    me.done.wait(60)


@pytest.fixture
def crowd(twistd, free_port, tmp_path, cleanup):
    """Has clients send a request and `press` on, each with a backend's connection of its own.

    Returns the MB of the router's memory that each took at most.
    """

    def most_of_each(serve, request, press, count=20):
        backend = Replica(serve)
        cleanup.callback(backend.stop)
        backend.facts["answering"] = threading.Semaphore(0)
        mesh = FileMesh(twistd, free_port, tmp_path)
        mesh.name("web", backend.port)

        def client():
            made = cleanup.enter_context(connect(mesh.port))
            made.sendall(request)
            assert backend.facts["answering"].acquire(timeout=30)
            return made

        press(client())  # what the first costs is no cost of each
        before = mesh.memory("VmHWM")
        clients = [client() for _ in range(count)]
        with ThreadPoolExecutor(count) as all_at_once:
            list(all_at_once.map(press, clients))
        cleanup.callback(backend.done.set)  # before the clients leave
        return (mesh.memory("VmHWM") - before) / count

    return most_of_each


def until_stuck(data):
    """Sends until nothing more is taken."""

    def send(sock):
        sock.settimeout(1)
        with suppress(TimeoutError):
            while True:
                sock.sendall(data)

    return send


def test_a_client_that_reads_nothing_is_kept_in_little_memory(crowd):
    def begin(client):
        """What the system holds of an answer has come then: more was asked for."""
        read_until(client, b"\r\n\r\n")

    assert crowd(endless, ASK, begin) < MOST_OF_ONE


def test_a_backend_that_reads_nothing_is_kept_in_little_memory(crowd):
    post = b"POST / HTTP/1.1\r\nHost: web\r\nContent-Length: %d\r\n\r\n" % (1 << 40)
    assert crowd(deaf, post, until_stuck(bytes(MB))) < MOST_OF_ONE


def test_requests_that_wait_behind_another_are_kept_in_little_memory(crowd):
    assert crowd(deaf, ASK, until_stuck(ASK * 1000)) < MOST_OF_ONE


# -- disk, clock, DNS ------------------------------------------------------------------------------


def test_a_full_disk_costs_lines_of_the_access_log_and_no_request(
    twistd, free_port, tmp_path, backend
):
    log = tmp_path / "access.log"
    text = ACCESS_LOG.format(
        admin=free_port(), port=(port := free_port()), backend=backend.port, log=log
    )
    full = 20_000
    admin = int(text.split("port: ")[1].split("}")[0])
    daemon = twistd(text, admin, twistd=limited("RLIMIT_FSIZE", full))
    pid = daemon.process.pid
    with Traffic(port) as traffic:
        traffic.wait(lambda: log.stat().st_size == full)
        traffic.wait_for_more(200)
        assert daemon.output.count(f"cannot write {log}: File too large") == 1
        hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        traffic.wait(lambda: log.stat().st_size > 2 * full)
    lines = log.read_text("utf-8").splitlines()
    torn = [line for line in lines if not WHOLE.fullmatch(line)]
    assert len(torn) <= 1, torn


def test_a_wall_clock_that_is_set_all_the_time_matters_to_nobody(
    twistd, free_port, tmp_path, backend
):
    port, admin = free_port(), free_port()
    text = ACCESS_LOG.format(
        admin=admin, port=port, backend=backend.port, log=tmp_path / "access.log"
    )
    daemon = twistd(text + TIMEOUTS, admin, twistd=UNRULY, env={"WALL": "jumps"})
    with Traffic(port) as traffic:
        traffic.wait_for_more(2000)
        metrics = json.loads(daemon.admin("/admin/metrics.json"))
    assert traffic.connections == {1}
    assert metrics["rt/web/service/svc/web/failures"] == 0
    assert 0 < json.loads(daemon.admin("/admin/server_info"))["uptime"] < 600_000
    assert daemon.stop() == 0
    assert "Traceback" not in daemon.output


def test_while_the_dns_is_down_known_hosts_stay_and_new_ones_fail_with_the_cause(
    twistd, free_port, tmp_path, backend
):
    port, admin, dns = free_port(), free_port(), tmp_path / "dns"
    text = HOSTS.format(admin=admin, port=port, backend=backend.port)
    dns.touch()
    twistd(text, admin, twistd=UNRULY, env={"DNS": str(dns)})
    assert get(port, "known") == (200, "here")
    dns.unlink()
    asked = tmp_path / "dns.asked"
    until(lambda: "known.test down" in asked.read_text())
    for _ in range(20):
        assert get(port, "known") == (200, "here")
    status, why = get(port, "new")
    assert status in {502, 503}
    assert "new.test" in why
    dns.touch()
    until(lambda: get(port, "new") == (200, "here"))


# -- discovery -------------------------------------------------------------------------------------

ENDPOINTS = [f"127.0.{net}.{host}" for net in range(1, 21) for host in range(1, 251)]
CHANGES = 300
CLIENT = "rt/http/client/#/io.l5d.fs/web"


def test_5000_endpoints_that_change_100_times_a_second_lose_no_request(twistd, free_port, tmp_path):
    mesh = FileMesh(twistd, free_port, tmp_path)
    everywhere = Named("here", "0.0.0.0")
    chooser = random.Random(1)

    def change(left=CHANGES):
        new = tmp_path / ".new"
        chosen = chooser.sample(ENDPOINTS, len(ENDPOINTS) - left)
        new.write_text("".join(f"{host} {everywhere.port}\n" for host in chosen), "utf-8")
        new.rename(tmp_path / "web")

    change()
    pace = threading.Event()
    with Traffic(mesh.port) as traffic:
        for number in range(1, CHANGES + 1):
            change(number)
            pace.wait(0.01)
        size = f"{CLIENT}/loadbalancer/size"
        until(lambda: mesh.metrics().get(size) == len(ENDPOINTS) - CHANGES)
        traffic.wait_for_more()
    everywhere.stop()
    assert mesh.server_metric("failures") == 0
    failed = [name for name in mesh.metrics() if name.startswith(f"{CLIENT}/connect_failures")]
    assert failed == []
