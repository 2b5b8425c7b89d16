"""A router that tells a StatsD, here a bare UDP socket, what went through it."""

import re
import socket
from collections import Counter

import pytest

from tests.e2e.http_mesh import TIMEOUT, FileMesh, connect, read_until

TELEMETRY = """\
telemetry:
- kind: io.l5d.statsd
  experimental: true
  prefix: l5d
  port: {port}
  gaugeIntervalMs: {interval}
  sampleRate: 1.0
"""


@pytest.fixture
def receiver():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        bound.settimeout(TIMEOUT)
        yield bound


@pytest.fixture
def mesh(twistd, free_port, tmp_path, nginx, receiver):
    def start(interval):
        keys = TELEMETRY.format(port=receiver.getsockname()[1], interval=interval)

        def with_telemetry(config, **options):
            return twistd(config + keys, **options)

        made = FileMesh(with_telemetry, free_port, tmp_path)
        made.name("web", nginx().port)
        return made

    return start


def get(mesh):
    with connect(mesh.port) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
        read_until(sock, b"\r\n\r\n")


class Told:
    """All that was received: counters added up, gauges as they are, samples counted."""

    def __init__(self, receiver):
        self._receiver = receiver
        self.counters, self.samples, self.gauges = Counter(), Counter(), {}

    def until(self, ready):
        while not ready(self):
            packet = self._receiver.recv(65536)
            assert len(packet) <= 1400
            for line in packet.decode().split("\n"):
                name, value, kind = re.fullmatch(r"([\w.]+):(-?[0-9.]+)\|(c|g|ms)", line).groups()
                if kind == "c":
                    self.counters[name] += int(value)
                elif kind == "ms":
                    self.samples[name] += 1
                else:
                    self.gauges[name] = float(value)


def test_requests_arrive_as_counters_gauges_and_samples(mesh, receiver):
    router = mesh(interval=100)
    for _ in range(7):
        get(router)
    server, told = f"l5d.rt.http.server.127_0_0_1.{router.port}", Told(receiver)
    told.until(lambda t: t.samples[f"{server}.request_latency_ms"] >= 7)
    told.until(lambda t: t.counters["l5d.rt.http.service.svc.web.requests"] >= 7)
    told.until(lambda t: f"{server}.pending" in t.gauges)
    assert told.counters[f"{server}.requests"] == told.counters[f"{server}.success"] == 7


def test_what_was_counted_since_the_last_flush_is_told_at_the_end(mesh, receiver):
    router = mesh(interval=3_600_000)
    get(router)
    assert router.daemon.stop() == 0
    told = Told(receiver)
    told.until(lambda t: t.counters[f"l5d.rt.http.server.127_0_0_1.{router.port}.requests"] == 1)
    assert told.gauges == {}
