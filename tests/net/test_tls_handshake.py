"""Every way in which a handshake can fail, told on the side where it failed and on the other."""

import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock

from linkerpy.net.connect import connect
from linkerpy.net.errors import ConnectFailed
from linkerpy.net.tls_context import LiveTls, TlsCalling, TlsServing, make_calling
from linkerpy.net.tls_errors import CAUSES
from linkerpy.net.tls_handshake import Handshakes, ServerTls, Target, verify
from linkerpy.telemetry.metrics import Gauge, Metrics
from tests.net.tls_loop import TlsPair, client_tls, server_tls
from tests.net.wire import PATIENCE, Recorder
from tests.support.certs import DAY, NOW, Authority, self_signed
from tests.support.env import counts


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ours"), "Our CA")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("theirs"), "Their CA")


@pytest.fixture
def identity(authority):
    return authority.issue("web.test", "*.pods.test", "10.1.2.3")


def test_a_server_of_the_wanted_name_is_spoken_to(loop, authority, identity):
    client = client_tls(loop, "web.test", trust=[authority.bundle])
    pair = TlsPair(loop, server_tls(loop, identity), client).stand()
    pair.client.transport.write(b"hello")
    loop.until(lambda: pair.server.data == b"hello", "the words")
    assert pair.server.transport.server_name == "web.test"
    assert pair.client.transport.tls_version == "TLSv1.3"
    assert pair.server.transport.getPeerCertificate() is None
    assert pair.client.transport.getPeerCertificate().subject.rfc4514_string()


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("web.test", True),
        ("WEB.test", True),
        ("a.pods.test", True),
        ("a.b.pods.test", False),
        ("pods.test", False),
        ("10.1.2.3", True),
        ("10.1.2.4", False),
        ("no host name", False),
        ("{host}.test", False),
    ],
)
def test_a_certificate_is_for_its_names_alone(loop, authority, identity, name, known):
    client = client_tls(loop, name, trust=[authority.bundle])
    pair = TlsPair(loop, server_tls(loop, identity), client)
    if known:
        pair.stand()
    else:
        assert f"wanted '{name}'" in pair.failure()
        assert "has web.test, *.pods.test, 10.1.2.3" in pair.failure()
        assert pair.client_failure()[0] == "wrong_name"
        cause, text = pair.server_failure()
        assert cause == "certificate_rejected"
        assert "its names" in text or "the names of the certificate" in text


def test_a_certificate_without_alternative_names_is_judged_by_its_common_name(loop, authority):
    server = server_tls(loop, authority.bare("linkerd"))
    TlsPair(loop, server, client_tls(loop, "linkerd", trust=[authority.bundle])).stand()
    wrong = TlsPair(loop, server, client_tls(loop, "other", trust=[authority.bundle]))
    assert "has only the common name linkerd" in wrong.failure()


@pytest.mark.parametrize("kind", ["expired", "future"])
def test_a_certificate_out_of_its_time(loop, authority, kind):
    identity = getattr(authority, kind)("web.test")
    pair = TlsPair(
        loop, server_tls(loop, identity), client_tls(loop, "web.test", trust=[authority.bundle])
    )
    text = pair.failure()
    cause = {"expired": "expired", "future": "not_yet_valid"}[kind]
    assert pair.client_failure() == (cause, text)
    assert "for web.test" in text
    assert {"expired": "expired on 2", "future": "valid only from 2"}[kind] in text
    assert pair.server_failure()[0] == "certificate_rejected"


def test_an_issuer_that_is_not_trusted(loop, authority, stranger, identity):
    client = client_tls(loop, "web.test", trust=[stranger.bundle])
    pair = TlsPair(loop, server_tls(loop, identity), client)
    text = pair.failure()
    assert "issued by O=Our CA" in text or "O=Our CA" in text
    assert "trusted are" in text
    assert "O=Their CA" in text
    assert stranger.bundle in text
    assert "`trustCertsBundle`" in text
    assert pair.client_failure()[0] == "unknown_issuer"
    cause, text = pair.server_failure()
    assert cause == "certificate_rejected"
    assert "it does not know the CA" in text


def test_a_self_signed_certificate(loop, authority, tmp_path):
    identity = self_signed(tmp_path, "web.test")
    server = server_tls(loop, identity)
    pair = TlsPair(loop, server, client_tls(loop, "web.test", trust=[authority.bundle]))
    assert "CN=web.test vouches for itself (self-signed)" in pair.failure()
    TlsPair(loop, server, client_tls(loop, "web.test", trust=[identity.cert_path])).stand()


def test_the_system_trusts_no_ca_of_ours(loop, identity):
    pair = TlsPair(loop, server_tls(loop, identity), client_tls(loop, "web.test"))
    assert "trusted are the system's CAs" in pair.failure()


def test_without_validation_anything_goes(loop, stranger):
    server = server_tls(loop, stranger.expired("other.test"))
    pair = TlsPair(loop, server, client_tls(loop, "web.test", verify=False)).stand()
    assert pair.server.transport.server_name == "web.test"


# -- client certificates ---------------------------------------------------------------------------

VERSIONS = [("TLSv1.2",), ("TLSv1.3",)]


@pytest.mark.parametrize("versions", VERSIONS)
def test_a_client_with_a_certificate_is_let_in(loop, authority, identity, versions):
    server = server_tls(loop, identity, require_client=True, client_ca=authority.bundle)
    mine = authority.issue("client.test", file="client")
    client = client_tls(
        loop, "web.test", trust=[authority.bundle], identity=mine, versions=versions
    )
    pair = TlsPair(loop, server, client).stand()
    pair.client.transport.write(b"hello")
    loop.until(lambda: pair.server.data, "the words")
    assert pair.server.transport.getPeerCertificate() is not None


@pytest.mark.parametrize("versions", VERSIONS)
def test_a_client_without_the_certificate_that_is_required(loop, authority, identity, versions):
    server = server_tls(loop, identity, require_client=True, client_ca=authority.bundle)
    client = client_tls(loop, "web.test", trust=[authority.bundle], versions=versions)
    pair = TlsPair(loop, server, client)
    cause, text = pair.server_failure()
    assert cause == "no_client_certificate"
    assert "O=Our CA" in text
    assert "`clientAuth`" in text
    cause, text = pair.client_failure()
    assert cause == "no_client_certificate"
    assert "give one as `clientAuth`" in text
    if pair.client is not None:  # TLS 1.3: the client heard of it after its handshake
        loop.until(lambda: pair.client.lost, "the end")
        assert isinstance(pair.client.lost[0], ConnectionLost)
        assert str(pair.client.lost[0]) == text


@pytest.mark.parametrize("versions", VERSIONS)
def test_a_client_with_a_strangers_certificate(loop, authority, stranger, identity, versions):
    server = server_tls(loop, identity, require_client=True, client_ca=authority.bundle)
    mine = stranger.issue("client.test")
    client = client_tls(
        loop, "web.test", trust=[authority.bundle], identity=mine, versions=versions
    )
    pair = TlsPair(loop, server, client)
    cause, text = pair.server_failure()
    assert cause == "unknown_issuer"
    assert "the client's certificate has an unknown issuer" in text
    assert "`caCertPath`" in text
    cause, text = pair.client_failure()
    assert cause == "certificate_rejected"
    assert "the server rejected our certificate" in text
    assert "client.test" in text


# -- no agreement ----------------------------------------------------------------------------------


def test_no_version_in_common(loop, authority, identity):
    server = server_tls(loop, identity, versions=("TLSv1.3",))
    client = client_tls(loop, "web.test", trust=[authority.bundle], versions=("TLSv1.2",))
    pair = TlsPair(loop, server, client)
    assert "it speaks none of TLSv1.2" in pair.failure()
    assert pair.client_failure()[0] == "protocol"
    cause, text = pair.server_failure()
    assert cause == "protocol"
    assert "the client offers TLSv1.2, TLSv1.1" in text or "the client offers TLSv1.2" in text
    assert "here are allowed TLSv1.3" in text


def test_no_cipher_in_common(loop, authority, tmp_path):
    identity = authority.issue("web.test")  # of ECDSA
    settings = {"versions": ("TLSv1.2",), "ciphers": ("ECDHE-RSA-AES128-GCM-SHA256",)}
    server = server_tls(loop, identity, **settings)
    client = client_tls(loop, "web.test", trust=[authority.bundle], versions=("TLSv1.2",))
    pair = TlsPair(loop, server, client)
    assert "no cipher suite, or kind of key, in common" in pair.failure()
    cause, text = pair.server_failure()
    assert cause == "cipher"
    assert "it offers ECDHE-ECDSA-AES256-GCM-SHA384" in text


# -- peers that do not speak TLS -------------------------------------------------------------------


class Raw:
    """A plain socket at a TLS port."""

    def __init__(self, loop, authority, **options):
        self.loop = loop
        self.pair = TlsPair(
            loop, server_tls(loop, authority.issue("web.test")), client_tls(loop, verify=False)
        ).stand()
        self.pair.server = None
        for name, value in options.items():
            setattr(self.pair.server_tls, name, value)
        self.socket = socket.create_connection(("127.0.0.1", self.pair.number), PATIENCE)

    def failure(self):
        return self.pair.server_failure()


def test_plain_http_at_a_tls_port(loop, authority):
    raw = Raw(loop, authority)
    raw.socket.sendall(b"GET /secret HTTP/1.1\r\nHost: web\r\n\r\n")
    cause, text = raw.failure()
    assert cause == "plain_http"
    assert "the client speaks plain HTTP ('GET /secret HTTP/1.1')" in text
    answer = raw.socket.recv(1000)
    head, body = answer.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert f"Content-Length: {len(body)}".encode() in head
    assert b"https://" in body


@pytest.mark.parametrize("words", [b"SSH-2.0-x\r\n\x1b[31m", b"\x00" * 100, b"\x80\x2e\x01"])
def test_something_else_at_a_tls_port(loop, authority, words):
    raw = Raw(loop, authority)
    raw.socket.sendall(words)
    cause, text = raw.failure()
    assert cause == "not_tls"
    assert "the client does not speak TLS" in text
    assert text.isprintable()


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\xff\xff" + b"x" * 100, b"\x16\x03\x01\x00\x05hello", b"\x15\x03\x01"]
)
def test_garbage_that_begins_like_tls(loop, authority, garbage):
    raw = Raw(loop, authority)
    raw.socket.sendall(garbage)
    raw.socket.shutdown(socket.SHUT_WR)
    cause, text = raw.failure()
    assert cause in CAUSES
    assert text


def test_a_peer_that_leaves_at_once_and_one_that_leaves_in_the_middle(loop, authority):
    raw = Raw(loop, authority)
    raw.socket.close()
    metrics = raw.pair.server_tls.handshakes._metrics
    loop.until(lambda: counts(metrics) == {"failures/silent": 1}, "the count")
    raw = Raw(loop, authority)
    raw.socket.sendall(b"\x16\x03\x01\x02\x00\x01")
    raw.socket.close()
    cause, text = raw.failure()
    assert cause == "closed"
    assert "in the middle of the handshake" in text


@pytest.mark.parametrize("words", [b"", b"\x16\x03\x01\x02\x00\x01"])
def test_a_handshake_that_never_ends_is_ended(loop, authority, words):
    raw = Raw(loop, authority, patience=0.01)
    if words:
        raw.socket.sendall(words)
    assert raw.failure()[0] == "timeout"
    assert raw.socket.recv(10) == b""


def test_a_hello_that_comes_byte_by_byte_is_a_hello(loop, authority):
    identity = authority.issue("web.test")
    pair = TlsPair(loop, server_tls(loop, identity), client_tls(loop, verify=False)).stand()
    pair.server = None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority.bundle)
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(into, out, server_hostname="web.test")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    with socket.create_connection(("127.0.0.1", pair.number), PATIENCE) as peer:
        peer.setblocking(False)
        for byte in out.read():
            peer.sendall(bytes([byte]))
            loop.turns(1)
        done = False

        def answered():
            nonlocal done
            with suppress(BlockingIOError):
                into.write(peer.recv(65536))
            with suppress(ssl.SSLWantReadError):
                client.do_handshake()
                done = True
            peer.sendall(out.read())
            return done

        loop.until(answered, "the server's answer")
        loop.until(lambda: pair.server is not None, "the server")


class PlainServer:
    """A server that says these bytes and, unless it lingers, closes."""

    def __init__(self, words, *, linger=False):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._words, self._linger, self._kept = words, linger, []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        peer, _ = self._listener.accept()
        if self._linger:
            self._kept.append(peer)
        else:
            with peer:
                peer.recv(65536)
                peer.sendall(self._words)
        self._listener.close()


def dial(loop, authority, port, **options):
    """The reason why the dialled server could not be spoken to."""
    failed = []
    connect(
        loop.reactor,
        "127.0.0.1",
        port,
        Recorder,
        PATIENCE,
        tls=client_tls(loop, "web.test", trust=[authority.bundle]),
        on_connected=failed.append,
        on_failed=failed.append,
        **options,
    )
    loop.until(lambda: failed, "the outcome")
    assert isinstance(failed[0], ConnectFailed)
    assert failed[0].port == port
    return failed[0].reason


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the server speaks plain HTTP, and we TLS"),
        (b"220 mail.test ESMTP\r\n", "the server does not speak TLS: it began with '220 mail"),
        (b"", "closed the connection without a word of TLS"),
        (b"\x16\x03\x03\x00\x7a\x02", "in the middle of the handshake"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "no cipher suite, or kind of key, in common"),
        (b"\x15\x03\x03\x00\x02\x02\x46", "speaks none of TLSv1.2, TLSv1.3"),
        (b"\x15\x03\x03\x00\x02\x02\x70", "it knows no 'web.test'"),
        (b"\x15\x03\x03\x00\x02\x02\x50", "alert 'internal error'"),
    ],
)
def test_a_server_that_does_not_answer_in_kind(loop, authority, words, text):
    assert text in dial(loop, authority, PlainServer(words).port)


def test_a_server_that_does_not_answer_at_all(loop, authority):
    server = PlainServer(b"", linger=True)
    reason = dial(loop, authority, server.port, handshake_timeout=0.01)
    assert "the server sent nothing within 0.01 s" in reason


def test_an_attempt_that_is_cancelled_tells_nothing(loop, authority):
    server = PlainServer(b"", linger=True)
    told = []
    attempt = connect(
        loop.reactor,
        "127.0.0.1",
        server.port,
        Recorder,
        PATIENCE,
        tls=client_tls(loop, verify=False),
        on_connected=told.append,
        on_failed=told.append,
    )
    loop.until(lambda: server._kept, "the connection")
    loop.turns()
    attempt.cancel()
    loop.until(lambda: not loop.reactor.getDelayedCalls(), "all to be over")
    loop.turns()
    assert not told


# -- what else there is to agree on ----------------------------------------------------------------


def test_several_certificates_are_chosen_from_by_the_name_asked_for(loop, authority, identity):
    other = authority.issue("other.test", file="other")
    server = server_tls(loop, identity, by_name=(("other.test", other),))
    for name in ("web.test", "other.test", "OTHER.test"):
        TlsPair(loop, server, client_tls(loop, name, trust=[authority.bundle])).stand()
    pair = TlsPair(loop, server, client_tls(loop, "third.test", trust=[authority.bundle]))
    assert "has web.test" in pair.failure()


def test_a_certificate_for_any_one_label_gives_way_to_that_of_the_very_name(loop, authority):
    wild = authority.issue("*.many.test", file="wild")
    one = authority.issue("one.many.test", file="one")
    server = server_tls(
        loop,
        authority.issue("web.test"),
        by_name=(("*.many.test", wild), ("one.many.test", one)),
    )
    serials = set()
    for name in ("one.many.test", "two.many.test", "web.test"):
        pair = TlsPair(loop, server, client_tls(loop, name, trust=[authority.bundle])).stand()
        serials.add(pair.client.transport.getPeerCertificate().serial_number)
    assert len(serials) == 3
    pair = TlsPair(loop, server, client_tls(loop, "a.b.many.test", trust=[authority.bundle]))
    assert "has web.test" in pair.failure()


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [((b"h2", b"http/1.1"), b"http/1.1"), ((b"h2",), None), ((), None)],
)
def test_alpn_is_agreed_on_where_there_is_one_in_common(loop, identity, offered, agreed):
    server = server_tls(loop, identity, alpn=(b"http/1.1",))
    pair = TlsPair(loop, server, client_tls(loop, verify=False, alpn=offered)).stand()
    assert pair.client.transport.negotiatedProtocol == agreed
    assert pair.server.transport.negotiatedProtocol == agreed


def test_intermediates_in_a_file_of_their_own_are_sent(loop, authority, tmp_path):
    child = authority.child("between")
    identity = child.issue("web.test")
    pems = Path(identity.cert_path).read_bytes().split(b"-----END CERTIFICATE-----\n")
    alone, chain = tmp_path / "leaf.pem", tmp_path / "chain.pem"
    alone.write_bytes(pems[0] + b"-----END CERTIFICATE-----\n")
    chain.write_bytes(b"".join(pem + b"-----END CERTIFICATE-----\n" for pem in pems[1:-1]))
    kind = type(identity)
    client = client_tls(loop, "web.test", trust=[authority.bundle])
    with_chain = kind(str(alone), identity.key_path, (str(chain),))
    TlsPair(loop, server_tls(loop, with_chain), client).stand()
    without = TlsPair(loop, server_tls(loop, kind(str(alone), identity.key_path)), client)
    without.client_tls = client_tls(loop, "web.test", trust=[authority.bundle])
    without.dial()
    assert "intermediateCertsPath" in without.failure()


@pytest.mark.parametrize("versions", VERSIONS)
def test_a_second_connection_resumes_the_session_of_the_first(loop, authority, identity, versions):
    """A resumed handshake sends no certificate: it is less than half as long."""
    client = client_tls(loop, "web.test", trust=[authority.bundle], versions=versions)
    pair = TlsPair(loop, server_tls(loop, identity), client).stand()
    sizes = []
    for end in ("loseConnection", "abortConnection", "loseConnection"):
        pair.server.transport.write(b"hello")
        loop.until(lambda: pair.client.data, "the words")
        sizes.append(pair.server.transport._out)
        getattr(pair.client.transport, end)()
        loop.until(lambda: pair.client.lost, "the end")
        pair.dial()
        pair.server = None
        pair.stand()
    assert max(sizes[1:]) < sizes[0] / 1.5


def test_failures_are_counted_by_cause(loop, authority, identity):
    server = server_tls(loop, identity)
    pair = TlsPair(loop, server, client_tls(loop, verify=False)).stand()
    for words in (b"", *[b"x"] * 5):
        with socket.create_connection(("127.0.0.1", pair.number)) as peer:
            peer.sendall(words)
    wanted = {"failures/not_tls": 5, "failures/silent": 1}
    loop.until(lambda: counts(server.handshakes._metrics) == wanted, "all failures")
    assert len(server.handshakes.listed) == 1  # for they are of one peer


def test_metrics_tell_when_certificates_expire_and_what_is_not_validated(authority):
    clock, metrics = Clock(), Metrics()
    identity = authority.issue("web.test", not_after=NOW + 30 * DAY)
    server = ServerTls(clock, TlsServing(identity), Handshakes(metrics, clock))
    live = LiveTls(clock, TlsCalling(verify=False), make_calling, verify)
    Target(live, None).tls(metrics.scope("client"), clock)
    found = gauges(metrics)
    assert 29 * DAY.total_seconds() < found["tls/certificate_seconds_left"]
    assert found["tls/certificate_seconds_left"] <= 30 * DAY.total_seconds()
    assert found["client/tls/validation_disabled"] == 1
    assert "client/tls/certificate_seconds_left" not in found
    server.close()
    live.close()
    assert not gauges(metrics)["tls/certificate_seconds_left"]


def gauges(metrics):
    return {"/".join(names): m.value for names, m in metrics.walk() if isinstance(m, Gauge)}
