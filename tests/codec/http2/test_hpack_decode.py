"""The HPACK decoder: the RFC's examples, broken blocks, and the reference in both directions."""

import json
from pathlib import Path

import hpack
import pytest
from hpack.struct import NeverIndexedHeaderTuple
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.codec.http2.errors import CompressionFailure
from linkerpy.codec.http2.hpack_decode import Decoder
from linkerpy.codec.http2.hpack_encode import integer
from linkerpy.codec.http2.hpack_tables import STATIC, Sensitive

VECTORS = Path(__file__).parents[2] / "vectors"


def vectors(name):
    return [json.loads(line) for line in (VECTORS / name).read_text().splitlines()]


@pytest.mark.parametrize(("section", "limit", "blocks"), vectors("hpack_rfc7541.jsonl"))
def test_the_examples_of_the_rfc(section, limit, blocks):
    decoder = Decoder(limit)
    for block, pairs, size in blocks:
        got = decoder.decode(bytes.fromhex(block))
        assert got == [(name.encode(), value.encode()) for name, value in pairs]
        assert decoder.size == size


@pytest.mark.parametrize(("what", "block", "reason"), vectors("hpack_errors.jsonl"))
def test_a_broken_block_is_refused(what, block, reason):
    decoder = Decoder()
    if reason is None:
        assert decoder.decode(bytes.fromhex(block)) == []
        return
    with pytest.raises(CompressionFailure, match=reason):
        decoder.decode(bytes.fromhex(block))


pairs = st.one_of(
    st.sampled_from(STATIC),
    st.tuples(
        st.sampled_from([b"x-a", b"x-b", b"cookie", b"content-type", b"a" * 200]),
        st.binary(max_size=40) | st.binary(min_size=120, max_size=140),
    ),
)
fields = st.tuples(pairs, st.booleans())
blocks = st.lists(
    st.tuples(st.lists(fields, max_size=8), st.booleans(), st.none() | st.integers(0, 400)),
    max_size=8,
)


@given(blocks)
def test_what_the_reference_encodes_is_decoded(sent):
    encoder, decoder = hpack.Encoder(), Decoder()
    for headers, huffman, resize in sent:
        if resize is not None:
            encoder.header_table_size = resize
        wanted = [
            NeverIndexedHeaderTuple(*pair) if never else hpack.HeaderTuple(*pair)
            for pair, never in headers
        ]
        got = decoder.decode(encoder.encode(wanted, huffman=huffman))
        assert got == [tuple(pair) for pair in wanted]
        secret = [type(pair) is Sensitive for pair in got]
        # The reference sends what it finds in a table as an index, even if it should never be.
        assert all(never for (_, never), is_so in zip(headers, secret, strict=True) if is_so)
        assert decoder.sensitive == any(secret)
        assert decoder.size == encoder.header_table._current_size


@given(st.lists(st.binary(max_size=30), max_size=4), blocks)
def test_damaged_blocks_are_refused_as_the_reference_refuses_them(noise, sent):
    encoder, decoder, reference = hpack.Encoder(), Decoder(), hpack.Decoder()
    good = [encoder.encode([pair for pair, _ in headers]) for headers, _, _ in sent]
    for block in [a + b for a, b in zip(good, noise, strict=False)] + noise + good:
        try:
            wanted = reference.decode(block, raw=True)
        except hpack.HPACKError:
            with pytest.raises(CompressionFailure):
                decoder.decode(block)
            return
        refusal, got = refused(decoder, block)
        if refusal is not None:
            assert refusal in OURS_ALONE
            return
        assert got == [tuple(pair) for pair in wanted]


def refused(decoder, block):
    try:
        return None, decoder.decode(block)
    except CompressionFailure as failure:
        return failure.reason, None


OURS_ALONE = (
    # The reference reads integers of any length. Source: RFC 7541, 7.4.
    "an integer of a header block is too long",
    # The reference lets the padding of a Huffman string be as long as it likes.
    "a Huffman string ends within a symbol, or in wrong padding",
    # The reference takes size updates at any place. Source: RFC 7541, 4.2.
    "a table size update behind a field",
)


def test_it_says_when_a_block_changed_the_table():
    decoder = Decoder()
    decoder.decode(b"\x82")
    assert not decoder.changed
    decoder.decode(b"\x40\x01a\x01b")
    assert decoder.changed
    decoder.decode(b"\xbe")
    assert not decoder.changed
    decoder.decode(b"\x20")
    assert decoder.changed
    assert decoder.size == 0


def test_an_entry_too_large_for_the_table_empties_it():
    decoder = Decoder(100)
    decoder.decode(b"\x40\x01a\x01b")
    decoder.decode(b"\x40\x01c" + integer(100, 7) + b"d" * 100)
    assert decoder.size == 0


def test_a_smaller_setting_must_be_followed_by_the_next_block():
    decoder = Decoder(4096)
    decoder.set_limit(100)
    with pytest.raises(CompressionFailure, match="not reduced"):
        decoder.decode(b"\x82")


def test_a_smaller_setting_is_followed_once():
    decoder = Decoder(4096)
    decoder.decode(b"\x40\x01a\x01b" * 10)
    decoder.set_limit(100)
    decoder.decode(integer(100, 5, 0x20) + b"\x82")
    assert decoder.size <= 100
    assert decoder.decode(b"\x82") == [(b":method", b"GET")]


def test_a_bomb_of_references_copies_nothing():
    decoder = Decoder()
    decoder.decode(b"\x40\x01a" + integer(4000, 7) + b"x" * 4000)
    pairs = decoder.decode(b"\xbe" * 16_000)
    assert len({id(pair) for pair in pairs}) == 1
