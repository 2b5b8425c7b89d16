"""Whatever a namerd sends, cut wherever: it is understood, or trouble with a reason, never a crash.

The answers are namerd's own with a few things changed, arbitrary JSON, and arbitrary bytes.
"""

import json
from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from linkerpy.codec.json_lines import JsonLines, TooLong
from linkerpy.core.var import Source
from linkerpy.naming import nametree
from linkerpy.naming.addr import ADDR_PENDING, AddrBound
from linkerpy.naming.delegate_json import tree_json
from linkerpy.naming.namerd_json import (
    NamerdAnswerError,
    read_addr,
    read_bound_tree,
    read_delegation,
)
from linkerpy.net.watch import Watch

KEYS = st.sampled_from(
    [
        "type",
        "path",
        "id",
        "bound",
        "addr",
        "addrs",
        "ip",
        "port",
        "meta",
        "dentry",
        "prefix",
        "dst",
        "alt",
        "union",
        "weight",
        "tree",
        "delegate",
        "message",
        "name",
        "endpoint_addr_weight",
    ]
)
TYPES = st.sampled_from(
    [
        "bound",
        "neg",
        "pending",
        "failed",
        "leaf",
        "alt",
        "union",
        "fail",
        "empty",
        "exception",
        "delegate",
        "transformation",
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.sampled_from(["/", "/svc/web", "~", "!", "10.0.0.1", "::1", "/a => /b", "\x00", "/#/a"]),
    st.text(max_size=5),
    TYPES,
)
ANSWERS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(KEYS, inner, max_size=5),
        st.builds(lambda kind, rest: {**rest, "type": kind}, TYPES, st.dictionaries(KEYS, inner)),
    ),
    max_leaves=20,
)
CUTS = st.lists(st.integers(1, 30), max_size=30)


def pieces(data, cuts):
    for cut in cuts:
        yield data[:cut]
        data = data[cut:]
    yield data


def tree_of(value):
    return read_bound_tree(value, lambda _: Source(ADDR_PENDING))


def understood(read, value):
    """What `read` makes of it; None if it refuses with a reason."""
    try:
        return read(value)
    except NamerdAnswerError as error:
        if not str(error):
            raise
        return None


@given(ANSWERS)
def test_any_answer_is_a_tree_that_works_or_refused_with_a_reason(value):
    tree = understood(tree_of, value)
    if tree is not None:
        nametree.show(nametree.simplify(tree))
        nametree.evaluate(tree)
        hash(tree)


@given(ANSWERS)
def test_any_answer_is_an_address_that_works_or_refused_with_a_reason(value):
    addr = understood(read_addr, value)
    hash(addr)
    if isinstance(addr, AddrBound):
        assert all(address.weight >= 0 for address in sorted(addr.addresses))


@given(ANSWERS)
def test_any_answer_is_a_delegation_that_can_be_shown_or_refused_with_a_reason(value):
    tree = understood(read_delegation, value)
    if tree is not None:
        json.dumps(tree_json(tree))


class Stream:
    """A service whose only answer is given by hand."""

    def __init__(self):
        self.listener, self.open = None, False

    def url(self, target):
        return target

    def get(self, _target, listener, _patience, **_options):
        self.listener, self.open = listener, True
        return self

    def close(self):
        self.open = False


class Told:
    def __init__(self):
        self.trees, self.troubles = [], []

    def told(self, value, _seconds):
        self.trees.append(tree_of(value))

    def troubled(self, reason, _pause):
        assert reason
        self.troubles.append(reason)


def watch(data, cuts):
    """What a watch makes of a stream of these bytes, cut so."""
    stream, told, clock = Stream(), Told(), Clock()
    watching = Watch(stream, "/x", clock, lambda: repeat(1.0), told)
    stream.listener.began()
    for piece in pieces(data, cuts):
        if stream.open:
            stream.listener.received(piece)
    if stream.open:
        stream.listener.ended(None)
    watching.close()
    assert clock.getDelayedCalls() == []
    return told


@given(st.binary(max_size=60), CUTS)
def test_any_bytes_are_trouble_or_trees_and_the_watch_goes_on(data, cuts):
    told = watch(data, cuts)
    assert len(told.troubles) <= 1


@given(st.lists(ANSWERS, max_size=4), CUTS)
def test_where_a_stream_is_cut_changes_neither_trees_nor_troubles(values, cuts):
    data = b"".join(json.dumps(value).encode() + b"\n" for value in values)
    whole, cut = watch(data, []), watch(data, cuts)
    assert (whole.trees, whole.troubles) == (cut.trees, cut.troubles)


@pytest.mark.parametrize("size", [1, 65_536])
def test_a_line_without_end_is_given_up_at_its_limit(size):
    limit = 4 * 65_536
    lines = JsonLines(limit)
    for _ in range(limit // size):
        assert list(lines.feed(b"x" * size)) == []
    with pytest.raises(TooLong, match=f"longer than {limit} bytes"):
        list(lines.feed(b"x"))
