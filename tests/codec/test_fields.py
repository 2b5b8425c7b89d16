"""Header fields that messages share, and what a message does when it is changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.codec.fields import Fields
from linkerpy.codec.http import Request, Response, header_line
from linkerpy.codec.http1_head import read_fields
from linkerpy.codec.http1_write import Framing, response_head

PAIRS = [(b"Host", b"a"), (b"X", b"1"), (b"x", b"2"), (b"Connection", b"close, y"), (b"Y", b"3")]


def request():
    return Request(b"GET", b"/", Fields(list(PAIRS)))


def test_equal_blocks_are_read_once_and_shared():
    assert read_fields(b"A: b\r\n\r\n") is read_fields(b"A: b\r\n\r\n")
    assert read_fields(b"A: b\r\n\r\n") is not read_fields(b"A: c\r\n\r\n")


def test_large_blocks_are_not_remembered():
    block = b"A: %b\r\n\r\n" % (b"x" * 3000)
    assert read_fields(block) is not read_fields(block)
    assert read_fields(block).pairs == [(b"A", b"x" * 3000)]


def test_a_change_to_one_message_leaves_the_others_alone():
    fields = Fields(list(PAIRS))
    one, other = Request(b"GET", b"/", fields), Request(b"GET", b"/", fields)
    one.remove(b"x")
    one.set(b"Host", b"b")
    one.add(header_line(b"New", b"4"))
    one.headers.append((b"Last", b"5"))
    assert [name for name, _ in one.headers] == [b"Host", b"Connection", b"Y", b"New", b"Last"]
    assert other.headers == fields.pairs == PAIRS


def test_a_copy_goes_its_own_way():
    for prepare in (lambda message: None, lambda message: message.headers):
        first = request()
        first.add(b"A: 1\r\n")
        prepare(first)
        second = first.copy()
        second.add(b"B: 2\r\n")
        second.remove(b"y")
        assert first.headers == [*PAIRS, (b"A", b"1")]
        assert second.headers == [*PAIRS[:4], (b"A", b"1"), (b"B", b"2")]


def test_lookups_see_what_came_and_what_was_added():
    message = request()
    message.add(b"Added: 1\r\n")
    assert message.get(b"x") == b"1"
    assert message.get_all(b"x") == [b"1", b"2"]
    assert message.get(b"added") == b"1"
    assert message.get(b"adde") is None
    assert message.get_all(b"nothing") == []
    assert not request().remove(b"nothing")
    message.set(b"ADDED", b"2")
    assert message.get_all(b"added") == [b"2"]


def test_passing_on_strips_alike_whether_shared_or_not():
    shared, listed = request(), request()
    assert listed.headers
    for message in (shared, listed):
        message.pass_on()
        assert message.headers == [(b"Host", b"a"), (b"X", b"1"), (b"x", b"2")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"A\r\nB", b"1"),
        (b"A", b"1\r\nB: 2"),
        (b"A", b"1\n"),
        (b"A", b"\0"),
        (b"", b"1"),
        (b"A ", b""),
    ],
)
def test_what_is_more_than_one_header_cannot_be_added(name, value):
    with pytest.raises(ValueError, match="not a header"):
        header_line(name, value)
    with pytest.raises(ValueError, match="not a header"):
        request().set(name, value)


lines = st.lists(
    st.tuples(
        st.sampled_from([b"A", b"b", b"Content-Length", b"Transfer-Encoding", b"Connection"]),
        st.sampled_from([b"3", b"4", b"chunked", b"close", b""]),
    ),
    max_size=5,
)


@given(lines, st.sampled_from([*Framing]), st.booleans(), st.sampled_from([b"1.0", b"1.1"]))
def test_a_shared_head_is_written_as_a_listed_one(pairs, framing, keep_alive, peer):
    """Only the place of a Content-Length that the writer words may differ."""
    shared, listed = Response(200, Fields(list(pairs))), Response(200, list(pairs))
    heads = []
    for message in (shared, listed):
        message.body = Response(200, []).body
        message.add(header_line(b"Via", b"1.1 linkerd"))
        head = response_head(message, framing, peer, keep_alive=keep_alive)
        heads.append(sorted(head.split(b"\r\n")))
    assert heads[0] == heads[1]
