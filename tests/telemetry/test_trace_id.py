"""Trace ids and their forms: nothing is lost on the way, and nothing that came in raises."""

from base64 import b64encode
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.telemetry.trace_id import (
    DEBUG,
    KNOWN,
    SAMPLED,
    TraceId,
    b3_id,
    begin,
    from_b3,
    from_linkerd,
    from_traceparent,
    is_sampled,
    sampling_rate,
    to_b3,
    to_linkerd,
    to_traceparent,
)

WORDS = st.integers(0, 2**64 - 1)
IDS = st.integers(1, 2**64 - 1)
SAMPLING = st.sampled_from([0, KNOWN, KNOWN | SAMPLED])
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


@given(st.builds(TraceId, WORDS, WORDS, WORDS, WORDS, WORDS))
def test_linkerds_form_keeps_every_bit(trace):
    assert from_linkerd(to_linkerd(trace)) == trace


@given(st.builds(TraceId, IDS, IDS, IDS, SAMPLING | st.just(DEBUG | KNOWN | SAMPLED), st.just(0)))
def test_b3_keeps_what_it_can_say(trace):
    told = trace if trace.flags else trace._replace(parent=trace.span)
    assert from_b3(to_b3(trace)) == (told, None)


@given(IDS, IDS, WORDS, st.booleans())
def test_traceparent_keeps_what_it_can_say(span, low, high, sampled):
    trace = TraceId(span, span, low, 0, high).decided(sampled)
    assert from_traceparent(to_traceparent(trace)) == trace


@given(st.binary(max_size=80))
def test_no_header_raises(value):
    for read in (from_linkerd, from_b3, from_traceparent, b3_id, sampling_rate):
        read(value)


def test_linkerds_form_is_big_endian_words_in_base64():
    trace = TraceId(1, 2, 3, KNOWN | SAMPLED)
    assert to_linkerd(trace) == b64encode(pack(">QQQQ", 1, 2, 3, 6))
    assert to_linkerd(trace._replace(high=4)) == b64encode(pack(">QQQQQ", 1, 2, 3, 6, 4))


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"x",
        b64encode(bytes(31)),
        b64encode(bytes(33)),
        b64encode(bytes(24)),
        b64encode(bytes(48)),
        b64encode(bytes(32)).rstrip(b"="),
        b64encode(bytes(32)) + b"\n",
        b" " + b64encode(bytes(32)),
        b"\xff" * 44,
    ],
)
def test_what_is_not_linkerds_form_is_no_id(value):
    assert from_linkerd(value) is None


@pytest.mark.parametrize(
    ("flags", "sampled"),
    [
        (0, None),
        (KNOWN, False),
        (KNOWN | SAMPLED, True),
        (SAMPLED, None),
        (DEBUG, True),
        (DEBUG | KNOWN, True),
    ],
)
def test_flags_say_whether_a_trace_is_sampled(flags, sampled):
    assert TraceId(1, 1, 1, flags).sampled is sampled


@given(st.builds(TraceId, WORDS, WORDS, WORDS, SAMPLING, WORDS), WORDS, st.booleans())
def test_a_child_is_of_the_same_trace_below_its_parent(trace, span, sampled):
    child = trace.child(span)
    assert isinstance(child, TraceId)
    assert child == (span, trace.span, trace.trace, trace.flags, trace.high)
    assert child.decided(sampled).sampled is sampled


def test_a_root_has_three_equal_ids():
    assert TraceId.root(7) == TraceId(7, 7, 7, 0, 0)
    assert isinstance(TraceId.root(7), TraceId)


@pytest.mark.parametrize(
    ("received", "rate", "expected"),
    [
        (None, None, TraceId(9, 9, 9)),
        (None, 1.0, TraceId(9, 9, 9, KNOWN | SAMPLED)),
        (None, 0.0, TraceId(9, 9, 9, KNOWN)),
        (TraceId(1, 2, 3, 0, 4), None, TraceId(9, 1, 3, 0, 4)),
        (TraceId(1, 2, 3), 1.0, TraceId(9, 1, 3, KNOWN | SAMPLED)),
        (TraceId(1, 2, 3, KNOWN), 1.0, TraceId(9, 1, 3, KNOWN)),
        (TraceId(1, 2, 3, KNOWN | SAMPLED), 0.0, TraceId(9, 1, 3, KNOWN | SAMPLED)),
    ],
)
def test_a_rate_counts_where_nobody_has_decided(received, rate, expected):
    assert begin(received, rate, 9, 12345) == expected


@pytest.mark.parametrize(
    ("trace", "salt", "rate", "sampled"),
    [
        (5000, 0, 0.5, False),
        (4999, 0, 0.5, True),
        (0, 0, 0.0, False),
        (2**64 - 4999, 0, 0.5, True),
        (2**64 - 5000, 0, 0.5, False),
        (5000 ^ 77, 77, 0.5, False),
        (4999 ^ 77, 77, 0.5, True),
        (2**63, 0, 1.0, True),
    ],
)
def test_sampling_compares_the_salted_id_with_the_rate(trace, salt, rate, sampled):
    assert is_sampled(trace, rate, salt) is sampled


@given(WORDS, WORDS)
def test_all_or_nothing_is_exact(trace, salt):
    assert is_sampled(trace, 1.0, salt)
    assert not is_sampled(trace, 0.0, salt)


@pytest.mark.parametrize(
    ("value", "rate"),
    [
        (b"0.25", 0.25),
        (b"1", 1.0),
        (b"7", 1.0),
        (b"-1", 0.0),
        (b"1e-3", 0.001),
        (b"inf", 1.0),
        (b"nan", None),
        (b"", None),
        (b"often", None),
        (b"\xff", None),
        (None, None),
    ],
)
def test_a_rate_is_moved_into_its_range(value, rate):
    assert sampling_rate(value) == rate


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"{TRACE}-{SPAN}-1-05e3ac9a4f6e3b90", (0x05E3AC9A4F6E3B90, KNOWN | SAMPLED)),
        (f"{TRACE}-{SPAN}-0", (int(SPAN, 16), KNOWN)),
        (f"{TRACE}-{SPAN}-d", (int(SPAN, 16), DEBUG | KNOWN | SAMPLED)),
        (f"{TRACE[16:]}-{SPAN}", (int(SPAN, 16), 0)),
        (f"{TRACE}-{SPAN}".upper(), (int(SPAN, 16), 0)),
    ],
)
def test_single_b3(value, expected):
    parent, flags = expected
    low = int(TRACE[16:], 16)
    assert from_b3(value.encode()) == (TraceId(int(SPAN, 16), parent, low, flags), None)


@pytest.mark.parametrize(
    ("value", "rate"),
    [("0", 0.0), ("1", 1.0), ("d", 1.0), ("", None), ("x", None), (f"{TRACE}-{SPAN}-2", None)],
)
def test_single_b3_without_a_span(value, rate):
    assert from_b3(value.encode()) == (None, rate)


@pytest.mark.parametrize(
    ("value", "number"),
    [(b"a", 10), (TRACE.encode(), int(TRACE[16:], 16)), (b"", None), (b"0x1", None), (None, None)],
)
def test_of_a_long_b3_id_the_lower_half_counts(value, number):
    assert b3_id(value) == number


@pytest.mark.parametrize(
    ("value", "flags"),
    [
        (f"00-{TRACE}-{SPAN}-01", KNOWN | SAMPLED),
        (f"00-{TRACE}-{SPAN}-00", KNOWN),
        (f"00-{TRACE}-{SPAN}-03", KNOWN | SAMPLED),
        (f"cc-{TRACE}-{SPAN}-01", KNOWN | SAMPLED),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-brings", KNOWN | SAMPLED),
    ],
)
def test_a_traceparent_is_read(value, flags):
    low, high, span = int(TRACE[16:], 16), int(TRACE[:16], 16), int(SPAN, 16)
    assert from_traceparent(value.encode()) == TraceId(span, span, low, flags, high)


@pytest.mark.parametrize(
    "value",
    [
        "",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01-",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}",
        f"cc-{TRACE}-{SPAN}-01.more",
    ],
)
def test_a_broken_traceparent_is_none(value):
    assert from_traceparent(value.encode()) is None
