"""Callers who ask without pause over kept and over new connections, and backends with a name.

Whatever a caller sees that is not a whole response with status 200 is a failure, and there is to be
none.
"""

import http.server
import socket
import threading

TIMEOUT = 30


class Named:
    """An HTTP backend whose page is its name."""

    def __init__(self, name, host="127.0.0.1"):
        page = name.encode()

        class Page(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer((host, 0), Page)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class Caller:
    """One who asks, over one connection as long as the server keeps it, or over a new one each."""

    def __init__(self, traffic, port, *, keeps):
        self._traffic = traffic
        self._port = port
        self._keeps = keeps
        self._sock = None
        self.connections = 0
        self.latest = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        try:
            while not self._traffic.over:
                self.latest = self._ask()
                self._traffic.answered()
        except Exception as error:  # noqa: BLE001 - the test is told
            self._traffic.failed(error)
        finally:
            self._hang_up()

    def _hang_up(self):
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def _ask(self):
        if self._sock is None:
            sock = socket.create_connection(("127.0.0.1", self._port), timeout=TIMEOUT)
            self._sock = self._traffic.wrap(sock)
            self.connections += 1
        self._sock.sendall(b"GET / HTTP/1.1\r\nHost: web\r\n\r\n")
        head, body = self._receive()
        lines = head.lower().split(b"\r\n")
        if lines[0] != b"http/1.1 200 ok":
            raise AssertionError(f"{head!r} {body!r}")
        if b"connection: close" in lines or not self._keeps:
            self._hang_up()
        return body

    def _receive(self):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more(data)
        head, _, body = data.partition(b"\r\n\r\n")
        (length,) = [
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        ]
        while len(body) < length:
            body += self._more(body)
        return head, body

    def _more(self, data):
        piece = self._sock.recv(65536)
        if not piece:
            raise ConnectionError(f"connection {self.connections} ended after {data!r}")
        return piece


class Traffic:
    """Callers of some ports, while the `with` lasts; `kept` and `fresh` are how many of each port.

    A failure ends the `with` by raising.
    """

    def __init__(self, *ports, kept=2, fresh=1, wrap=lambda sock: sock):
        self.over = False
        self.answers = 0
        self.wrap = wrap
        self._failures = []
        self._changed = threading.Condition()
        self.keepers = [Caller(self, port, keeps=True) for port in ports for _ in range(kept)]
        self._all = [
            *self.keepers,
            *(Caller(self, port, keeps=False) for port in ports for _ in range(fresh)),
        ]

    def __enter__(self):
        for caller in self._all:
            caller.thread.start()
        self.wait(lambda: all(caller.latest is not None for caller in self._all))
        return self

    def __exit__(self, *_):
        self.over = True
        for caller in self._all:
            caller.thread.join(60)
            assert not caller.thread.is_alive(), "a caller hangs"
        self._raise()

    def _raise(self):
        if self._failures:
            raise self._failures[0]

    def answered(self):
        with self._changed:
            self.answers += 1
            self._changed.notify_all()

    def failed(self, error):
        with self._changed:
            self._failures.append(error)
            self._changed.notify_all()

    def wait(self, condition):
        with self._changed:
            happened = self._changed.wait_for(lambda: self._failures or condition(), timeout=60)
        self._raise()
        assert happened, f"after {self.answers} answers: {[c.latest for c in self._all]}"

    def wait_for_more(self, count=50):
        """Wait until that many more answers have come."""
        target = self.answers + count
        self.wait(lambda: self.answers >= target)

    def wait_for_all(self, body):
        """Wait until that is what everybody got last."""
        self.wait(lambda: all(caller.latest == body.encode() for caller in self._all))

    @property
    def connections(self):
        """How many connections each has needed that keeps them."""
        return {caller.connections for caller in self.keepers}
