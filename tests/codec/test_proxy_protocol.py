"""PROXY headers: read as they come, refused where they are none, made as they are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.codec.proxy_protocol import (
    MOST,
    BadProxyHeader,
    make_v1,
    make_v2,
    read_proxy_header,
)

SIGNATURE = bytes.fromhex("0d0a0d0a000d0a515549540a")
FOUR = "c0000201c0000202303901bb"
SIX = "20010db800000000000000000000000120010db8000000000000000000000002303901bb"

GOOD = [
    (
        b"PROXY TCP4 192.0.2.1 192.0.2.2 12345 443\r\n",
        ("192.0.2.1", 12345),
        ("192.0.2.2", 443),
    ),
    (
        b"PROXY TCP6 2001:DB8::1 2001:db8::2 1 65535\r\n",
        ("2001:db8::1", 1),
        ("2001:db8::2", 65535),
    ),
    (b"PROXY UNKNOWN\r\n", None, None),
    (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", None, None),
    (
        SIGNATURE + bytes.fromhex("21 11 000c" + FOUR),
        ("192.0.2.1", 12345),
        ("192.0.2.2", 443),
    ),
    (
        SIGNATURE + bytes.fromhex("21 21 0024" + SIX),
        ("2001:db8::1", 12345),
        ("2001:db8::2", 443),
    ),
    # extensions follow the addresses
    (
        SIGNATURE + bytes.fromhex("21 11 0013" + FOUR + "02 0004 61626364"),
        ("192.0.2.1", 12345),
        ("192.0.2.2", 443),
    ),
    (SIGNATURE + bytes.fromhex("20 00 0000"), None, None),  # LOCAL
    (SIGNATURE + bytes.fromhex("20 11 000c" + FOUR), None, None),  # LOCAL: addresses do not count
    (SIGNATURE + bytes.fromhex("21 00 0003 010203"), None, None),  # a family we do not know
    (SIGNATURE + bytes.fromhex("21 12 000c" + FOUR), None, None),  # datagrams
]

BAD = [
    (b"GET / HTTP/1.1\r\n", "does not begin"),
    (b"PROXYTCP4", "does not begin"),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 12345\r\n", "not a PROXY header"),
    (b"PROXY TCP4 192.0.2.1  192.0.2.2 1 2\r\n", "not a PROXY header"),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n", "not a PROXY header"),
    (b"PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n", "not a PROXY header"),
    (b"PROXY TCP4 192.0.2.999 192.0.2.2 1 2\r\n", "not an IP address"),
    (b"PROXY TCP4 ::1 ::2 1 2\r\n", "do not agree"),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n", "do not agree"),
    (b"PROXY UNKNOWN" + b" " * 100, "no end of line"),
    (SIGNATURE + bytes.fromhex("11 11 000c" + FOUR), "version"),
    (SIGNATURE + bytes.fromhex("22 11 000c" + FOUR), "command"),
    (SIGNATURE + bytes.fromhex("21 11 0004 00000000"), "no two addresses"),
    (SIGNATURE + bytes.fromhex("21 11 ffff"), f"{MOST} are allowed"),
]


@pytest.mark.parametrize(("data", "source", "destination"), GOOD)
def test_a_header_is_read_and_what_follows_is_left(data, source, destination):
    header = read_proxy_header(data + b"\x16\x03 what follows\r\n")
    assert (header.source, header.destination, header.size) == (source, destination, len(data))


@pytest.mark.parametrize(("data", "source", "destination"), GOOD)
def test_a_header_that_is_not_whole_asks_for_more(data, source, destination):
    assert all(read_proxy_header(data[:size]) is None for size in range(len(data)))


@pytest.mark.parametrize(("data", "why"), BAD)
def test_what_is_no_header_is_refused_with_the_reason(data, why):
    with pytest.raises(BadProxyHeader, match=why):
        read_proxy_header(data)


ports = st.integers(0, 65535)
v4, v6 = st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str)
ends = st.one_of(
    st.tuples(st.tuples(v4, ports), st.tuples(v4, ports)),
    st.tuples(st.tuples(v6, ports), st.tuples(v6, ports)),
)


@pytest.mark.parametrize("make", [make_v1, make_v2])
@given(ends=ends)
def test_what_is_made_is_read_back(make, ends):
    header = read_proxy_header(make(*ends))
    assert (header.source, header.destination) == ends


@pytest.mark.parametrize("make", [make_v1, make_v2])
def test_a_connection_without_a_story_says_so(make):
    made = make(None, None)
    assert read_proxy_header(made).source is None
    assert read_proxy_header(made).size == len(made)


@pytest.mark.parametrize("make", [make_v1, make_v2])
def test_ends_of_two_families_are_told_in_the_larger(make):
    header = read_proxy_header(make(("192.0.2.1", 1), ("2001:db8::2", 2)))
    assert header.source in (("::ffff:c000:201", 1), ("::ffff:192.0.2.1", 1))
    assert header.destination == ("2001:db8::2", 2)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail_in_another_way(data):
    try:
        header = read_proxy_header(data)
    except BadProxyHeader:
        return
    assert header is None or header.size <= len(data)
