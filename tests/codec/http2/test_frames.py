"""The frame layer: what is written is read, however it is cut; sizes hold."""

import pytest
from hyperframe import frame as reference
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.codec.http2 import frames
from linkerpy.codec.http2.errors import ConnectionFailure, ErrorCode
from tests.codec.http1_support import pieces


def reader(max_frame=16_384):
    seen = []

    def taker(kind):
        return lambda flags, stream, data, start, stop: seen.append(
            (kind, flags, stream, data[start:stop])
        )

    return frames.FrameReader([taker(kind) for kind in range(frames.KINDS + 1)], max_frame), seen


some_frames = st.lists(
    st.tuples(
        st.integers(0, 12), st.integers(0, 255), st.integers(0, 2**31 - 1), st.binary(max_size=30)
    ),
    max_size=6,
)


@given(some_frames, st.lists(st.integers(0, 500), max_size=8))
def test_frames_are_the_same_however_they_are_cut(sent, cuts):
    data = b"".join(
        frames.head(len(payload), kind, flags, stream) + payload
        for kind, flags, stream, payload in sent
    )
    whole, seen = reader()
    for piece in pieces(data, cuts):
        whole.feed(piece)
    assert seen == [(min(kind, frames.KINDS), *rest) for kind, *rest in sent]


def test_the_reserved_bit_of_a_stream_means_nothing():
    one, seen = reader()
    one.feed(b"\x00\x00\x00\x00\x00\x80\x00\x00\x05")
    assert seen[0][2] == 5


def test_a_frame_too_large_is_refused_by_its_head_alone():
    one, _ = reader(16_384)
    with pytest.raises(ConnectionFailure) as failed:
        one.feed(frames.head(16_385, frames.DATA, 0, 1))
    assert failed.value.code == ErrorCode.FRAME_SIZE_ERROR


def test_a_large_frame_in_small_pieces_is_joined_once():
    one, seen = reader(1 << 20)
    frame = frames.head(1 << 20, frames.DATA, 0, 1) + bytes(1 << 20)
    for at in range(0, len(frame), 1000):
        assert not seen
        one.feed(frame[at : at + 1000])
        assert len(one._pieces) <= at // 1000 + 1
    assert len(seen[0][3]) == 1 << 20


def parsed(data):
    one, length = reference.Frame.parse_frame_header(memoryview(data[:9]))
    one.parse_body(memoryview(data[9 : 9 + length]))
    assert len(data) == 9 + length
    return one


def test_the_reference_reads_what_is_written():
    assert parsed(frames.settings([(3, 100), (4, 5)])).settings == {3: 100, 4: 5}
    assert "ACK" in parsed(frames.SETTINGS_ACK).flags
    assert parsed(frames.ping(b"12345678", ack=True)).opaque_data == b"12345678"
    assert parsed(frames.rst_stream(7, 8)).error_code == 8
    away = parsed(frames.goaway(9, 11, b"why"))
    assert (away.last_stream_id, away.error_code, away.additional_data) == (9, 11, b"why")
    assert parsed(frames.window_update(3, 77)).window_increment == 77


@pytest.mark.parametrize("size", [0, 1, 16_384, 16_385, 32_768, 40_000])
def test_a_block_too_large_for_a_frame_is_continued(size):
    block = bytes(size % 251 for size in range(size))
    one, seen = reader()
    one.feed(b"".join(frames.header_frames(block, 5, 16_384, end=True)))
    assert b"".join(payload for *_, payload in seen) == block
    assert [kind for kind, *_ in seen] == [frames.HEADERS] + [frames.CONTINUATION] * (len(seen) - 1)
    assert seen[0][1] & frames.END_STREAM
    assert [bool(flags & frames.END_HEADERS) for _, flags, *_ in seen] == [
        *[False] * (len(seen) - 1),
        True,
    ]


def test_payloads_are_read_back():
    data = frames.settings([(1, 2), (0xFFFF, 2**32 - 1)])
    assert frames.read_settings(data, 9, len(data)) == [(1, 2), (0xFFFF, 2**32 - 1)]
    data = frames.goaway(3, 2, b"bye")
    assert frames.read_goaway(data, 9, len(data)) == (3, 2, b"bye")
    assert frames.read_word(b"\0\0\0\0\1", 1) == 1


@pytest.mark.parametrize(
    ("payload", "place"),
    [(b"\0ab", (1, 3)), (b"\2abcd", (1, 3)), (b"\2\0\0", (1, 1))],
)
def test_padding_is_left_out(payload, place):
    assert frames.unpadded(payload, 0, len(payload)) == place


@pytest.mark.parametrize(
    ("payload", "code"),
    [(b"", ErrorCode.FRAME_SIZE_ERROR), (b"\1", ErrorCode.PROTOCOL_ERROR)],
)
def test_padding_must_fit(payload, code):
    with pytest.raises(ConnectionFailure) as failed:
        frames.unpadded(payload, 0, len(payload))
    assert failed.value.code == code
