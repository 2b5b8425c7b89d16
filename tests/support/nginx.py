"""A real NGINX as a backend: one unprivileged process in a directory of its own."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.processes import free_port, listens, stop, wait_ready

_CONFIG = """
daemon off;
master_process off;
pid {root}/nginx.pid;
error_log stderr notice;
events {{ worker_connections 1024; }}
http {{
  default_type text/html;
  access_log {root}/access.log;
  client_body_temp_path {root}/body;
  proxy_temp_path {root}/proxy;
  fastcgi_temp_path {root}/fastcgi;
  uwsgi_temp_path {root}/uwsgi;
  scgi_temp_path {root}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {root}/html;
    {server}
  }}
}}
"""


@dataclass
class Nginx:
    """One NGINX; serves the files of `html` and whatever the `server` block's lines say."""

    binary: str
    root: Path
    server: str = ""
    port: int = field(default_factory=free_port)

    def start(self) -> None:
        """Start and wait until it accepts connections."""
        self.html.mkdir(parents=True, exist_ok=True)
        config = self.root / "nginx.conf"
        config.write_text(_CONFIG.format(root=self.root, port=self.port, server=self.server))
        log = self.root / "error.log"
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [self.binary, "-p", str(self.root), "-c", str(config), "-e", "stderr"],
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
            )
        wait_ready(self._process, lambda: listens(self.port), lambda: log.read_text("utf-8"))

    @property
    def html(self) -> Path:
        """The directory it serves."""
        return self.root / "html"

    @property
    def requests(self) -> list[str]:
        """The lines of its access log: what really reached the backend."""
        return (self.root / "access.log").read_text("utf-8").splitlines()

    def stop(self) -> None:
        """End it."""
        stop(self._process)
