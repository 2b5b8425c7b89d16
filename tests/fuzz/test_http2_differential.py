"""Random frames, whole and damaged, against hyper-h2: the same events, the same error codes.

Both get the same frames, one at a time, and the same answers to send. They must tell the same of
each frame, until one of them ends the connection. What we do otherwise, deliberately, is in
`agree`, each with its reason.
"""

import re

import hpack as reference
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from linkerpy.codec.http2 import frames
from tests.fuzz.http2_ends import GOOD_REQUEST, Ours, Theirs

CONTENT_LENGTH = (b"content-length", b"3")
EXTRAS = st.lists(
    st.sampled_from(
        [(b"a", b"b"), (b"cookie", b"x"), (b"cookie", b"y"), (b"te", b"trailers"), CONTENT_LENGTH]
    ),
    max_size=3,
    unique=True,
)
FAULTY = st.sampled_from(
    [
        (b"Upper", b"x"),
        (b"connection", b"close"),
        (b"te", b"gzip"),
        (b":path", b"/"),
        (b":status", b"200"),
        (b":unknown", b""),
        (b"a", b" b"),
        (b"transfer-encoding", b"chunked"),
        (b"", b"x"),
        (b"host", b"other"),
        (b"content-length", b"x"),
    ]
)


def blocks(good):
    heads = st.builds(lambda extras: [*good, *extras], EXTRAS)
    faulty = st.builds(lambda head, bad: [*head, bad], heads, FAULTY)
    missing = st.integers(0, len(good) - 1).map(lambda at: good[:at] + good[at + 1 :])
    return heads | heads | heads | EXTRAS | faulty | missing


streams = st.sampled_from([1, 1, 1, 3, 3, 3, 5, 5, 5, 1, 3, 5, 7, 7, 9, 2, 0])
codes = st.sampled_from([0, 1, 7, 8, 99])
flags = st.sampled_from([0, 1, 4, 5, 8, 9])
words = st.sampled_from([0, 1, 5, 100, 2**30, 2**31 - 1, 2**31, 2**32 - 1])
increments = st.sampled_from([0, 1, 100, 65_535, 2**30, 2**31 - 1])


def raw(kind, flags, stream, payload):
    return frames.head(len(payload), kind, flags, stream) + payload


@st.composite
def head_frames(draw, good):
    """A step that encodes fields, as one frame or with CONTINUATION."""
    end = draw(st.booleans())
    return ("head", draw(streams), draw(blocks(good)), end, draw(st.integers(0, 2)))


data_frames = st.builds(
    lambda stream, payload, end: raw(frames.DATA, end, stream, payload),
    streams,
    st.sampled_from([b"", b"abc", b"ab", b"x" * 16_384]),
    st.sampled_from([0, 1]),
)
padded_frames = st.builds(
    lambda stream, padding, told: raw(
        frames.DATA, frames.PADDED, stream, bytes([told]) + b"abc" + bytes(padding)
    ),
    streams,
    st.integers(0, 3),
    st.integers(0, 7),
)
setting_frames = st.lists(
    st.tuples(st.sampled_from([1, 2, 3, 4, 5, 8, 99]), words | st.sampled_from([16_384, 65_536])),
    max_size=2,
).map(frames.settings)
small_frames = st.one_of(
    st.builds(frames.rst_stream, streams, codes),
    st.builds(frames.window_update, streams, increments),
    st.builds(lambda ack: frames.ping(b"12345678", ack=ack), st.booleans()),
    st.builds(frames.goaway, st.sampled_from([0, 1, 3, 2**31 - 1]), codes),
    st.builds(
        lambda stream, on: raw(frames.PRIORITY, 0, stream, on.to_bytes(4, "big") + b"\0"),
        streams.filter(bool),
        streams,
    ),
)
damaged_frames = st.builds(
    raw,
    st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 77]),
    flags,
    streams,
    st.binary(max_size=10) | st.just(bytes(8)),
)
frames_of = st.one_of(
    *[data_frames] * 3, padded_frames, setting_frames, *[small_frames] * 2, damaged_frames
).map(lambda data: ("frame", data))
actions = st.tuples(st.sampled_from(["answer", "part", "reset"]), st.sampled_from([1, 3, 5, 7]))


def steps(good):
    return st.lists(st.one_of(*[head_frames(good)] * 3, frames_of, frames_of, actions), max_size=14)


def encoded(encoder, step):
    """The frames of a step: the one encoder sees each block once, in the order of the wire."""
    if step[0] == "frame":
        return [step[1]]
    _, stream, pairs, end, pieces = step
    block = encoder.encode(pairs)
    size = max(1, -(-len(block) // (pieces + 1)))
    parts = frames.header_frames(block, stream, size, end=end)
    return [b"".join(parts)]


STREAM_1, STREAM_5 = ("stream", 1), ("stream", 5)
PROTOCOL, FRAME_SIZE, COMPRESSION = (("connection", code) for code in (1, 6, 9))
ANY = object()

DELIBERATE = [
    # our reason, how it ends with us, how with hyper-h2; and why
    (
        "a header block|a string|an integer|a Huffman|there is no table|a table",
        COMPRESSION,
        PROTOCOL,
    ),
    # RFC 9113, 4.3: a decoding error is COMPRESSION_ERROR
    ("(PRIORITY|RST_STREAM|WINDOW_UPDATE|SETTINGS|PING) of", FRAME_SIZE, PROTOCOL),
    # RFC 9113, 4.2: a wrong size is FRAME_SIZE_ERROR; hyper-h2 looks at flags and streams first
    ("PUSH_PROMISE", PROTOCOL, FRAME_SIZE),
    ("PUSH_PROMISE", PROTOCOL, None),
    # the frame alone is wrong: neither its size nor its block need be looked at
    ("another frame within", PROTOCOL, FRAME_SIZE),
    # as above
    ("RST_STREAM on stream .*, which is not open yet", PROTOCOL, None),
    # RFC 9113, 6.4: PROTOCOL_ERROR; hyper-h2 ignores it
    ("(a setting of|frames of at most)", PROTOCOL, None),
    # hyper-h2 looks at the last value of a setting that comes twice
    ("no body, where", STREAM_1, None),
    # RFC 9113, 8.1.1; hyper-h2 compares lengths only if there is DATA
    ("(DATA|HEADERS) on stream .*, which is closed", ("connection", 5), STREAM_5),
    # a stream that was skipped or has ended; one that was reset agrees
    (None, None, STREAM_5),
    # on a stream that we have reset, frames were under way: no second RST_STREAM
]


def agree(mine, his, reason, data, step):
    """Whether two ends of a frame are the same: True, False, or "apart" for a reason.

    A fault that concerns a stream alone ends the stream with us, the connection with hyper-h2, by
    the same code. Source: RFC 9113, 5.4.2 and 8.1.1.
    """
    (told, how), (_, ended) = mine, his
    if mine == his:
        return True
    if how is not None and ended is not None and how[0] == "stream" and how[1] == ended[1]:
        return "apart"
    for pattern, ours_ends, theirs_ends in DELIBERATE:
        if (how, ended) == (ours_ends, theirs_ends) and (
            reason is None if pattern is None else reason and re.match(pattern, reason)
        ):
            return "apart"
    return "apart" if differs_by_what_was_sent(told, how, ended, data, step) else False


def differs_by_what_was_sent(told, how, ended, data, step):
    kind, payload = data[3], data[9:]
    if kind == frames.GOAWAY and payload[0] >= 0x80:
        return how == ended  # the reserved bit: hyper-h2 takes it for a part of the number
    if kind == frames.WINDOW_UPDATE and ended == PROTOCOL and how is None:
        # the same; or an update by nothing of a stream that is no more, which we ignore
        return payload[0] >= 0x80 or payload == bytes(4)
    if step[0] != "head" or (told and how is not None):
        return False
    names = [name for name, _ in step[2]]
    if how == STREAM_1 and ended is None:
        return step[3] and b"content-length" in names  # as "no body, where", of a request
    # RFC 9113, 8.3.1 lets a request have no :authority, hyper-h2 does not
    return how is None and ended == PROTOCOL and b":authority" not in names


def run(server, sent, methods=()):
    mine, his = Ours(server), Theirs(server)
    mine.end.take()
    hello = (frames.PREFACE if server else b"") + frames.settings([]) + frames.SETTINGS_ACK
    for end in (mine, his):
        assert end.feed(hello)[1] is None
        for method in methods:
            end.open(method)
    encoder = reference.Encoder()
    for step in sent:
        if step[0] in ("answer", "part", "reset"):
            done = mine.act(*step)
            if done is not None:
                his.act(*done)
            continue
        for data in encoded(encoder, step):
            told, how = mine.feed(data)
            wanted, ended = his.feed(data)
            verdict = agree((told, how), (wanted, ended), mine.reason, data, step)
            assert verdict, (told, how, mine.reason, wanted, ended)
            over = how is not None and how[0] == "connection"
            if verdict == "apart" or over or (told and told[-1][0] == "goaway"):
                event(f"ended: {how}")
                return  # behind a GOAWAY hyper-h2 takes nothing, and we let streams end
    event("went on")


fuzzing = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])


@fuzzing
@given(st.sampled_from([(), (1,), (1, 3, 5)]), steps(GOOD_REQUEST))
def test_a_server_takes_frames_as_the_reference_does(begun, sent):
    run(True, [("head", number, GOOD_REQUEST, False, 0) for number in begun] + sent)


@fuzzing
@given(steps([(b":status", b"200")]))
def test_a_client_takes_frames_as_the_reference_does(sent):
    run(False, sent, [b"GET", b"HEAD", b"POST"])
