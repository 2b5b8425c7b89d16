"""A router of several workers in front of a replica that a test can hold up."""

import http.client
import json
import os
import subprocess
import threading
import time
from contextlib import suppress

from tests.e2e.http_mesh import Replica, read_until

CONFIG = """\
workers: {workers}
admin: {{ip: 127.0.0.1, port: {admin}, shutdownGraceMs: {grace}}}
routers:
- protocol: http
  label: web
  dtab: {dtab}
  servers: [{{ip: 127.0.0.1, port: {port}}}]
{more}"""
TIMEOUT = 30


class Backend(Replica):
    """Answers with its name; a request for `/wait` when the test lets it."""

    def __init__(self, name="here"):
        self.name = name.encode()
        self.arrived = threading.Semaphore(0)
        """Released by each request for `/wait`."""
        self.go_on = threading.Event()
        super().__init__(self._serve)

    def _serve(self, sock, _me):
        rest = b""
        while True:
            head, rest = read_until(sock, b"\r\n\r\n", rest)
            if head.startswith(b"GET /wait "):
                self.arrived.release()
                self.go_on.wait(TIMEOUT)
            length = len(self.name)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (length, self.name))


class Crew:
    """`twistd -n linkerpy` with workers, and what a test wants to know of it."""

    def __init__(self, twistd, free_port, backend, *, workers=2, grace=10_000, more="", **options):
        self.port, self.admin_port = free_port(), free_port()
        self._given = {"workers": workers, "grace": grace, "more": more}
        text = self.text(backend)
        self.daemon = twistd(text, admin_port=self.admin_port, wait=False, **options)

    def text(self, backend):
        """The configuration that leads to a backend."""
        dtab = f"/svc => /$/inet/127.0.0.1/{backend.port}"
        return CONFIG.format(port=self.port, admin=self.admin_port, dtab=dtab, **self._given)

    def serving(self):
        """Wait until both serve."""
        self.daemon.wait_ready(TIMEOUT * 2)
        self.until(lambda: all(one["state"] == "serving" for one in self.workers()))
        return self

    def workers(self):
        return json.loads(self.daemon.admin("/admin/workers.json"))["workers"]

    def pids(self):
        return {one["worker"]: one["pid"] for one in self.workers()}

    def metrics(self, more=""):
        return json.loads(self.daemon.admin(f"/admin/metrics.json{more}"))

    def requests(self):
        return self.metrics().get(f"rt/web/server/127.0.0.1/{self.port}/requests", 0)

    def post(self, path):
        """Status and text of the answer to an empty POST to the admin server."""
        admin = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=TIMEOUT)
        admin.request("POST", path, b"")
        answer = admin.getresponse()
        return answer.status, answer.read().decode()

    def client(self):
        """A connection of its own, kept open."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)

    def until(self, condition, seconds=60):
        """Wait until something is so."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"it never happened:\n{self.daemon.output}"
            with suppress(subprocess.TimeoutExpired):  # it paces the looks
                self.daemon.process.wait(timeout=0.02)


def ask(client, path="/"):
    """What comes back for a request over a connection."""
    client.request("GET", path, headers={"Host": "web"})
    answer = client.getresponse()
    return answer.status, answer.read()


def waiting(client):
    """Have a request for `/wait` under way; the caller reads the answer."""
    client.request("GET", "/wait", headers={"Host": "web"})
    return client


def has_ended(pid):
    """Whether there is no such process, or only what its parent has yet to take note of."""
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    return True
