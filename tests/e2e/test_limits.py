"""What a whole router process does when the machine has no more to give."""

import sys
from contextlib import ExitStack

import pytest

from tests.e2e.http_mesh import FileMesh, connect, read_until
from tests.e2e.tcp_mesh import TcpMesh
from tests.e2e.tcp_sessions import Backend, talk
from tests.e2e.traffic import Named

FILES = 96
"""The limit of file descriptors of a router that is to run out of them."""

ASK = b"GET / HTTP/1.1\r\nHost: web\r\n\r\n"


def limited(**limits):
    """The command of a router with limits of its own: `limited(RLIMIT_NOFILE=96)`."""
    lines = [f"resource.setrlimit(resource.{n}, ({v}, {v}))" for n, v in limits.items()]
    run = "from twisted.scripts.twistd import run; run()"
    return (sys.executable, "-c", "; ".join(["import resource", *lines, run]))


@pytest.fixture
def backend(cleanup):
    made = Named("here")
    cleanup.callback(made.stop)
    return made


def ask(sock):
    sock.sendall(ASK)
    _, rest = read_until(sock, b"\r\n\r\n")
    return rest or sock.recv(100)


def test_without_descriptors_new_clients_wait_and_those_served_live_on(
    twistd, free_port, tmp_path, backend, cleanup
):
    mesh = FileMesh(
        lambda *args, **keys: twistd(*args, twistd=limited(RLIMIT_NOFILE=FILES), **keys),
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
        lambda *args: twistd(*args, twistd=limited(RLIMIT_NOFILE=FILES)),
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
