"""A router process in front of replicas named by files, and replicas that do what a test says."""

import json
import socket
import threading
from contextlib import suppress
from pathlib import Path

CONFIG = """\
admin:
  ip: 127.0.0.1
  port: {admin}
namers:
- kind: io.l5d.fs
  rootDir: {disco}
routers:
- protocol: http
  label: http
  dtab: /svc => /#/io.l5d.fs
  servers:
  - ip: 127.0.0.1
    port: {port}
"""

TIMEOUT = 30


class FileMesh:
    """`twistd -n linkerpy` with an fs namer; `name` says where a name's replicas are."""

    def __init__(self, twistd, free_port, directory):
        self.disco = Path(directory)
        self.port, admin = free_port(), free_port()
        text = CONFIG.format(admin=admin, port=self.port, disco=self.disco)
        self.daemon = twistd(text, admin_port=admin)

    def name(self, name, *ports):
        """Write a name's file, as a whole, over the one there is."""
        new = self.disco / f".{name}.new"
        new.write_text("".join(f"127.0.0.1 {port}\n" for port in ports), "utf-8")
        new.rename(self.disco / name)

    def connect(self, **options):
        """A client's socket."""
        return connect(self.port, **options)

    def metrics(self):
        return json.loads(self.daemon.admin("/admin/metrics.json"))

    def server_metric(self, name):
        return self.metrics()[f"rt/http/server/127.0.0.1/{self.port}/{name}"]

    def memory(self, field):
        """VmRSS or VmHWM of the router, in MB."""
        status = Path(f"/proc/{self.daemon.process.pid}/status").read_text("utf-8")
        return int(status.split(f"{field}:")[1].split()[0]) / 1024


def connect(port, *, receive_buffer=None):
    """A blocking socket to a port of this machine; nothing it does takes for ever."""
    sock = socket.socket()
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(TIMEOUT)
    sock.connect(("127.0.0.1", port))
    return sock


def read_until(sock, mark, data=b""):
    """Everything up to and including `mark`, and what came behind it."""
    while mark not in data:
        piece = sock.recv(65536)
        if not piece:
            raise ConnectionError(f"the connection ended after {data!r}")
        data += piece
    head, _, rest = data.partition(mark)
    return head + mark, rest


def read_to_end(sock):
    """Everything until the other end closes, and whether it did so in good order."""
    data = b""
    try:
        while piece := sock.recv(65536):
            data += piece
    except ConnectionResetError:
        return data, False
    return data, True


class Replica:
    """Listens, and runs `serve(sock, replica)` for each connection in a thread of its own."""

    def __init__(self, serve, *, buffers=None):
        self._serve = serve
        self.connections = 0
        self.facts = {}
        """What `serve` has to tell."""
        self.done = threading.Event()
        """Set by `serve` when the test may look."""
        self._listener = socket.socket()
        if buffers is not None:
            for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                self._listener.setsockopt(socket.SOL_SOCKET, option, buffers)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with suppress(OSError):  # closed by `stop`
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                sock.settimeout(TIMEOUT)
                threading.Thread(target=self._run, args=(sock,), daemon=True).start()

    def _run(self, sock):
        with sock, suppress(OSError):
            self._serve(sock, self)

    def stop(self):
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
