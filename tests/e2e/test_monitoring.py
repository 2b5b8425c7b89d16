"""`conf/monitoring/`: what it asks Prometheus for is what a running router tells."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.e2e.http_mesh import TIMEOUT, FileMesh, connect, read_until
from tests.support import needs
from tests.support.processes import wait_ready

FILES = Path(__file__).parents[2] / "conf" / "monitoring"
NAME = re.compile(r"\b(?:rt|jvm|process|adminhttp|naming|telemeters):[\w:]+")

PATH = "/admin/metrics/prometheus"

ROUTER = """\
- protocol: tcp
  label: raw
  dtab: /svc => /$/inet/127.0.0.1/{backend}
  servers:
  - port: {raw}
    ip: 127.0.0.1
telemetry:
- kind: io.l5d.prometheus
"""


def dashboard():
    return json.loads((FILES / "grafana_dashboard.json").read_text())


def panels():
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def queries():
    """Every expression, by where it stands."""
    found = {
        f"panel {panel['title']} {target['refId']}": target["expr"]
        for panel in panels()
        for target in panel["targets"]
    }
    for variable in dashboard()["templating"]["list"]:
        if isinstance(variable["query"], dict):
            found[f"variable {variable['name']}"] = variable["query"]["query"]
    rules = yaml.safe_load((FILES / "alerts.yml").read_text())
    for group in rules["groups"]:
        found |= {f"alert {rule['alert']}": rule["expr"] for rule in group["rules"]}
    return found


@pytest.fixture
def mesh(twistd, free_port, tmp_path, nginx):
    """A router that has seen what can happen: an answer, a missing page, a backend that is down."""
    raw, backend = free_port(), nginx()

    def with_more(config, **options):
        return twistd(config + ROUTER.format(raw=raw, backend=backend.port), **options)

    made = FileMesh(with_more, free_port, tmp_path)
    made.name("web", backend.port)
    made.name("down", free_port())
    for host, path in (("web", "/"), ("web", "/missing"), ("down", "/"), ("nobody", "/")):
        with connect(made.port) as sock:
            sock.sendall(
                f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
            )
            read_until(sock, b"\r\n\r\n")
    with connect(raw) as sock:
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        read_until(sock, b"\r\n\r\n")
    # The event loop's lag is looked at twice a second.
    wait_ready(
        made.daemon.process,
        lambda: "process:reactor_lag_ms_count" in made.daemon.admin(PATH),
        lambda: made.daemon.output,
    )
    return made


def test_no_query_asks_for_a_metric_that_a_router_does_not_tell(mesh):
    text = mesh.daemon.admin(PATH)
    told = {re.split(r"[{ ]", line)[0] for line in text.splitlines() if line[0] != "#"}
    asked = {where: set(NAME.findall(query)) for where, query in queries().items()}
    assert {where: names - told for where, names in asked.items() if names - told} == {}
    assert len(set().union(*asked.values())) > 25


def test_labels_that_queries_group_by_are_there(mesh):
    text = mesh.daemon.admin(PATH)
    told = set(re.findall(r'[{ ,](\w+)="', text))
    grouped = {
        label
        for query in queries().values()
        for labels in re.findall(r"by \(([^)]*)\)", query)
        for label in re.split(r",\s*", labels)
    }
    assert grouped - {"instance"} <= told


def test_every_panel_asks_something_and_says_what():
    assert all(panel["targets"] and panel["description"] for panel in panels())
    assert len({panel["id"] for panel in dashboard()["panels"]}) == len(dashboard()["panels"])


@pytest.mark.parametrize(
    "arguments",
    [["check", "rules", "alerts.yml"], ["check", "config", "prometheus.yml"]],
    ids=" ".join,
)
def test_promtool_finds_nothing_wrong(arguments):
    promtool = needs.program("promtool", "prometheus")
    judged = subprocess.run(
        [promtool, *arguments],
        cwd=FILES,
        check=False,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_every_query_of_the_dashboard_is_promql(tmp_path):
    promtool = needs.program("promtool", "prometheus")
    rules = [
        {"record": f"query:{n}", "expr": query.replace("$__rate_interval", "1m")}
        for n, (where, query) in enumerate(queries().items())
        if where.startswith("panel ")
    ]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    judged = subprocess.run(
        [promtool, "check", "rules", str(file)],
        check=False,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr
