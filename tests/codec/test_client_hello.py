"""ClientHello: the name that is asked for, in whatever pieces it comes; bounded."""

import ssl
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.codec.client_hello import MOST, NotClientHello, read_client_hello


def real(name=None, alpn=()):
    """What OpenSSL sends."""
    context = ssl.create_default_context()
    context.check_hostname = False
    if alpn:
        context.set_alpn_protocols(list(alpn))
    out = ssl.MemoryBIO()
    tls = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return out.read()


def extension(kind, content):
    return struct.pack("!HH", kind, len(content)) + content


def sni(*names):
    listed = b"".join(struct.pack("!BH", kind, len(name)) + name for kind, name in names)
    return extension(0, struct.pack("!H", len(listed)) + listed)


def hello(extensions=b"", *, session=b"", record=16384):
    """A ClientHello made by hand, in records of that size."""
    body = b"\x03\x03" + bytes(32) + bytes([len(session)]) + session
    body += b"\x00\x02\x13\x01" + b"\x01\x00"
    if extensions is not None:
        body += struct.pack("!H", len(extensions)) + extensions
    message = b"\x01" + len(body).to_bytes(3) + body
    pieces = [message[at : at + record] for at in range(0, len(message), record)]
    return b"".join(b"\x16\x03\x01" + struct.pack("!H", len(piece)) + piece for piece in pieces)


@pytest.mark.parametrize("name", ["example.com", "a.b-c.d_e.example", "localhost"])
def test_the_name_that_openssl_asks_for(name):
    assert read_client_hello(real(name)).server_name == name


def test_no_name_where_none_is_asked_for():
    assert read_client_hello(real()).server_name is None
    assert read_client_hello(hello()).server_name is None
    assert read_client_hello(hello(None)).server_name is None


def test_protocols_in_the_clients_order():
    assert read_client_hello(real("x.test", ["h2", "http/1.1"])).alpn == (b"h2", b"http/1.1")
    assert read_client_hello(real("x.test")).alpn == ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"EXAMPLE.com", "example.com"),
        (b"example.com.", "example.com"),
        (b"", None),
        (b"../../etc", None),
        (b"a b", None),
        (b"-a.test", None),
        (b"a\0.test", None),
        (b"{sni}", None),
        ("bücher.test".encode(), None),
        (b"a" * 255, None),
    ],
)
def test_names_are_taken_as_host_names_or_not_at_all(name, expected):
    assert read_client_hello(hello(sni((0, name)))).server_name == expected


def test_names_of_other_kinds_are_passed_over():
    assert read_client_hello(hello(sni((7, b"?"), (0, b"a.test")))).server_name == "a.test"


@pytest.mark.parametrize("record", [1, 3, 5, 50, 16384])
def test_a_hello_in_many_records_is_put_together(record):
    assert read_client_hello(hello(sni((0, b"a.test")), record=record)).server_name == "a.test"


def test_a_hello_that_is_not_whole_asks_for_more():
    data = real("example.com")
    assert all(read_client_hello(data[:size]) is None for size in range(len(data)))
    assert read_client_hello(data + b"and what follows").server_name == "example.com"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"GET / HTTP/1.1", "does not begin"),
        (b"\x16\x02\x01\x00\x05", "does not go on"),
        (b"\x16\x03\x01\x00\x00", "of 0 bytes"),
        (b"\x16\x03\x01\xff\xff", "of 65535 bytes"),
        (b"\x16\x03\x01\x00\x01\x02", "no ClientHello"),
        (b"\x16\x03\x01\x00\x04\x01\xff\xff\xff", f"of more than {MOST}"),
        (hello(b"\x00\x00\x00\xff"), "malformed"),
        (hello(extension(0, b"\x00\x09\x00")), "malformed"),
        (hello(session=b"x")[:-8] + b"\xff" * 8, "malformed"),
        (hello(sni((0, b"a.test"))).replace(b"\x16\x03\x01", b"\x17\x03\x03"), "does not begin"),
    ],
)
def test_what_is_no_hello_is_refused_with_the_reason(data, why):
    with pytest.raises(NotClientHello, match=why):
        read_client_hello(data)


def test_a_hello_without_end_is_refused_in_bounded_memory():
    head = b"\x16\x03\x01\x40\x00"
    endless = head + b"\x01\x00\x7f\xff" + bytes(16380) + (head + bytes(16384)) * 3
    with pytest.raises(NotClientHello):
        read_client_hello(endless)


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_fail_in_another_way(data):
    for given_ in (data, b"\x16\x03\x01" + data, hello()[:60] + data, hello(data)):
        try:
            read_client_hello(given_)
        except NotClientHello:
            continue
