"""Backends that say who they are to whoever connects, and sessions with them through a router."""

import socket
import threading
import time
from contextlib import suppress

TIMEOUT = 20


class Backend:
    """Sends back what it gets, its own name in front of each piece."""

    def __init__(self, name):
        self.name = name
        self.sessions = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            self.sessions += 1
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with sock, suppress(ConnectionError):
            while data := sock.recv(65536):
                sock.sendall(self.name + data)

    def stop(self):
        with suppress(OSError):  # it was stopped before
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


def talk(sock, data):
    """Who answered: its name is what comes before the data."""
    sock.sendall(data)
    got = b""
    while not got.endswith(data):
        piece = sock.recv(65536)
        assert piece, f"the session ended after {got!r}"
        got += piece
    return got.removesuffix(data)


def connect(port):
    """A blocking socket to a port of this machine; nothing it does takes for ever."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
    sock.settimeout(TIMEOUT)
    return sock


def until(condition):
    """Look until it holds, for as long as anything here may take."""
    end, pace = time.monotonic() + TIMEOUT, threading.Event()
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        pace.wait(0.01)
