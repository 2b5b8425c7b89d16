"""A process with one TCP router, and its figures."""

import json

from tests.support.processes import free_port

CONFIG = """\
admin: {{ip: 127.0.0.1, port: {admin}}}
namers:
- {{kind: io.l5d.fs, rootDir: {disco}}}
routers:
- protocol: tcp
  dtab: /svc => /#/io.l5d.fs
  servers:
  - port: {port}
    ip: 127.0.0.1
{server}
  client:
    kind: io.l5d.global
{client}
"""


def _indent(text, columns):
    return "\n".join(" " * columns + line for line in text.splitlines())


class TcpMesh:
    """A running router. `server` and `client` are lines of its configuration.

    Names below `/svc` are files in a directory.
    """

    def __init__(self, twistd, directory, server="", client=""):
        self.port, self.disco = free_port(), directory
        admin = free_port()
        config = CONFIG.format(
            admin=admin,
            disco=directory,
            port=self.port,
            server=_indent(server, 4),
            client=_indent(client, 4),
        )
        self.daemon = twistd(config, admin)

    def know(self, name, *ports):
        """Tell of the replicas of a name, before it is asked for."""
        (self.disco / name).write_text("".join(f"127.0.0.1 {port}\n" for port in ports), "utf-8")

    def figures(self, scope=""):
        """The metrics below `rt/tcp/<scope>`."""
        prefix = f"rt/tcp/{scope}"
        found = json.loads(self.daemon.admin("/admin/metrics.json"))
        return {n.removeprefix(prefix): v for n, v in found.items() if n.startswith(prefix)}

    def server_figures(self):
        """Those of its server."""
        return self.figures(f"server/127.0.0.1/{self.port}/")

    def client_figures(self, name):
        """Those of the client of a name."""
        return self.figures(f"client/#/io.l5d.fs/{name}/")

    def rss(self):
        """Bytes of memory that the process has."""
        status = f"/proc/{self.daemon.process.pid}/status"
        with open(status, encoding="ascii") as lines:
            (line,) = [line for line in lines if line.startswith("VmRSS:")]
        return int(line.split()[1]) * 1024
