"""Rules for fields: what is checked together says what is wrong alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.codec.http2.errors import Malformed
from linkerpy.codec.http2.fields import check, content_length, joined_cookies

GOOD_NAME = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
BAD_VALUE = frozenset([*range(9), *range(10, 32), 127])
names = st.binary(min_size=1, max_size=4) | st.sampled_from([b"a", b"te", b"upgrade", b"x\ny"])
values = st.binary(max_size=4) | st.sampled_from([b"trailers", b" a", b"a\t", b"a b"])


def good(name, value):
    return (
        GOOD_NAME.issuperset(name)
        and BAD_VALUE.isdisjoint(value)
        and value == value.strip(b" \t")
        and name != b"upgrade"
        and (name != b"te" or value == b"trailers")
    )


@given(st.lists(st.tuples(names, values), max_size=4))
def test_all_are_good_if_each_is(pairs):
    if all(good(*pair) for pair in pairs):
        check(pairs)
    else:
        with pytest.raises(Malformed):
            check(pairs)


def test_the_field_at_fault_is_named():
    with pytest.raises(Malformed, match="`x-Y` has upper-case"):
        check([(b"a", b"b"), (b"x-Y", b"c")])
    with pytest.raises(Malformed, match="`x-y` holds a control byte"):
        check([(b"a", b"b"), (b"x-y", b"c\0")])
    with pytest.raises(Malformed, match="`upgrade`"):
        check([(b"upgrade", b"x")])


@pytest.mark.parametrize(
    ("told", "length"), [([], -1), ([b"0"], 0), ([b"017"], 17), ([b"9" * 18], 10**18 - 1)]
)
def test_lengths(told, length):
    assert content_length([(b"content-length", value) for value in told]) == length


@pytest.mark.parametrize("told", [[b""], [b"-1"], [b"1", b"1"], [b"1, 1"], [b"9" * 19], [b"\xb2"]])
def test_no_lengths(told):
    with pytest.raises(Malformed):
        content_length([(b"content-length", value) for value in told])


def test_crumbs_are_joined_in_the_place_of_the_first():
    pairs = [(b"a", b"1"), (b"cookie", b"x"), (b"b", b"2"), (b"cookie", b"y")]
    assert joined_cookies(pairs) == [(b"a", b"1"), (b"cookie", b"x; y"), (b"b", b"2")]
    assert joined_cookies(pairs[:3]) == pairs[:3]
