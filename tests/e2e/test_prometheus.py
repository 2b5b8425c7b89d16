"""A real Prometheus scrapes a router with traffic, and its promtool judges the text."""

import json
import re
import subprocess
import urllib.parse
import urllib.request

import pytest

from tests.e2e.http_mesh import TIMEOUT, FileMesh, connect, read_until
from tests.support import needs
from tests.support.processes import stop, wait_ready

TELEMETRY = "telemetry:\n- kind: io.l5d.prometheus\n"
PATH = "/admin/metrics/prometheus"
OM = "application/openmetrics-text;version=1.0.0"

FIXED_BY_LINKERD = re.compile(
    "metric names should not contain ':'"
    '|counter metrics should have "_total" suffix'
    "|metric names should not contain abbreviated units"
    '|^jvm:[a-z_:]*_count .* should not have "_count" suffix'
)
"""What promtool may complain about: names that dashboards already use."""


@pytest.fixture
def mesh(twistd, free_port, tmp_path, nginx):
    """Twelve requests answered, and one for a name that there is not."""

    def with_telemetry(config, **options):
        return twistd(config + TELEMETRY, **options)

    made = FileMesh(with_telemetry, free_port, tmp_path)
    made.name("web", nginx().port)
    for host in [b"web"] * 12 + [b"nobody"]:
        with connect(made.port) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
            read_until(sock, b"\r\n\r\n")
    return made


def scrape(mesh, accept="*/*"):
    url = f"http://127.0.0.1:{mesh.daemon.admin_port}{PATH}"
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        return answer.read().decode()


def test_promtool_parses_everything_and_lints_nothing_but_linkerds_names(mesh):
    promtool = needs.program("promtool", "prometheus")
    text = scrape(mesh)
    assert f'rt:server:requests{{rt="http", server="127.0.0.1/{mesh.port}"}} 13\n' in text
    judged = subprocess.run(
        [promtool, "check", "metrics"],
        check=False,
        input=text,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert judged.returncode in (0, 3), judged.stderr  # 3: lint alone
    complaints = (judged.stdout + judged.stderr).splitlines()
    assert [line for line in complaints if not FIXED_BY_LINKERD.search(line)] == []


class Prometheus:
    """A server that scrapes one router ten times a second."""

    def __init__(self, binary, directory, port, target):
        config = directory / "prometheus.yml"
        config.write_text(
            "scrape_configs:\n- job_name: linkerpy\n  scrape_interval: 100ms\n"
            f"  scrape_timeout: 100ms\n  metrics_path: {PATH}\n"
            f"  static_configs: [{{targets: ['127.0.0.1:{target}']}}]\n"
        )
        self.log = directory / "prometheus.out"
        self.url = f"http://127.0.0.1:{port}/api/v1/query"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [
                    binary,
                    f"--config.file={config}",
                    f"--web.listen-address=127.0.0.1:{port}",
                    f"--storage.tsdb.path={directory / 'data'}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def values(self, query):
        """The values of all series that a query finds."""
        asked = f"{self.url}?{urllib.parse.urlencode({'query': query})}"
        try:
            with urllib.request.urlopen(asked, timeout=TIMEOUT) as answer:
                found = json.load(answer)["data"]["result"]
        except OSError:
            return None
        return [float(series["value"][1]) for series in found]

    def wait(self, query, wanted):
        """Until a query finds these values."""
        wait_ready(
            self.process,
            lambda: self.values(query) == wanted,
            lambda: f"{query} found {self.values(query)}, not {wanted}; {self.log.read_text()}",
            TIMEOUT,
        )


@pytest.fixture
def prometheus(mesh, cleanup, free_port, tmp_path_factory):
    binary = needs.program("prometheus")
    directory = tmp_path_factory.mktemp("prometheus")
    running = Prometheus(binary, directory, free_port(), mesh.daemon.admin_port)
    cleanup.callback(stop, running.process)
    return running


def test_a_real_prometheus_scrapes_and_answers(mesh, prometheus):
    server = f'server="127.0.0.1/{mesh.port}"'
    prometheus.wait(f"rt:server:requests{{{server}}}", [13.0])
    for query, wanted in {
        f"rt:server:success{{{server}}}": [12.0],
        "sum(rt:server:failures)": [1.0],
        "sum(rt:server:failures_by_exception)": [1.0],
        "sum(rt:client:status:200)": [12.0],
        'rt:service:requests{service="svc/web"}': [12.0],
        f"rt:server:request_latency_ms_count{{{server}}}": [13.0],
        f'rt:server:request_latency_ms_hist_bucket{{{server}, le="+Inf"}}': [13.0],
        "count(rt:server:request_latency_ms_hist_bucket)": [15.0],
        "scrape_samples_scraped > bool 50": [1.0],
        "up": [1.0],
    }.items():
        prometheus.wait(query, wanted)


def test_open_metrics_and_text_have_the_same_series(mesh):
    def names(text):
        return {re.split(r"[{ ]", line)[0] for line in text.splitlines() if line[0] != "#"}

    assert names(scrape(mesh)) == names(scrape(mesh, OM))
