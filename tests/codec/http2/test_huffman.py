"""The string code of HPACK, against the reference implementation."""

import pytest
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.codec.http2 import huffman
from linkerpy.codec.http2.errors import CompressionFailure

encode = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH).encode


@given(st.binary())
def test_what_was_encoded_is_decoded(data):
    assert huffman.decode(encode(data)) == data


def test_every_byte_has_its_code():
    assert huffman.decode(encode(bytes(range(256)))) == bytes(range(256))


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xff\xff\xff",  # EOS
        b"\xff",  # eight bits of padding
        b"\x1f\xff",  # `a` and eleven bits of padding
        b"\x18",  # `a` padded with zeros
        b"\xfe",  # the beginning of a longer code
    ],
)
def test_padding_is_less_than_a_byte_of_ones(data):
    with pytest.raises(CompressionFailure):
        huffman.decode(data)


def test_the_tables_are_bounded_whatever_is_sent():
    for byte in range(256):
        for other in range(256):
            try:
                huffman.decode(bytes((byte, other, byte, other)))
            except CompressionFailure:
                continue
    assert len(huffman._rows) <= 256
