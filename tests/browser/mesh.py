"""A process with four routers, HTTP and TCP, healthy and failing."""

import json

from tests.support.processes import free_port

LABEL = "<img src=x onerror=alert(1)> & co"
CONFIG = """\
admin: {{ip: 127.0.0.1, port: {admin}}}
telemetry:
- {{kind: io.l5d.recentRequests, sampleRate: 1.0, capacity: 50}}
routers:
- protocol: http
  label: web
  dtab: |
    /host => /$/inet/127.0.0.1/{backend} ;
    /svc => /nowhere | /host ;
    /svc/both => 9 * /host & 1 * /other ;
    /other => /$/inet/127.0.0.1/{dead} ;
  servers:
  - {{ip: 127.0.0.1, port: {web}}}
- protocol: http
  label: "{label}"
  dtab: /svc => /$/inet/127.0.0.1/{dead}
  servers:
  - {{ip: 127.0.0.1, port: {failing}}}
- protocol: tcp
  label: db
  dtab: /svc => /$/inet/127.0.0.1/{backend}
  servers:
  - {{ip: 127.0.0.1, port: {db}, dstName: /svc/db}}
- protocol: tcp
  label: gone
  dtab: /svc => /$/inet/127.0.0.1/{dead}
  servers:
  - {{ip: 127.0.0.1, port: {gone}, dstName: /svc/gone}}
"""
PORTS = ("admin", "web", "failing", "dead", "db", "gone")


class Mesh:
    """`web` and `db` lead to `backend`, the others to a port that nobody serves."""

    def __init__(self, start, backend):
        self.backend = backend
        for name in PORTS:
            setattr(self, name, free_port())
        self.url = f"http://127.0.0.1:{self.admin}/"
        self.daemon = start(CONFIG.format(label=LABEL, **vars(self)), self.admin)

    def metrics(self):
        """All metrics, flat."""
        return json.loads(self.daemon.admin("/admin/metrics.json?live=1"))

    def requests(self):
        """How many requests the servers of all routers have counted."""
        counts = self.metrics().items()
        return sum(value for name, value in counts if "/server/" in name and ends(name))


def ends(name):
    """Whether this is the count of a server's requests."""
    return name.startswith("rt/") and name.endswith("/requests")
