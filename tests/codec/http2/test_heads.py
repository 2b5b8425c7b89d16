"""Header blocks that come again cost nothing, and mean what they meant or are read anew."""

import hpack as reference
import pytest
from hpack.struct import NeverIndexedHeaderTuple
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.codec.http2 import hpack_encode as hpack
from linkerpy.codec.http2.errors import CompressionFailure, HeadTooLarge, Malformed
from linkerpy.codec.http2.heads import MAX_REMEMBERED, HeadReader
from linkerpy.codec.http2.hpack_decode import Decoder
from linkerpy.codec.http2.hpack_tables import Sensitive
from tests.codec.http2.ends import GET, OK


def reader(limit=65_536):
    return HeadReader(Decoder(), limit)


def test_a_block_that_comes_again_gives_the_same_fields():
    heads = reader()
    block = hpack.fields([*GET, (b"a", b"b")])
    assert heads.request(block)[2] is heads.request(block)[2]


def test_another_path_shares_the_fields():
    heads = reader()
    one, other = (
        heads.request(hpack.fields([*GET[:2], (b":path", path), GET[3], (b"a", b"b")]))
        for path in (b"/1", b"/2")
    )
    assert (one[1], other[1]) == (b"/1", b"/2")
    assert one[2] is other[2]


def test_a_changed_table_changes_what_a_block_means():
    heads = reader()
    refers = hpack.fields(GET) + b"\xbe"
    heads.trailers(b"\x40\x01a\x01b")
    assert heads.request(refers)[2].names[b"a"] == b"b"
    assert heads.request(refers)[2].names[b"a"] == b"b"
    heads.trailers(b"\x40\x01a\x01c")
    assert heads.request(refers)[2].names[b"a"] == b"c"


def test_a_block_that_changes_the_table_is_read_each_time():
    heads = reader()
    inserts = hpack.fields(OK) + b"\x40\x01a\x01b"
    heads.response(inserts)
    heads.response(inserts)
    assert heads._decoder.size == 2 * (1 + 1 + 32)


def test_a_skipped_block_changes_the_table():
    heads = reader()
    heads.skip(b"\x40\x01a\x01b")
    assert heads.trailers(b"\xbe") == ((b"a", b"b"),)
    with pytest.raises(CompressionFailure):
        heads.skip(b"\xff\xff")


def test_secrets_are_not_remembered_and_stay_secret():
    heads = reader()
    block = hpack.fields([*GET, Sensitive((b"x-key", b"s3cret"))])
    first, again = heads.request(block)[2], heads.request(block)[2]
    assert first is not again
    assert first.pairs[-1].__class__ is Sensitive
    assert not heads._heads
    plain = hpack.fields([*GET, (b"x-key", b"s3cret")])
    assert heads.request(plain)[2].pairs[-1].__class__ is tuple


def test_a_cookie_of_crumbs_is_as_secret_as_its_crumbs():
    block = hpack.fields(GET) + b"\x1f\x11\x01a" + b"\x0f\x11\x01b"
    fields = reader().request(block)[2]
    assert fields.pairs[-1] == (b"cookie", b"a; b")
    assert fields.pairs[-1].__class__ is Sensitive


def test_memory_is_bounded():
    heads = reader()
    for count in range(2 * MAX_REMEMBERED):
        heads.response(hpack.fields([*OK, (b"a", b"%d" % count)]))
        heads.trailers(hpack.fields([(b"a", b"%d" % count)]))
    assert len(heads._heads) == len(heads._trailers) == MAX_REMEMBERED
    heads.response(hpack.fields([*OK, (b"a", b"x" * 4000)]))
    assert max(map(len, heads._heads)) < 100


def test_what_is_wrong_is_wrong_again():
    heads = reader()
    for _ in range(2):
        with pytest.raises(Malformed):
            heads.request(hpack.fields(OK))
        with pytest.raises(Malformed):
            heads.trailers(hpack.fields([(b"a", b"\n")]))


def test_a_list_has_a_largest_size():
    fields = [(b":status", b"200"), (b"a", b"x" * 20)]
    size = sum(len(name) + len(value) + 32 for name, value in fields)
    assert reader(size).response(hpack.fields(fields))[0] == 200
    with pytest.raises(HeadTooLarge):
        reader(size - 1).response(hpack.fields(fields))


names = st.sampled_from([b"x-a", b"x-b", b"accept", b"cookie"])
values = st.sampled_from([b"", b"1", b"2", b"text/html", b"x" * 50])
header = st.tuples(names, values, st.booleans())


@given(st.lists(st.tuples(st.integers(0, 3), st.lists(header, max_size=4)), max_size=30))
def test_remembered_or_not_a_block_means_what_the_reference_encoded(sent):
    encoder, heads = reference.Encoder(), reader()
    for path, more in sent:
        pairs = [*GET[:2], (b":path", b"/%d" % path), GET[3]]
        headers = [reference.HeaderTuple(*pair) for pair in pairs]
        for name, value, never in more:
            kind = NeverIndexedHeaderTuple if never else reference.HeaderTuple
            headers.append(kind(name, value))
        _, uri, fields, *_ = heads.request(encoder.encode(headers))
        crumbs = [value for name, value, _ in more if name == b"cookie"]
        wanted = [(name, value) for name, value, _ in more if name != b"cookie"]
        assert uri == b"/%d" % path
        assert [pair for pair in fields.pairs if pair[0] not in (b"host", b"cookie")] == wanted
        assert fields.names.get(b"cookie") == (b"; ".join(crumbs) if crumbs else None)
