"""Replicas that fail for a while, seen from outside a whole router process."""

import http.client
import itertools

import pytest

from tests.e2e import http_mesh
from tests.e2e.http_mesh import FileMesh, Replica, read_until

CLIENT = "rt/http/client/#/io.l5d.fs/web/"
ACCRUAL = """\
  client:
    failureAccrual:
      kind: io.l5d.consecutiveFailures
      failures: 5
      backoff:
        kind: constant
        ms: 300
"""
FAIL_FAST = """\
  client:
    failFast: true
    failureAccrual:
      kind: none
"""


@pytest.fixture
def start(monkeypatch, twistd, free_port, tmp_path):
    """Starts a router whose clients are configured so."""

    def mesh(client):
        monkeypatch.setattr(http_mesh, "CONFIG", http_mesh.CONFIG + client)
        return FileMesh(twistd, free_port, tmp_path)

    return mesh


@pytest.fixture
def replica(cleanup):
    def serve(sock, me):
        rest = b""
        while True:
            _, rest = read_until(sock, b"\r\n\r\n", rest)
            status = b"500 Oh" if me.facts.get("ill") else b"200 OK"
            sock.sendall(b"HTTP/1.1 %b\r\nContent-Length: 0\r\n\r\n" % status)

    def made():
        one = Replica(serve)
        cleanup.callback(one.stop)
        return one

    return made


def asking(mesh):
    """The statuses of one request after another."""
    client = http.client.HTTPConnection("127.0.0.1", mesh.port, timeout=30)
    while True:
        client.request("GET", "/", headers={"Host": "web"})
        answer = client.getresponse()
        answer.read()
        yield answer.status


def until(mesh, figure, least, statuses):
    """Ask on until a figure of the client has come to a value; what came of it."""
    seen = []
    for _ in range(2000):
        seen.append(next(statuses))
        if mesh.metrics().get(CLIENT + figure, 0) >= least:
            return seen
    raise AssertionError(f"{figure} never came to {least}")


def test_a_replica_with_a_burst_of_errors_is_ejected_and_later_readmitted(start, replica):
    mesh, ill, well = start(ACCRUAL), replica(), replica()
    mesh.name("web", ill.port, well.port)
    statuses = asking(mesh)
    ill.facts["ill"] = True
    burst = until(mesh, "failure_accrual/removed_for_ms", 900, statuses)
    failed = mesh.metrics()
    # Five took it out; after these, every failure was a probe's.
    assert burst.count(500) == 5 + failed[CLIENT + "failure_accrual/probes"]
    assert failed[CLIENT + "failure_accrual/removed_for_ms"] == (burst.count(500) - 4) * 300
    ill.facts["ill"] = False
    until(mesh, "failure_accrual/revivals", 1, statuses)
    metrics = mesh.metrics()
    assert metrics[CLIENT + "failure_accrual/removals"] == 1
    assert metrics[CLIENT + "available"] == 2
    assert set(itertools.islice(statuses, 50)) == {200}


def test_a_replica_that_refuses_connections_is_found_again_without_costing_a_request(
    start, replica, free_port, nginx
):
    mesh, well, port = start(FAIL_FAST), replica(), free_port()
    mesh.name("web", well.port, port)
    statuses = asking(mesh)
    # What it refused was sent to the other one.
    assert set(until(mesh, "failfast/is_marked_dead", 1, statuses)) == {200}
    assert set(itertools.islice(statuses, 100)) == {200}
    nginx(page="back\n", port=port)
    assert set(until(mesh, "failfast/marked_available", 1, statuses)) == {200}
    assert set(itertools.islice(statuses, 100)) == {200}
    assert mesh.metrics()[CLIENT + "available"] == 2
