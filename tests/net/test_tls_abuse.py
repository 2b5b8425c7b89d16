"""Peers that speak TLS and mean no good: what they can do is bounded, counted and told."""

import socket
from contextlib import suppress

import pytest
from OpenSSL import SSL
from twisted.internet.error import ConnectionLost

from linkerpy.net.connect import connect
from linkerpy.net.tls_errors import TlsFailed
from tests.net.tls_loop import TlsPair, client_tls, server_tls
from tests.net.wire import PATIENCE, Recorder
from tests.support.certs import Authority
from tests.support.env import counts


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


class Peer:
    """OpenSSL on a plain socket, turned by the test."""

    def __init__(self, loop, connected, context):
        self.loop = loop
        self.socket = connected
        self.socket.setblocking(False)
        self.tls = SSL.Connection(context, None)
        self.ended = False

    def pump(self):
        """Pass what there is to pass, both ways."""
        with suppress(SSL.WantReadError):
            while True:
                self.socket.sendall(self.tls.bio_read(65536))
        with suppress(BlockingIOError):
            data = self.socket.recv(65536)
            self.ended = not data
            if data:
                self.tls.bio_write(data)
        with suppress(BrokenPipeError, SSL.WantReadError):
            while True:
                self.socket.sendall(self.tls.bio_read(65536))

    def shake(self):
        """Go through a handshake."""

        def done():
            try:
                self.tls.do_handshake()
            except SSL.WantReadError:
                self.pump()
                return False
            self.pump()
            return True

        self.loop.until(done, "the peer's handshake")

    def wait_for_the_end(self):
        def ended():
            with suppress(ConnectionResetError):
                self.pump()
                return self.ended
            return True

        self.loop.until(ended, "the end")


def caller(loop, pair, version=SSL.TLS1_2_VERSION):
    """A client of the pair's server."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_max_proto_version(version)
    pair.server = None
    peer = Peer(loop, socket.create_connection(("127.0.0.1", pair.number), PATIENCE), context)
    peer.tls.set_connect_state()
    return peer


@pytest.fixture
def pair(loop, authority):
    server = server_tls(loop, authority.issue("web.test"))
    return TlsPair(loop, server, client_tls(loop, verify=False)).stand()


def test_a_client_that_wants_to_shake_hands_again_is_sent_away(loop, pair):
    peer = caller(loop, pair)
    peer.shake()
    peer.tls.send(b"hello")
    peer.pump()
    loop.until(lambda: pair.server.data == b"hello", "the words")
    assert peer.tls.renegotiate()
    with suppress(SSL.WantReadError):
        peer.tls.do_handshake()
    peer.wait_for_the_end()
    cause, text = pair.server_failure()
    assert cause == "renegotiation"
    assert "the client wanted to shake hands again" in text
    assert counts(pair.server_tls.handshakes._metrics) == {"failures/renegotiation": 1}
    assert isinstance(pair.server.lost[0], TlsFailed)


def test_words_that_come_with_the_wish_to_shake_hands_again_are_heard(loop, pair):
    peer = caller(loop, pair)
    peer.shake()
    peer.tls.send(b"hello")
    peer.tls.renegotiate()
    with suppress(SSL.WantReadError):
        peer.tls.do_handshake()
    peer.wait_for_the_end()
    assert pair.server.data == b"hello"
    assert pair.server_failure()[0] == "renegotiation"


def test_a_server_that_wants_to_shake_hands_again_is_left(loop, authority):
    identity = authority.issue("web.test")
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    context.use_certificate_file(identity.cert_path)
    context.use_privatekey_file(identity.key_path)
    listener = socket.create_server(("127.0.0.1", 0))
    tls = client_tls(loop, "web.test", trust=[authority.bundle])
    told = []
    connect(
        loop.reactor, "127.0.0.1", listener.getsockname()[1], Recorder, PATIENCE,
        tls=tls, on_connected=told.append, on_failed=told.append,
    )  # fmt: skip
    loop.turns()
    listener.settimeout(PATIENCE)
    accepted, _ = listener.accept()
    listener.close()
    peer = Peer(loop, accepted, context)
    peer.tls.set_accept_state()
    peer.shake()
    loop.until(lambda: told, "the client")
    peer.tls.renegotiate()
    with suppress(SSL.WantReadError):
        peer.tls.do_handshake()
    peer.wait_for_the_end()
    (client,) = told
    assert isinstance(client.lost[0], ConnectionLost)
    assert "the server wanted to shake hands again" in str(client.lost[0])
    assert counts(tls.handshakes._metrics) == {"failures/renegotiation": 1}
    tls.live.close()


def record(data):
    return b"\x16\x03\x01" + len(data).to_bytes(2) + data


ENDLESS = b"\x01\xff\xff\xff" + b"\x03\x03" + b"x" * 16000
"""The beginning of a ClientHello of sixteen megabytes."""


def test_a_hello_that_would_never_end_is_refused_by_its_announcement(loop, pair):
    peer = caller(loop, pair)
    peer.socket.sendall(record(ENDLESS))
    peer.wait_for_the_end()
    cause, text = pair.server_failure()
    assert cause == "other"
    assert "the client failed" in text
    assert counts(pair.server_tls.handshakes._metrics) == {"failures/other": 1}


def test_a_hello_in_as_many_records_as_it_likes_has_its_bound(loop, pair):
    """Tiny records: nothing is kept but what OpenSSL keeps, which knows its limit."""
    peer = caller(loop, pair)
    with suppress(BrokenPipeError, ConnectionResetError):
        peer.socket.sendall(record(b"\x01\x00\xff\xff"))
        for _ in range(40):
            peer.socket.sendall(record(b"x" * 50) * 20)
            loop.turns(1)
    under_way = pair.port._secured._under_way
    assert all(len(handshake.attempt.begun) <= 1 << 16 for handshake in under_way)
    peer.socket.close()
    assert pair.server_failure()[0] in {"other", "closed"}


@pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
def test_garbage_in_the_place_of_data_ends_the_connection(loop, pair, version):
    peer = caller(loop, pair, version)
    peer.shake()
    loop.until(lambda: pair.server, "the server")
    peer.socket.sendall(b"\x17\x03\x03\x00\x20" + b"?" * 32)
    loop.until(lambda: pair.server.lost, "the end")
    assert isinstance(pair.server.lost[0], TlsFailed)
    assert not pair.server.data
    assert pair.server_failure()[0] == "other"
    assert counts(pair.server_tls.handshakes._metrics) == {"failures/other": 1}


def test_a_record_longer_than_any_may_be_ends_the_connection_at_its_header(loop, pair):
    peer = caller(loop, pair)
    peer.shake()
    loop.until(lambda: pair.server, "the server")
    peer.socket.sendall(b"\x17\x03\x03\xff\xff")
    loop.until(lambda: pair.server.lost, "the end")
    assert isinstance(pair.server.lost[0], TlsFailed)


def test_many_handshakes_that_never_end_are_all_ended(loop, pair):
    pair.server_tls.patience = 0.05
    peers = [socket.create_connection(("127.0.0.1", pair.number), PATIENCE) for _ in range(50)]
    for peer in peers[::2]:
        peer.sendall(record(ENDLESS)[:100])
    wanted = {"failures/timeout": 50}
    loop.until(lambda: counts(pair.server_tls.handshakes._metrics) == wanted, "all ends")
    assert not pair.port._secured._under_way
    for peer in peers:
        peer.close()
