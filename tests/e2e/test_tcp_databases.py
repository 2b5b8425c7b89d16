"""Databases through a TCP router, as they are: MariaDB, PostgreSQL, Redis and their own clients."""

import hashlib
import socket
from contextlib import ExitStack

import pytest

from tests.e2e.databases import LONGEST, MariaDb, Postgres, Redis
from tests.e2e.tcp_mesh import TcpMesh
from tests.support import needs
from tests.support.certs import Authority

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def servers():
    """What is started for the module ends with it."""
    with ExitStack() as stack:
        yield lambda server: (stack.callback(server.stop), server.start())[1]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def mariadb(servers, authority):
    return servers(MariaDb(authority.issue("127.0.0.1", file="mariadb"), authority.bundle))


@pytest.fixture(scope="module")
def postgres(servers, authority):
    return servers(Postgres(authority.issue("127.0.0.1", file="postgres"), authority.bundle))


@pytest.fixture(scope="module")
def redis(servers):
    return servers(Redis())


@pytest.fixture
def before(twistd, tmp_path):
    """Makes a router before a database."""

    def make(database, **keys):
        mesh = TcpMesh(twistd, tmp_path, "dstName: /svc/db", **keys)
        mesh.know("db", database.port)
        return mesh

    return make


# -- MariaDB --------------------------------------------------------------------------------------


def test_mariadb_speaks_first(before, mariadb):
    mesh = before(mariadb)
    assert mariadb.query(mesh.port, "select 6 * 7", "--skip-ssl") == "42"
    assert mesh.server_figures()["success"] == 1


def test_mariadb_goes_over_to_tls_within_the_stream(before, mariadb):
    mesh = before(mariadb)
    status = mariadb.query(mesh.port, "show status like 'Ssl_version'", *mariadb.over_tls())
    assert status.split()[1].startswith("TLSv1.")
    plain = mariadb.query(mesh.port, "show status like 'Ssl_version'", "--skip-ssl")
    assert plain == "Ssl_version"


def test_a_dump_of_many_megabytes_is_the_same_through_the_router(before, mariadb):
    mesh = before(mariadb)
    mariadb.query(
        mesh.port,
        "create table dumped as select seq, repeat(md5(seq), 32) as text from seq_1_to_32768",
        "--skip-ssl",
    )
    through, direct = (dump(mariadb, port) for port in (mesh.port, mariadb.port))
    assert through == direct
    assert through[1] > 32 * MEGABYTE
    assert mesh.server_figures()["sent_bytes"] > 32 * MEGABYTE


def dump(mariadb, port):
    """The digest and size of a dump."""
    options = mariadb.arguments(port, "--skip-ssl", "--skip-comments")
    text = mariadb.run(needs.program("mariadb-dump", "mariadb-client"), *options, "mesh", "dumped")
    return hashlib.sha256(text).hexdigest(), len(text)


def test_two_hundred_sessions_stand_at_once(before, mariadb):
    mesh = before(mariadb)
    with ExitStack() as stack:
        for _ in range(200):
            where = ("127.0.0.1", mesh.port)
            session = stack.enter_context(socket.create_connection(where, timeout=LONGEST))
            assert b"MariaDB" in session.recv(1024)  # its greeting
        status = mariadb.query(mesh.port, "show status like 'Threads_connected'", "--skip-ssl")
        assert int(status.split()[1]) > 200
        assert mesh.server_figures()["connections"] == 200


def test_two_hundred_clients_work_at_once(before, mariadb):
    mesh = before(mariadb)
    slap = needs.program("mariadb-slap", "mariadb-client")
    work = ["--concurrency=200", "--number-of-queries=2000", "--query=select 1"]
    mariadb.run(slap, *mariadb.arguments(mesh.port, "--skip-ssl"), *work)
    figures = mesh.server_figures()
    assert figures["success"] >= 200
    assert figures.get("failures", 0) == 0


# -- PostgreSQL -----------------------------------------------------------------------------------


def test_postgresql_with_and_without_tls(before, postgres):
    mesh = before(postgres)
    ask = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
    assert postgres.query(mesh.port, ask, sslmode="disable") == "f"
    checked = {"sslmode": "verify-full", "sslrootcert": postgres.bundle}
    assert postgres.query(mesh.port, ask, **checked) == "t"


def test_postgresql_copies_much(before, postgres):
    mesh = before(postgres)
    sql = "copy (select i, repeat(md5(i::text), 32) from generate_series(1, 20000) i) to stdout"
    through, direct = (
        postgres.query(port, sql, sslmode="disable") for port in (mesh.port, postgres.port)
    )
    assert through == direct
    assert len(through) > 19 * MEGABYTE


# -- Redis ----------------------------------------------------------------------------------------


def test_redis_keeps_what_it_is_given(before, redis):
    mesh = before(redis)
    value = "x" * 4 * MEGABYTE
    assert redis.ask(mesh.port, "-x", "set", "big", input=value.encode()) == "OK"
    assert redis.ask(mesh.port, "get", "big") == value


def test_redis_answers_pipelines_of_many_clients(before, redis):
    mesh = before(redis)
    bench = needs.program("redis-benchmark", "redis-server")
    work = ["-c", "50", "-n", "20000", "-P", "16", "-t", "set,get", "-q"]
    redis.run(bench, "-p", str(mesh.port), *work)
    client = mesh.client_figures("db")
    assert client["connects"] >= 100
    assert client.get("failures", 0) == 0


def test_a_session_stays_where_it_is_when_its_name_moves_on(before, redis, servers):
    other = servers(Redis())
    mesh = before(redis)
    with socket.create_connection(("127.0.0.1", mesh.port), timeout=LONGEST) as session:
        assert port_of(session) == redis.port
        mesh.know("db", other.port)
        while redis.ask(mesh.port, "config", "get", "port").split()[1] != str(other.port):
            pass  # the file is noticed in its own time
        assert port_of(session) == redis.port


def port_of(session):
    """The port of the Redis behind a session."""
    session.sendall(b"CONFIG GET port\r\n")
    answer = b""
    while answer.count(b"\r\n") < 5:
        answer += session.recv(4096)
    return int(answer.splitlines()[-1])
