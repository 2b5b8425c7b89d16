"""Path: text, equality and the algebra of prefixes."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.naming.path import EMPTY, Path

paths = st.lists(st.binary(min_size=1, max_size=4), max_size=5).map(lambda e: Path(tuple(e)))


@given(paths)
def test_parse_inverts_show(path):
    assert Path.parse(path.show()) == path


@given(paths)
def test_str_is_show(path):
    assert str(path) == path.show()


@given(paths, paths)
def test_paths_are_equal_when_their_elements_are(one, other):
    assert (one == other) == (one.elems == other.elems)
    assert one == Path(tuple(bytes(bytearray(e)) for e in one.elems))
    assert hash(one) == hash(Path(one.elems))


@given(paths, paths)
def test_a_sum_starts_with_its_left_side_and_leaves_the_right(left, right):
    both = left + right
    assert len(both) == len(left) + len(right)
    assert both.starts_with(left)
    assert both.take(len(left)) == left
    assert both.drop(len(left)) == right


@given(paths, paths)
def test_starting_with_each_other_is_being_equal(one, other):
    assert (one.starts_with(other) and other.starts_with(one)) == (one == other)


@given(paths, st.integers(0, 7))
def test_take_and_drop_split_a_path(path, n):
    assert path.take(n) + path.drop(n) == path
    assert path.starts_with(path.take(n))


@given(paths)
def test_empty_is_neutral(path):
    assert path + EMPTY == EMPTY + path == path
    assert path.starts_with(EMPTY)
    assert path.is_empty == (path == EMPTY) == (len(path) == 0)


def test_elements_are_compared_whole():
    assert not Path.of("ab").starts_with(Path.of("a"))
    assert not Path.of("a").starts_with(Path.of("a", "b"))


def test_a_path_equals_only_paths():
    assert Path.of("a") != (b"a",)
    assert Path.of("a") != "/a"


def test_of_takes_text_as_utf8_and_unescapes_nothing():
    assert Path.of("é", b"\x00", "\\x41").elems == (b"\xc3\xa9", b"\x00", b"\\x41")


def test_an_odd_byte_escapes_its_whole_element():
    assert Path.of("foo bar", "ok").show() == "/\\x66\\x6f\\x6f\\x20\\x62\\x61\\x72/ok"


def test_a_line_feed_at_the_end_of_an_element_is_escaped():
    assert Path.of("a\n").show() == "/\\x61\\x0a"


@pytest.mark.parametrize("elems", [(b"",), (b"a", b""), (b"", b"a")])
def test_an_empty_element_is_refused(elems):
    with pytest.raises(ValueError, match="must not be empty"):
        Path(elems)
    with pytest.raises(ValueError, match="must not be empty"):
        Path.of(*elems)


def test_a_path_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Path.of("a").elems = ()
    with pytest.raises((AttributeError, TypeError)):
        Path.of("a").other = 1
