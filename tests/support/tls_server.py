"""A TLS server of Python's own, in a thread, that shakes hands and closes."""

import socket
import ssl
import threading
from contextlib import suppress


class TlsServer:
    """Serves one connection after the other; `address` is HOST:PORT."""

    def __init__(self, identity, client_ca=None, version=None):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(identity.cert_path, identity.key_path)
        self._context.set_alpn_protocols(["http/1.1"])
        if client_ca is not None:
            self._context.verify_mode = ssl.CERT_REQUIRED
            self._context.load_verify_locations(client_ca)
        if version is not None:
            self._context.maximum_version = version
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with suppress(OSError), self._context.wrap_socket(peer, server_side=True) as secured:
                secured.recv(1)

    def close(self):
        """Take no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)
