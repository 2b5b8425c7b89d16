"""The two files of conf/ that speak mutual TLS with each other, as they are shipped."""

import json
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from linkerpy.app import cli
from tests.e2e.tcp_sessions import Backend, connect, talk
from tests.support import needs
from tests.support.daemon import Daemon

CONF = Path(__file__).parents[2] / "conf"
PORTS = ("4140", "4141", "4150", "4151", "6379", "8888", "9990", "9991")
NAMES = ("web.mesh.test", "redis.mesh.test", "client-side.mesh.test")


class Pair:
    """Both routers, on other ports than they have, in a directory with certificates."""

    def __init__(self, directory, cleanup, free_port, nginx):
        self.directory = directory
        self.certs = directory / "certs"
        cli.main(["tls", "certs", str(self.certs), *NAMES])
        backend = nginx(server="location / { return 200 '$http_x_forwarded_client_cert'; }")
        self.redis = Backend(b"redis:")
        cleanup.callback(self.redis.stop)
        ports = {"8888": backend.port, "6379": self.redis.port}
        self.ports = {port: free_port() for port in PORTS} | ports
        (directory / "disco").mkdir()
        self.name("web")
        self.name("redis", "4151")
        self.incoming = self._start("mtls-server-side.yml", "9991", cleanup)
        self.outgoing = self._start("mtls-client-side.yml", "9990", cleanup)

    def _start(self, file, admin, cleanup):
        text = (CONF / file).read_text("utf-8").replace("0.0.0.0", "127.0.0.1")
        for old, new in self.ports.items():
            text = text.replace(old, str(new))
        run = self.directory / file.removesuffix(".yml")
        run.mkdir()
        for shared in ("certs", "disco"):
            (run / shared).symlink_to(self.directory / shared)
        daemon = Daemon(text, run, self.ports[admin])
        daemon.launch()
        cleanup.callback(daemon.stop)
        daemon.wait_ready()
        return daemon

    def name(self, name, port="4141"):
        """Let the router of `name` be the one on that port."""
        (self.directory / "disco" / name).write_text(f"127.0.0.1 {self.ports[port]}\n")

    def ask(self, host):
        """Status and body of what a caller gets."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports['4140']}/", headers={"Host": host}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture
def pair(tmp_path, cleanup, free_port, nginx):
    return Pair(tmp_path, cleanup, free_port, nginx)


def test_a_request_passes_and_the_service_knows_which_router_it_came_from(pair):
    status, body = pair.ask("web")
    assert status == 200
    assert body.startswith("Hash=")
    assert body.endswith(';DNS=client-side.mesh.test;Subject="CN=client-side.mesh.test"')
    metrics = json.loads(pair.incoming.admin("/admin/metrics.json"))
    assert metrics[f"rt/incoming/server/127.0.0.1/{pair.ports['4141']}/tls/connections"] == 1


def test_another_service_does_not_pass_for_the_one_that_was_asked_for(pair):
    pair.name("shop")
    status, body = pair.ask("shop")
    assert status == 502
    assert "wanted 'shop.mesh.test', the certificate CN=web.mesh.test has web.mesh.test" in body
    (failure,) = json.loads(pair.outgoing.admin("/admin/tls_failures.json"))["failures"]
    assert (failure["router"], failure["side"], failure["cause"]) == (
        "outgoing",
        "client",
        "wrong_name",
    )


def test_a_caller_without_a_certificate_is_turned_away(pair):
    curl = needs.program("curl")
    name = f"web.mesh.test:{pair.ports['4141']}"
    done = subprocess.run(
        [
            curl, "-sS", "--noproxy", "*", "--cacert", str(pair.certs / "ca.pem"),
            "--resolve", f"{name}:127.0.0.1", f"https://{name}/",
        ],
        capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    (failure,) = json.loads(pair.incoming.admin("/admin/tls_failures.json"))["failures"]
    assert failure["cause"] == "no_client_certificate"


def test_a_session_that_is_not_http_passes_too(pair):
    with connect(pair.ports["4150"]) as session:
        assert talk(session, b"ping") == b"redis:"
        metrics = json.loads(pair.incoming.admin("/admin/metrics.json"))
        tls = f"rt/incoming-tcp/server/127.0.0.1/{pair.ports['4151']}/tls/connections"
        assert metrics[tls] == 1


def test_nor_do_sessions_reach_another_service_than_was_asked_for(pair):
    pair.name("redis", "4141")
    with connect(pair.ports["4150"]) as session:
        assert session.recv(1) == b""
    (failure,) = json.loads(pair.outgoing.admin("/admin/tls_failures.json"))["failures"]
    assert (failure["router"], failure["side"]) == ("outgoing-tcp", "client")
    assert "wanted 'redis.mesh.test', the certificate CN=web.mesh.test" in failure["message"]
    counted = "rt/outgoing-tcp/client/#/io.l5d.fs/redis/tls/failures/wrong_name"
    assert json.loads(pair.outgoing.admin("/admin/metrics.json"))[counted] > 0
    assert "TLS of router outgoing-tcp with " in pair.outgoing.output


@pytest.mark.parametrize("file", ["mtls-client-side.yml", "mtls-server-side.yml"])
def test_check_finds_no_fault_with_the_files(tmp_path, monkeypatch, capsys, file):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "disco").mkdir()
    assert cli.main(["tls", "certs", "certs", *NAMES]) == 0
    capsys.readouterr()
    assert cli.main(["check", str(CONF / file)]) == 0
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if not line.endswith("(hint)")] == []  # these are of the machine
