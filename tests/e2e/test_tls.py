"""TLS through whole processes: real clients, real servers, and two routers with each other."""

import json
import socket
import ssl
import subprocess
import threading
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography import x509

from linkerpy.app import cli
from linkerpy.net.client_cert import client_cert
from tests.support import needs
from tests.support.certs import Authority
from tests.support.daemon import Daemon
from tests.support.nginx import Nginx
from tests.support.processes import free_port, wait_ready

PAGE = "hello over TLS\n"
BIG = b"0123456789abcdef" * (1 << 18)

CONFIG = """\
admin: {{ip: 127.0.0.1, port: {admin}}}
namers:
- {{kind: io.l5d.fs, rootDir: {disco}}}
routers:
- protocol: http
  label: out
  dtab: /svc => /#/io.l5d.fs
  servers: [{{ip: 127.0.0.1, port: {out}}}]
  client:
    kind: io.l5d.static
    configs:
    - prefix: /#/io.l5d.fs/{{service}}
      tls:
        commonName: "{{service}}.mesh.test"
        trustCertsBundle: {ca}
        clientAuth: {{certPath: {client.cert_path}, keyPath: {client.key_path}}}
    - prefix: /#/io.l5d.fs/plain
      tls: {{enabled: false}}
    - prefix: /#/io.l5d.fs/nameless
      tls: {{commonName: web.mesh.test, trustCertsBundle: {ca}}}
    - prefix: /#/io.l5d.fs/foreign
      tls: {{commonName: web.mesh.test, trustCertsBundle: {other}}}
    - prefix: /#/io.l5d.fs/careless
      tls: {{disableValidation: true}}
- protocol: http
  label: in
  dtab: /svc => /$/inet/127.0.0.1/{backend}
  client: {{forwardClientCert: true}}
  servers:
  - ip: 127.0.0.1
    port: {inside}
    tls:
      certPath: {server.cert_path}
      keyPath: {server.key_path}
      caCertPath: {ca}
      requireClientAuth: true
  - ip: 127.0.0.1
    port: {public}
    tls: {{certPath: {server.cert_path}, keyPath: {server.key_path}}}
"""


class Mesh:
    """A router that speaks TLS to another, and NGINX behind both, with and without TLS."""

    def __init__(self, directory, stack):
        self.authority = Authority(directory / "ca", "Mesh CA")
        self.other = Authority(directory / "other", "Other CA")
        self.client = self.authority.issue("caller.mesh.test", file="client")
        self.server = self.authority.issue("web.mesh.test", "localhost", file="server")
        self.out, self.inside, self.public = free_port(), free_port(), free_port()
        self.secure = free_port()
        nginx = Nginx(
            needs.program("nginx"),
            directory / "nginx",
            f"listen 127.0.0.1:{self.secure} ssl;"
            f"ssl_certificate {self.server.cert_path};"
            f"ssl_certificate_key {self.server.key_path};"
            # It answers when it has all of the body, so that nobody sends to a closed door.
            "client_max_body_size 20m; client_body_buffer_size 20m;"
            "location /up { proxy_pass http://127.0.0.1:$server_port/count; }"
            "location /count { return 200 $content_length; }"
            "location /who { return 200 '$http_x_forwarded_client_cert'; }",
        )
        nginx.root.mkdir()
        nginx.html.mkdir()
        (nginx.html / "index.html").write_text(PAGE)
        (nginx.html / "big").write_bytes(BIG)
        nginx.start()
        stack.callback(nginx.stop)
        disco = directory / "disco"
        disco.mkdir()
        for name in ("web", "wrong", "nameless", "foreign"):
            (disco / name).write_text(f"127.0.0.1 {self.inside}\n")
        for name, port in (
            ("plain", nginx.port),
            ("careless", self.secure),
            ("deaf", nginx.port),
            ("nowhere", free_port()),
        ):
            (disco / name).write_text(f"127.0.0.1 {port}\n")
        text = CONFIG.format(
            admin=(admin := free_port()),
            disco=disco,
            ca=self.authority.bundle,
            other=self.other.bundle,
            client=self.client,
            server=self.server,
            backend=nginx.port,
            out=self.out,
            inside=self.inside,
            public=self.public,
        )
        self.daemon = Daemon(text, directory, admin)
        self.daemon.launch()
        stack.callback(self.daemon.stop)
        self.daemon.wait_ready()

    def ask(self, name, path="/", data=None, headers=()):
        """What a client of the outer router gets: status, headers and body."""
        url, headers = f"http://127.0.0.1:{self.out}{path}", {"Host": name, **dict(headers)}
        request = urllib.request.Request(url, data, headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), AnyStatus())
        with opener.open(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()

    def metrics(self):
        return json.loads(self.daemon.admin("/admin/metrics.json"))

    def context(self, **options):
        """A client's context of Python's."""
        context = ssl.create_default_context(cafile=self.authority.bundle)
        for name, value in options.items():
            setattr(context, name, value)
        return context


class AnyStatus(urllib.request.HTTPErrorProcessor):
    def http_response(self, _request, response):
        return response


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    with ExitStack() as stack:
        yield Mesh(tmp_path_factory.mktemp("tls"), stack)


def run(*command, data=b""):
    """Both outputs of a command that ends by itself, and its status."""
    done = subprocess.run(command, input=data, capture_output=True, timeout=30, check=False)
    return (done.stdout + done.stderr).decode("utf-8", "replace"), done.returncode


def curl(mesh, *arguments, port=None):
    program = needs.program("curl")
    name = f"web.mesh.test:{port or mesh.inside}"
    return run(
        program, "-sS", "--noproxy", "*", "--cacert", mesh.authority.bundle,
        "--resolve", f"{name}:127.0.0.1", *arguments, f"https://{name}/",
    )  # fmt: skip


def test_two_routers_speak_mutual_tls_with_each_other(mesh):
    assert mesh.ask("web")[::2] == (200, PAGE.encode())
    assert mesh.ask("web", "/big")[2] == BIG
    assert mesh.ask("web", "/up", BIG)[::2] == (200, str(len(BIG)).encode())
    mine = f"rt/in/server/127.0.0.1/{mesh.inside}/tls/"
    assert f"{mine}connections" in mesh.metrics()
    assert "rt/out/client/#/io.l5d.fs/web/tls/connections" in mesh.metrics()


def test_the_backend_is_told_whom_tls_has_proved_the_caller_to_be(mesh):
    status, _, body = mesh.ask("web", "/who", headers={"X-Forwarded-Client-Cert": "Hash=0"})
    assert status == 200
    caller = x509.load_pem_x509_certificate(Path(mesh.client.cert_path).read_bytes())
    assert body == client_cert(caller)
    assert b";DNS=caller.mesh.test;" in body
    assert mesh.ask("plain", "/who", headers={"X-Forwarded-Client-Cert": "Hash=0"})[2] == b""


def test_a_part_of_the_clients_can_be_left_plain(mesh):
    assert mesh.ask("plain")[::2] == (200, PAGE.encode())


def test_without_validation_any_server_will_do(mesh):
    assert mesh.ask("careless")[::2] == (200, PAGE.encode())
    assert "disableValidation: whoever answers is believed" in mesh.daemon.output


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("wrong", "wanted 'wrong.mesh.test', the certificate"),
        ("nameless", "it wants a client certificate, and there is none: give one as `clientAuth`"),
        ("foreign", "has an unknown issuer"),
        ("deaf", "the server speaks plain HTTP, and we TLS"),
        ("nowhere", "connection refused"),
    ],
)
def test_why_tls_failed_is_in_the_502(mesh, name, cause):
    status, headers, body = mesh.ask(name)
    assert status == 502
    (line,) = [line for line in body.decode().splitlines() if line.startswith("cause: ")]
    assert cause in line
    assert b"Unable to establish connection to 127.0.0.1:" in body
    assert f"service name: /svc/{name}" in body.decode()
    assert headers["l5d-err"]


def test_the_server_tells_and_counts_whom_it_refused(mesh):
    mesh.ask("nameless")
    counted = f"rt/in/server/127.0.0.1/{mesh.inside}/tls/failures/no_client_certificate"
    assert mesh.metrics()[counted] >= 1
    assert "the client sent no certificate, and requireClientAuth asks for one" in (
        mesh.daemon.output
    )


def test_the_admin_page_lists_both_sides_of_what_failed(mesh):
    mesh.ask("nameless")
    listed = json.loads(mesh.daemon.admin("/admin/tls_failures.json"))["failures"]
    assert all(set(one) == {"at", "router", "side", "peer", "cause", "message"} for one in listed)
    refused = [one for one in listed if one["cause"] == "no_client_certificate"]
    assert {(one["router"], one["side"]) for one in refused} == {
        ("in", "server"),
        ("out", "client"),
    }
    (mine,) = [one for one in refused if one["side"] == "client"]
    assert mine["peer"] == f"127.0.0.1:{mesh.inside}"
    assert "give one as `clientAuth`" in mine["message"]
    assert f"TLS of router out with 127.0.0.1:{mesh.inside} failed: " in mesh.daemon.output


def test_curl_with_a_certificate_is_served_and_without_one_is_not(mesh):
    mine = ("--cert", mesh.client.cert_path, "--key", mesh.client.key_path)
    assert curl(mesh, "-H", "Host: web", *mine) == (PAGE, 0)
    text, status = curl(mesh, "-H", "Host: web")
    assert status != 0
    assert "certificate required" in text


def test_the_command_line_sees_whom_a_server_wants(mesh, capsys):
    server = ("tls", "check", f"127.0.0.1:{mesh.inside}", "--ca", mesh.authority.bundle)
    mine = ("--cert", mesh.client.cert_path, "--key", mesh.client.key_path)
    assert cli.main([*server, "--name", "web.mesh.test", *mine]) == 0
    said = capsys.readouterr().out
    assert "passed  client certificate: it asks for " in said
    assert "O=Mesh CA's, and takes ours" in said
    assert cli.main([*server, "--name", "web.mesh.test"]) == 1
    assert "FAILED  no_client_certificate: " in capsys.readouterr().out


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl_checks_the_certificate_agrees_on_http_and_resumes(mesh, version, tmp_path):
    program = needs.program("openssl")
    session = str(tmp_path / "session")
    common = (
        program, "s_client", "-connect", f"127.0.0.1:{mesh.public}", "-CAfile",
        mesh.authority.bundle, "-verify_return_error", "-verify_hostname", "web.mesh.test",
        "-servername", "web.mesh.test", "-alpn", "h2,http/1.1", "-ign_eof", version,
    )  # fmt: skip
    request = b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n"
    text, _ = run(*common, "-sess_out", session, data=request)
    assert PAGE in text
    assert "Verify return code: 0 (ok)" in text
    assert "ALPN protocol: http/1.1" in text
    assert "\nNew, TLSv1." in text
    text, _ = run(*common, "-sess_in", session, data=request)
    assert PAGE in text
    assert "\nReused, TLSv1." in text


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(mesh, version):
    program = needs.program("openssl")
    text, status = run(
        program, "s_client", "-connect", f"127.0.0.1:{mesh.public}", version,
        "-cipher", "DEFAULT@SECLEVEL=0",
    )  # fmt: skip
    assert status != 0
    assert "alert protocol version" in text


def test_plain_http_at_a_tls_port_is_told_so(mesh):
    with socket.create_connection(("127.0.0.1", mesh.public)) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: web\r\n\r\n")
        answer = b""
        while piece := peer.recv(1000):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"This port speaks TLS: write https:// here.\n")


class Caller(threading.Thread):
    """Asks again and again, by new connections and by one that it keeps."""

    def __init__(self, mesh):
        super().__init__(daemon=True)
        self.mesh, self.stopped = mesh, threading.Event()
        self.asked, self.serials, self.wrong = 0, set(), []

    def run(self):
        try:
            kept = self.connect()
            while not self.stopped.is_set():
                self.ask(kept)
                with self.connect() as fresh:
                    self.ask(fresh)
                    self.serials.add(fresh.getpeercert()["serialNumber"])
        except Exception as error:  # noqa: BLE001 - whatever it is, the test fails by it
            self.wrong.append(error)

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.mesh.public), 20)
        return self.mesh.context().wrap_socket(plain, server_hostname="web.mesh.test")

    def ask(self, sock):
        sock.sendall(b"GET / HTTP/1.1\r\nHost: web\r\n\r\n")
        answer = b""
        while not answer.endswith(PAGE.encode()):
            piece = sock.recv(65536)
            if not piece:
                raise ConnectionError(f"the connection ended after {answer!r}")
            answer += piece
        self.asked += 1


def test_certificates_change_under_load_and_no_request_fails(mesh):
    before = mesh.daemon.output.count("new certificates in use")
    callers = [Caller(mesh) for _ in range(2)]
    for caller in callers:
        caller.start()
    for number in range(1, 4):
        new = mesh.authority.issue("web.mesh.test", "localhost", file=f"new{number}")
        Path(new.cert_path).replace(mesh.server.cert_path)
        Path(new.key_path).replace(mesh.server.key_path)
        # Both servers of the router have this certificate.
        wait_ready(
            mesh.daemon.process,
            lambda: mesh.daemon.output.count("new certificates in use") >= before + 2 * number,  # noqa: B023
            lambda: mesh.daemon.output,
        )
        asked = [caller.asked for caller in callers]
        wait_ready(
            mesh.daemon.process,
            lambda: all(c.wrong or c.asked > n + 4 for c, n in zip(callers, asked, strict=True)),  # noqa: B023
            lambda: str([c.asked for c in callers]),
        )
    for caller in callers:
        caller.stopped.set()
        caller.join(20)
    assert [caller.wrong for caller in callers] == [[], []]
    assert all(len(caller.serials) >= 3 for caller in callers)


def test_the_admin_server_speaks_tls_too(twistd, mesh):
    admin = free_port()
    tls = f"{{certPath: {mesh.server.cert_path}, keyPath: {mesh.server.key_path}}}"
    daemon = twistd(
        f"admin: {{port: {admin}, tls: {tls}}}\n"
        f"routers: [{{protocol: http, servers: [{{port: {free_port()}}}]}}]\n",
        admin,
        wait=False,
    )

    def ready():
        try:
            handler = urllib.request.HTTPSHandler(context=mesh.context())
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), handler)
            with opener.open(f"https://localhost:{admin}/admin/ready", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    wait_ready(daemon.process, ready, lambda: daemon.output)
    assert f"serving https admin on 127.0.0.1:{admin}" in daemon.output


GONE = "servers: [{{port: {port}, tls: {{certPath: /gone.pem, keyPath: {key}}}}}]"
MISMATCH = "servers: [{{port: {port}, tls: {{certPath: {cert}, keyPath: {other}}}}}]"
NO_CA = "servers: [{{port: {port}}}]\n  client: {{tls: {{commonName: x, trustCertsBundle: {key}}}}}"


@pytest.mark.parametrize(
    ("tls", "text"),
    [
        (GONE, "tls of server 127.0.0.1:{port}: /gone.pem: cannot be read: no such file"),
        (MISMATCH, "tls of server 127.0.0.1:{port}: {other}: this key is not the one of the cert"),
        (NO_CA, "client.tls: {key}: no certificate in it, but a "),
    ],
)
def test_files_that_will_not_do_end_the_start_with_one_message(twistd, mesh, tls, text):
    values = {
        "port": free_port(),
        "cert": mesh.server.cert_path,
        "key": mesh.server.key_path,
        "other": mesh.client.key_path,
    }
    admin = free_port()
    daemon = twistd(
        f"admin: {{port: {admin}}}\nrouters:\n- protocol: http\n  {tls.format(**values)}\n",
        admin,
        wait=False,
    )
    assert daemon.wait() == 1
    assert f"linkerpy: {text.format(**values)}" in daemon.output
    assert "Traceback" not in daemon.output
