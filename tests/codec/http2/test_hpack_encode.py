"""The HPACK encoder: what the reference reads is what we were given, whatever came before."""

import hpack
import pytest
from hpack.struct import NeverIndexedHeaderTuple
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.codec.http2 import hpack_encode as encode
from linkerpy.codec.http2.hpack_decode import Decoder
from linkerpy.codec.http2.hpack_tables import STATIC, Sensitive

names = st.sampled_from([name for name, _ in STATIC]) | st.binary(min_size=1, max_size=140)
pairs = st.sampled_from(STATIC) | st.tuples(names, st.binary(max_size=300))


@given(st.lists(pairs, max_size=10))
def test_the_reference_and_we_read_what_was_encoded(sent):
    block = encode.fields(sent)
    reference = hpack.Decoder(max_header_list_size=1 << 20)
    assert [tuple(pair) for pair in reference.decode(block, raw=True)] == sent
    assert Decoder().decode(block) == sent


@given(st.lists(pairs, max_size=10))
def test_no_block_changes_the_peers_table(sent):
    decoder = Decoder()
    decoder.decode(encode.fields(sent))
    assert not decoder.changed
    decoder.decode(encode.EMPTY_TABLE + encode.fields(sent))
    assert (decoder.size, decoder.max_size) == (0, 0)


@pytest.mark.parametrize(
    "pair",
    [
        (b"authorization", b"x" * 50),
        (b"proxy-authorization", b"x"),
        (b"cookie", b"short"),
        Sensitive((b"x-mine", b"v")),
        Sensitive((b"content-type", b"v")),
    ],
)
def test_secrets_leave_never_indexed(pair):
    (got,) = hpack.Decoder().decode(encode.field(pair), raw=True)
    assert isinstance(got, NeverIndexedHeaderTuple)
    assert tuple(got) == tuple(pair)


def test_a_long_cookie_may_be_indexed():
    (got,) = hpack.Decoder().decode(encode.field((b"cookie", b"x" * 20)), raw=True)
    assert not isinstance(got, NeverIndexedHeaderTuple)


@pytest.mark.parametrize(
    ("value", "bits", "octets"),
    [(10, 5, "0a"), (1337, 5, "1f9a0a"), (42, 8, "2a"), (31, 5, "1f00")],
)
def test_integers_are_those_of_the_rfc(value, bits, octets):
    assert encode.integer(value, bits).hex() == octets


def test_common_heads_take_a_byte_a_field():
    assert encode.fields([(b":status", b"200")]) == b"\x88"
    assert encode.fields([(b":method", b"GET"), (b":scheme", b"http")]) == b"\x82\x86"
