"""The main job: the demo's configuration, under twistd, in front of a real NGINX."""

import json
import signal
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

CONF = Path(__file__).parents[2] / "conf" / "webtest.yml"


class Mesh:
    """A running router with the demo's configuration on other ports."""

    def __init__(self, twistd, free_port, backend_port):
        self.port, self.admin_port = free_port(), free_port()
        text = CONF.read_text("utf-8")
        for old, new in (
            ("0.0.0.0", "127.0.0.1"),
            ("8080", str(self.port)),
            ("9990", str(self.admin_port)),
            ("8888", str(backend_port)),
        ):
            assert old in text
            text = text.replace(old, new)
        self.daemon = twistd(text, admin_port=self.admin_port)

    def get(self, path="/", **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read().decode()

    def metrics(self):
        return json.loads(self.daemon.admin("/admin/metrics.json"))


@pytest.fixture
def mesh(twistd, nginx, free_port):
    backend = nginx(page="<h1>from NGINX</h1>\n")
    return Mesh(twistd, free_port, backend.port)


def test_the_backend_page_comes_through_the_router(mesh):
    status, headers, body = mesh.get()
    assert (status, body) == (200, "<h1>from NGINX</h1>\n")
    assert headers["Via"] == "1.1 linkerd"
    assert headers["l5d-success-class"] == "1.0"


def test_the_admin_pages_answer_and_count(mesh):
    for _ in range(3):
        mesh.get()
    assert mesh.daemon.admin("/admin/ping") == "pong"
    metrics = mesh.metrics()
    server = f"rt/webtest/server/127.0.0.1/{mesh.port}"
    assert metrics[f"{server}/requests"] == 3
    assert metrics[f"{server}/success"] == 3
    assert metrics[f"{server}/status/200"] == 3
    config = json.loads(mesh.daemon.admin("/config.json"))
    assert config["routers"][0]["label"] == "webtest"
    assert "<html" in mesh.daemon.admin("/")


def test_the_delegator_explains_a_name(mesh):
    tree = json.loads(
        mesh.daemon.admin(
            "/delegator.json?namespace=webtest&path=/svc/web&dtab=/svc%3D%3E/$/inet/127.0.0.1/8888"
        )
    )
    assert tree["type"] == "delegate"
    assert tree["delegate"]["bound"]["id"] == "/$/inet/127.0.0.1/8888"


def test_a_backend_that_is_not_there_is_explained(twistd, free_port):
    mesh = Mesh(twistd, free_port, backend_port=free_port())
    status, headers, body = mesh.get(Host="web")
    assert status == 502
    assert "Unable to establish connection to 127.0.0.1:" in body
    assert "service name: /svc/web" in body
    assert "cause: connection refused" in body
    assert headers["l5d-err"].startswith("Unable+to+establish+connection")


def test_a_header_dtab_overrides_the_route_for_that_request(mesh):
    status, _, body = mesh.get(Host="web", **{"l5d-dtab": "/svc => /nowhere; /svc/web => !"})
    assert status == 502
    assert "override dtab:\n  /svc => /nowhere\n  /svc/web => !" in body
    assert mesh.get(Host="web")[0] == 200


def test_a_header_dtab_that_does_not_parse_is_a_400(mesh):
    status, _, body = mesh.get(Host="web", **{"l5d-dtab": "/svc => {"})
    assert (status, body) == (400, "simple expected but '{' found at '/svc => [{]'")


def test_admin_shutdown_ends_the_process_with_status_0(mesh):
    url = f"http://127.0.0.1:{mesh.admin_port}/admin/shutdown"
    with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=5) as answer:
        assert answer.read() == b"quitting\n"
    assert mesh.daemon.wait() == 0


def test_sigterm_ends_the_process_with_status_0(mesh):
    mesh.daemon.process.send_signal(signal.SIGTERM)
    assert mesh.daemon.wait() == 0


def test_a_port_in_use_is_one_line_and_status_1(mesh, twistd, free_port):
    text = mesh.daemon.config.replace(str(mesh.admin_port), str(free_port()))
    second = twistd(text, admin_port=0, wait=False)
    assert second.wait() == 1
    assert f"cannot listen on 127.0.0.1:{mesh.port}: address already in use" in second.output
    assert "Traceback" not in second.output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("routers: [", "1:"),
        ("routers:\n- protocol: htp\n  servers: [{}]\n", "2:13: "),
        (
            "routers:\n- protocol: http\n  dtab: /svc => {\n  servers: [{}]\n",
            "simple expected but '{' found",
        ),
    ],
)
def test_a_broken_file_is_told_without_a_traceback(twistd, text, message):
    broken = twistd(text, admin_port=0, wait=False)
    assert broken.wait() == 1
    assert message in broken.output
    assert "Traceback" not in broken.output


def test_a_cyclic_dtab_is_an_error_not_a_hang(twistd, nginx, free_port):
    mesh = Mesh(twistd, free_port, nginx().port)
    loop = "/svc => /a ; /a => /b ; /b => /a"
    status, _, body = mesh.get(Host="web", **{"l5d-dtab": loop})
    assert (status, body) == (502, "Max recursion level: 100 reached in Namer lookup")


def test_curl_and_the_demo_configuration_agree(mesh):
    curl = subprocess.run(
        ["curl", "-sS", "-m", "5", f"http://localhost:{mesh.port}/"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert curl.stdout == "<h1>from NGINX</h1>\n"
