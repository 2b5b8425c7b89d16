"""A real Apache httpd as a backend, with a configuration of its own: serves files, takes uploads.

Started as root it must give that up, so its directory is one that anybody may enter.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support.processes import free_port, listens, stop, wait_ready

MODULES = Path("/usr/lib/apache2/modules")

_CONFIG = """
ServerRoot {root}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {root}/apache.pid
DefaultRuntimeDir {root}
Mutex file:{root} default
ErrorLog {root}/error.log
{modules}
User nobody
Group nogroup
StartServers 1
MinSpareThreads 1
MaxSpareThreads 64
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
DocumentRoot {root}/html
DavLockDB {root}/up.lock
AddOutputFilterByType DEFLATE text/html
TypesConfig /dev/null
AddType text/html .html
<Directory {root}/html>
  Require all granted
</Directory>
<Directory {root}/html/up>
  Dav On
</Directory>
"""

_NEEDED = ["mpm_event", "authz_core", "mime", "dir", "filter", "deflate", "dav", "dav_fs"]


class Apache:
    """One Apache; serves the files of `html`, and files put into `html/up` stay there."""

    def __init__(self, binary: str) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="apache"))
        self.root.chmod(0o777)
        self.html = self.root / "html"
        (self.html / "up").mkdir(parents=True)
        (self.html / "up").chmod(0o777)
        self.port = free_port()
        self._binary = binary

    def start(self) -> None:
        """Start and wait until it accepts connections."""
        modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in _NEEDED)
        config = self.root / "httpd.conf"
        config.write_text(_CONFIG.format(root=self.root, port=self.port, modules=modules))
        log = self.root / "stderr"
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [self._binary, "-DFOREGROUND", "-d", str(self.root), "-f", str(config)],
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
            )
        wait_ready(self._process, lambda: listens(self.port), lambda: log.read_text("utf-8"))

    def stop(self) -> None:
        """End it, and remove its directory."""
        stop(self._process)
        shutil.rmtree(self.root, ignore_errors=True)
