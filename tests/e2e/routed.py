"""A router process, and its file to change."""

import json
import urllib.error
import urllib.request

HTTP = """\
- protocol: http
  label: {label}
  dtab: /svc => /$/inet/127.0.0.1/{backend}
  servers: [{{ip: 127.0.0.1, port: {port}{more}}}]
{router}"""

TCP = """\
- protocol: tcp
  label: {label}
  dtab: /svc => /$/inet/127.0.0.1/{backend}
  servers: [{{ip: 127.0.0.1, port: {port}{more}}}]
{router}"""


def http(label, port, backend, more="", router=""):
    return HTTP.format(label=label, port=port, backend=backend, more=more, router=router)


def tcp(label, port, backend, more="", router=""):
    return TCP.format(label=label, port=port, backend=backend, more=more, router=router)


class Routed:
    """A router process, and its file to change."""

    def __init__(self, twistd, free_port, *routers, top="", more=""):
        self.admin = free_port()
        self._more = more
        self.daemon = twistd(self._text(routers, top), admin_port=self.admin)
        self._file = self.daemon.directory / "linkerpy.yml"

    def _text(self, routers, top):
        admin = f"admin: {{ip: 127.0.0.1, port: {self.admin}{self._more}}}\n"
        return f"{admin}{top}routers:\n{''.join(routers)}"

    def write(self, *routers, top=""):
        self._file.write_text(self._text(routers, top), "utf-8")

    def reload(self, *routers, top="", admin=None):
        """Change the file and have it read: the status, and what is said."""
        asked = self.daemon.admin_port
        if admin is not None:
            self.admin = admin
        self.write(*routers, top=top)
        url = f"http://127.0.0.1:{asked}/admin/reload"
        try:
            with urllib.request.urlopen(
                urllib.request.Request(url, method="POST"), timeout=10
            ) as answer:
                self.daemon.admin_port = self.admin
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metrics(self):
        return json.loads(self.daemon.admin("/admin/metrics.json"))
