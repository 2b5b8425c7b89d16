"""A TLS handshake made only to see how it goes: everything that is wrong with it, not the first.

For the command line: it blocks. Routers shake hands in `tls_handshake`, by the same rules.
"""

# mypy: disallow-untyped-calls=False
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from OpenSSL import SSL

from linkerpy.net.tls_check import is_for, sni_of
from linkerpy.net.tls_context import TlsCalling, make_calling
from linkerpy.net.tls_errors import (
    WRONG_NAME,
    Attempt,
    TlsFailed,
    closed,
    explain,
    not_tls,
    timed_out,
)
from linkerpy.net.tls_names import clean

_READ_SIZE = 65536

_ALERT, _HANDSHAKE = 21, 22

_VERDICT_TIME = 1.0
"""Seconds for a server to say, after a handshake of TLS 1.3, that it wants another certificate."""


@dataclass(slots=True)
class Findings:
    """What there was to see."""

    address: tuple[str, int]
    trusted: str
    """Whom the checks trusted, in words."""
    agreed: str = ""
    """Version and cipher suite; empty if there was no agreement."""
    alpn: str = ""
    chain: list[x509.Certificate] = field(default_factory=list)
    """As the server sent it, its own certificate first."""
    wanted: list[str] = field(default_factory=list)
    """The CAs of whose certificates the server would like one from us."""
    failures: list[TlsFailed] = field(default_factory=list)


def probe(host: str, port: int, settings: TlsCalling, name: str, patience: float = 5.0) -> Findings:
    """Shake hands with the server, as a client that expects it to be `name`.

    `patience`, in seconds, is for each of connecting and the handshake.

    Raises:
        TlsConfigError: a file of `settings` will not do.
        OSError: there is no such host, or no connection.
    """
    refusals: list[tuple[int, Any]] = []

    def note(_connection: SSL.Connection, given: Any, code: int, _depth: int, ok: int) -> bool:
        if not ok:
            with suppress(ValueError):
                refusals.append((code, given.to_cryptography()))
        return True

    made = make_calling(settings, note)
    with socket.create_connection((host, port), patience) as connected:
        tls: Any = SSL.Connection(made.context, None)  # newer than its stubs
        server_name = sni_of(name)
        if server_name is not None:
            tls.set_tlsext_host_name(server_name)
        tls.set_connect_state()
        attempt = Attempt(made, calling=True, wanted=name)
        found = Findings(connected.getpeername()[:2], made.trusted)
        failed = _Talk(connected, tls, attempt, patience).run()
        chain = tls.get_peer_cert_chain(as_cryptography=True) or []
    found.chain = chain
    asked = tls.get_client_ca_list(as_cryptography=True)
    found.wanted = [clean(authority.rfc4514_string()) for authority in asked]
    if chain and not is_for(chain[0], name):
        refusals.append((WRONG_NAME, chain[0]))
    found.failures = [explain(SSL.Error(), _refusing(attempt, *one)) for one in refusals]
    if failed is not None:
        found.failures.append(failed)
    if tls.get_cipher_name() is not None:
        found.agreed = f"{tls.get_protocol_version_name()}, {tls.get_cipher_name()}"
        found.alpn = tls.get_alpn_proto_negotiated().decode("latin-1")
    return found


def _refusing(attempt: Attempt, code: int, certificate: x509.Certificate) -> Attempt:
    """The attempt as it would be if it had ended with this check."""
    return Attempt(attempt.made, attempt.calling, attempt.wanted, b"", (code, certificate))


class _Talk:
    """One handshake on a blocking socket."""

    def __init__(
        self, connected: socket.socket, tls: Any, attempt: Attempt, patience: float
    ) -> None:
        self._socket = connected
        self._tls = tls
        self._attempt = attempt
        self._patience = patience
        self._until = time.monotonic() + patience

    def run(self) -> TlsFailed | None:
        """The failure, if it is one; also if the server tells of it after the handshake."""
        try:
            return self._shake() or self._listen()
        except SSL.Error as error:
            self._send()
            return explain(error, self._attempt)
        except TimeoutError:
            return timed_out(self._attempt, self._patience)
        except OSError:
            return closed(self._attempt)

    def _shake(self) -> TlsFailed | None:
        while True:
            try:
                self._tls.do_handshake()
            except SSL.WantReadError:
                self._send()
            else:
                self._send()
                return None
            data = self._receive()
            first = not self._attempt.begun
            self._attempt.heard(data)
            if not data:
                return closed(self._attempt)
            if first and data[0] not in (_HANDSHAKE, _ALERT):
                return not_tls(self._attempt)
            self._tls.bio_write(data)

    def _listen(self) -> TlsFailed | None:
        """Hear what it says once it has looked at us: a ticket if all is well, else an alert."""
        if self._tls.get_protocol_version() < SSL.TLS1_3_VERSION:
            return None
        self._until = time.monotonic() + _VERDICT_TIME
        with suppress(TimeoutError, SSL.WantReadError, SSL.ZeroReturnError):
            data = self._receive()
            if data:
                self._tls.bio_write(data)
                self._tls.recv(1)
        return None

    def _receive(self) -> bytes:
        self._socket.settimeout(max(self._until - time.monotonic(), 0.001))
        return self._socket.recv(_READ_SIZE)

    def _send(self) -> None:
        with suppress(SSL.WantReadError):
            while True:
                self._socket.sendall(self._tls.bio_read(_READ_SIZE))
