import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.codec.body import EMPTY, HIGH_WATER, Body, Stream
from tests.codec.http1_support import Gather


def a_stream(log, length=None):
    return Stream(
        length, lambda: log.append("pause"), lambda: log.append("resume"), log.append
    )  # fmt: skip


STEPS = st.lists(
    st.one_of(
        st.binary(min_size=1, max_size=5),
        st.integers(min_value=HIGH_WATER // 2, max_value=HIGH_WATER + 1).map(bytes),
        st.sampled_from(["pause", "resume", "connect"]),
    ),
    max_size=25,
)


@given(STEPS, st.sampled_from(["end", "fail", "cancel"]))
def test_order_is_kept_the_end_comes_once_and_what_is_kept_is_bounded(steps, finish):
    log, sink, ends = [], Gather(), []
    body = a_stream(log)
    body.on_end(ends.append)
    sent, connected = [], False
    for step in steps:
        if isinstance(step, bytes):
            if log and log[-1] == "pause":
                continue  # a producer that was told to stop stops
            body.write(step)
            sent.append(step)
            assert body._kept_size <= 2 * HIGH_WATER + 1
        elif step == "connect":
            if not connected:
                connected = True
                body.connect(sink)
        else:
            getattr(body, step)()
    error = OSError("x")
    body.end() if finish == "end" else getattr(body, finish)(error)
    body.end()
    body.fail(OSError("too late"))
    body.cancel(OSError("too late")) if finish == "cancel" else None
    body.resume()
    if not connected and finish != "cancel":
        body.connect(sink)
    assert ends == [None if finish == "end" else error]
    if finish == "end":
        assert b"".join(sink.chunks) == b"".join(sent)
        assert sink.ends == 1
    else:
        assert sink.chunks == sent[: len(sink.chunks)]
        assert sink.error is (error if finish == "fail" else None)
    assert log.count("pause") - log.count("resume") in (0, 1)
    assert (error in log) == (finish == "cancel")


def test_the_producer_stops_above_the_high_water_mark_and_starts_when_drained():
    log = []
    body = a_stream(log)
    body.write(bytes(HIGH_WATER))
    assert log == []
    body.write(b"x")
    assert log == ["pause"]
    sink = Gather()
    body.connect(sink)
    assert log == ["pause", "resume"]
    assert [len(c) for c in sink.chunks] == [HIGH_WATER, 1]


def test_a_sink_that_pauses_within_a_chunk_gets_no_more_until_it_resumes():
    body = Stream()

    class OneByOne(Gather):
        def chunk(self, data):
            super().chunk(data)
            body.pause()

    sink = OneByOne()
    for data in (b"a", b"b", b"c"):
        body.write(data)
    body.connect(sink)
    body.end()
    assert sink.chunks == [b"a"]
    body.resume()
    assert (sink.chunks, sink.ends) == ([b"a", b"b"], 0)
    body.resume()
    body.resume()
    assert (sink.chunks, sink.ends) == ([b"a", b"b", b"c"], 1)


def test_a_producer_that_writes_while_it_is_resumed_does_not_overtake():
    body = Stream(on_resume=lambda: body.write(b"last"))
    body.write(bytes(HIGH_WATER + 1))
    sink = Gather()
    body.connect(sink)
    assert sink.chunks[-1] == b"last"


def test_cancel_tells_the_producer_once_releases_it_and_drops_what_follows():
    log = []
    body = a_stream(log)
    body.write(bytes(HIGH_WATER + 1))
    error = ConnectionError()
    body.cancel(error)
    body.cancel(ConnectionError())
    body.write(b"late")
    assert log == ["pause", "resume", error]
    assert body.error is error


def test_cancel_within_a_chunk_silences_the_sink():
    body = Stream()

    class Leaves(Gather):
        def chunk(self, data):
            super().chunk(data)
            body.cancel(OSError())

    sink = Leaves()
    body.write(b"a")
    body.write(b"b")
    body.connect(sink)
    assert (sink.chunks, sink.ends) == ([b"a"], 0)


def test_a_body_that_has_all_arrived_is_complete_and_can_be_sent_again():
    body = Stream()
    body.write(b"ab")
    body.write(b"cd")
    with pytest.raises(ValueError, match="only once all"):
        _ = body.data
    body.end([(b"T", b"v")])
    assert body.complete
    for _ in range(2):
        sink = Gather()
        body.connect(sink)
        assert (b"".join(sink.chunks), sink.trailers) == (b"abcd", [(b"T", b"v")])
        body.cancel(OSError())
    assert body.data == b"abcd"


def test_a_stream_has_one_consumer():
    body = Stream()
    body.connect(Gather())
    with pytest.raises(ValueError, match="consumer already"):
        body.connect(Gather())


def test_a_body_that_was_handed_on_is_not_complete():
    body = Stream()
    body.connect(Gather())
    body.write(b"a")
    body.end()
    assert not body.complete


def test_writing_after_the_end_is_a_mistake_of_the_producer():
    body = Stream()
    body.end()
    with pytest.raises(ValueError, match="over already"):
        body.write(b"a")


@pytest.mark.parametrize("body", [EMPTY, Body(b"abc")])
def test_a_body_complete_from_the_start_gives_all_at_once(body):
    ends, sink = [], Gather()
    body.on_end(ends.append)
    body.pause()
    body.connect(sink)
    body.cancel(OSError())
    body.resume()
    assert (b"".join(sink.chunks), sink.ends, ends) == (body.data, 1, [None])
    assert body.length == len(body.data)


def test_failure_reaches_a_late_sink():
    body = Stream()
    body.write(b"a")
    error = OSError()
    body.fail(error)
    sink = Gather()
    body.connect(sink)
    assert (sink.chunks, sink.error) == ([], error)
    assert not body.complete
