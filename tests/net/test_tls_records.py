"""Both ways to ask OpenSSL give the same."""

import contextlib

import pytest
from OpenSSL import SSL

from linkerpy.net import tls_records
from linkerpy.net.tls_context import TlsCalling, TlsServing, make_calling, make_serving
from linkerpy.net.tls_records import RECORD, Documented, Straight
from tests.support.certs import Authority


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca")).issue("web.test")


@pytest.fixture(params=[Documented, Straight])
def ends(request, identity):
    """A client's and a server's records, after the handshake, and their connections."""
    calling = make_calling(TlsCalling(verify=False), None)
    serving = make_serving(TlsServing(identity), None)
    client, server = (SSL.Connection(made.context, None) for made in (calling, serving))
    client.set_connect_state()
    server.set_accept_state()
    for speaker, hearer in [(client, server), (server, client)] * 3:
        with contextlib.suppress(SSL.WantReadError):
            speaker.do_handshake()
        with contextlib.suppress(SSL.WantReadError):
            hearer.bio_write(speaker.bio_read(RECORD))
    return request.param(client), request.param(server), client, server


def test_ours_knows_pyopenssls_handles():
    assert tls_records.records is Straight


def test_what_was_sealed_is_opened_record_by_record(ends):
    client, server, *_ = ends
    data = bytes(range(256)) * 256  # four records
    server.take(client.seal(data, 1 << 17))
    assert server.open(1) == (data[:RECORD], None)
    assert server.open(3) == (data[RECORD:], None)
    nothing, why = server.open(1)
    assert nothing == b""
    assert isinstance(why, SSL.WantReadError)


def test_more_than_there_is_room_for_is_opened_whole(ends):
    client, server, *_ = ends
    data = b"0123456789abcdef" * (RECORD // 16) * 40
    for start in range(0, len(data), 8 * RECORD):
        server.take(client.seal(data[start : start + 8 * RECORD], 1 << 18))
    assert server.open(40) == (data, None)


def test_what_there_is_no_room_for_stays_to_be_sent(ends):
    client, server, connection, _ = ends
    sealed = client.seal(b"hello", 10)
    assert len(sealed) == 10
    server.take(sealed + connection.bio_read(100))
    assert server.open(1) == (b"hello", None)


def test_what_came_before_an_end_is_given_with_it(ends):
    client, server, connection, _ = ends
    sealed = client.seal(b"bye", 1000)
    connection.shutdown()
    server.take(sealed + connection.bio_read(1000))
    data, why = server.open(2)
    assert data == b"bye"
    assert isinstance(why, SSL.ZeroReturnError)


def test_a_record_that_was_tampered_with_is_an_error_once(ends):
    client, server, *_ = ends
    sealed = bytearray(client.seal(b"hello", 1000))
    sealed[-1] ^= 1
    server.take(bytes(sealed))
    data, why = server.open(1)
    assert data == b""
    assert type(why) is SSL.Error
    assert "bad record mac" in str(why)
    with pytest.raises(SSL.Error):
        server.seal(b"more", 1000)
