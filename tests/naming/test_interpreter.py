"""DtabInterpreter: the binding vectors, what changes do, and the limits."""

import sys

import pytest

from linkerpy.core.activity import Activity, Failed, Ok, Pending
from linkerpy.core.closable import OnClose
from linkerpy.core.var import Async, Source, map_var
from linkerpy.naming import nametree
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.interpreter import DtabInterpreter
from linkerpy.naming.nametree import EMPTY, NEG, Leaf
from linkerpy.naming.path import Path
from tests.support.names import (
    ConstantNamer,
    FileNamer,
    Follow,
    SourceNamer,
    shown,
    system_namer,
    vectors,
)

TOO_DEEP = "Max recursion level: 100 reached in Namer lookup"
FILES = FileNamer("/#/fs", ["/web", "/web2", "/users/v1"])


def interpreter(*namers, on_dropped=lambda dropped: None):
    pairs = [(Path.parse(prefix), namer) for prefix, namer in namers]
    return DtabInterpreter(pairs, system_namer(), on_dropped)


def follow(subject, dtab, path):
    return Follow(subject.bind(Dtab.parse(dtab), Path.parse(path)))


STANDARD = interpreter(
    ("/#/fs", FILES),
    ("/#/p", ConstantNamer(Activity.pending())),
    ("/#/b", ConstantNamer(Activity.failed(RuntimeError("boom")))),
)


@pytest.mark.parametrize("row", vectors("bind"), ids=lambda row: f"{row[0]}  {row[1]}")
def test_vector(row):
    dtab, path, state, *tree = row
    expected = (state, tree[0] if tree else None)
    assert follow(STANDARD, dtab, path).last == expected


@pytest.mark.parametrize("row", vectors("compose"))
def test_later_dtabs_win(row):
    *texts, path, result = row
    stored, router, ctx, user = (Dtab.parse(text) for text in texts)
    if path.startswith("("):
        assert (ctx + user).show() == result
    else:
        dtab = stored + router + ctx + user
        assert shown(STANDARD.bind(dtab, Path.parse(path)).sample()) == ("ok", result)


# -- which namer is asked


def test_the_last_configured_namer_is_asked_first_and_its_neg_passes_on():
    first, last = SourceNamer(), SourceNamer()
    subject = interpreter(("/#/x", first), ("/#/x", last))
    first.leaf("/a", "/#/first")
    first.leaf("/b", "/#/first")
    last.leaf("/a", "/#/last")
    last.source("/b").update(Ok(NEG))
    assert follow(subject, "", "/#/x/a").last == ("ok", "/#/last")
    assert follow(subject, "", "/#/x/b").last == ("ok", "/#/first")
    last.source("/b").update(Ok(EMPTY))
    assert follow(subject, "", "/#/x/b").last == ("ok", "$")


@pytest.mark.parametrize(
    ("order", "expected"),
    [(("/boo", "/boo/urns"), "/#/boo/urns"), (("/boo/urns", "/boo"), "/#/boo[/urns]")],
)
def test_of_overlapping_prefixes_the_last_one_wins(order, expected):
    subject = interpreter(*[(f"/#{p}", Whole(f"/#{p}")) for p in order])
    assert follow(subject, "", "/#/boo/urns").last == ("ok", expected)


class Whole(FileNamer):
    """Binds its own prefix and leaves all else as residual."""

    def __init__(self, prefix):
        super().__init__(prefix, ["/"])


def test_a_namer_that_raises_fails_its_branch_only():
    class Broken:
        def lookup(self, path):
            raise ZeroDivisionError("broken namer")

    subject = interpreter(("/#/fs", FILES), ("/#/broken", Broken()))
    assert follow(subject, "", "/#/broken/x").last == ("failed", "broken namer")
    dtab = "/svc => /#/broken & /#/fs/web"
    assert follow(subject, dtab, "/svc").last == ("ok", "/#/fs/web")


# -- live changes


def test_a_union_follows_its_branches():
    x = SourceNamer()
    view = follow(interpreter(("/#/x", x)), "/0 => /#/x/0; /1 => /#/x/1; /u => /0 & /1", "/u")
    assert view.last == ("pending", None)
    x.leaf("/1")
    assert view.last == ("ok", "/1")
    x.fail("/1")
    assert view.last == ("failed", "boom")
    x.leaf("/1")
    x.leaf("/0")
    assert view.last == ("ok", "/0 & /1")
    x.source("/0").update(Ok(NEG))
    assert view.last == ("ok", "/1")
    x.leaf("/0")
    x.fail("/0")
    assert view.last == ("ok", "/1")
    x.source("/0").update(Ok(NEG))
    x.source("/1").update(Ok(NEG))
    assert view.last == ("ok", "~")
    x.source("/0").update(Ok(EMPTY))
    assert view.last == ("ok", "$")


def test_an_alt_follows_its_branches():
    x = SourceNamer()
    view = follow(interpreter(("/#/x", x)), "/a => /#/x/0 | /#/x/1 & /#/x/2", "/a")
    for path in ("/1", "/2"):
        x.leaf(path)
    assert view.last == ("pending", None)
    x.source("/0").update(Ok(EMPTY))
    assert view.last == ("ok", "$")
    x.source("/0").update(Ok(NEG))
    assert view.last == ("ok", "/1 & /2")
    x.source("/1").update(Ok(NEG))
    assert view.last == ("ok", "/2")


def test_a_result_that_is_the_same_is_not_told_again():
    x = SourceNamer()
    view = follow(interpreter(("/#/x", x)), "/a => /#/x/0 | /#/x/1", "/a")
    x.source("/0").update(Ok(NEG))
    x.leaf("/1")
    x.leaf("/1")
    x.tree("/0", "~")
    assert view.states == [("pending", None), ("ok", "/1")]


def test_a_changed_residual_or_weight_is_told():
    x = SourceNamer()
    view = follow(interpreter(("/#/x", x), ("/#/fs", FILES)), "/a => /#/x/0", "/a")
    for tree in (
        "/#/fs/web/r",
        "/#/fs/web/s",
        "/#/fs/web & /#/fs/web2",
        "2 * /#/fs/web & /#/fs/web2",
    ):
        x.tree("/0", tree)
    assert [text for _, text in view.states[1:]] == [
        "/#/fs/web[/r]",
        "/#/fs/web[/s]",
        "/#/fs/web & /#/fs/web2",
        "2.00*/#/fs/web & /#/fs/web2",
    ]


def test_a_change_that_reaches_two_branches_is_told_once():
    world = Source("blue")

    class Colours:
        def lookup(self, path):
            return Activity(world_states(path))

    def world_states(path):
        return map_var(world, lambda colour: Ok(Leaf(Path.parse(f"/#/fs/web/{colour}") + path)))

    view = follow(interpreter(("/#/c", Colours()), ("/#/fs", FILES)), "/u => /#/c/0 & /#/c/1", "/u")
    world.update("red")
    assert view.states == [
        ("ok", "/#/fs/web[/blue/0] & /#/fs/web[/blue/1]"),
        ("ok", "/#/fs/web[/red/0] & /#/fs/web[/red/1]"),
    ]


def test_only_the_lookups_in_use_are_observed_and_none_after_the_last_close():
    running = set()

    class Counting:
        def __init__(self, inner):
            self.inner = inner

        def lookup(self, path):
            def start(update):
                running.add(path.show())
                group = self.inner.source(path.show()).observe(update)
                return OnClose(lambda: (running.remove(path.show()), group.close()))

            return Activity(Async(Pending(), start))

    x = SourceNamer()
    view = follow(interpreter(("/#/x", Counting(x))), "/a => /#/x/0 | /#/x/1", "/a")
    assert running == {"/0"}
    x.source("/0").update(Ok(NEG))
    assert running == {"/0", "/1"}
    x.leaf("/0")
    assert running == {"/0"}
    view.handle.close()
    assert running == set()


# -- branches that a union goes without


def test_a_dropped_branch_is_reported_once_until_it_is_back():
    x, reports = SourceNamer(), []
    subject = interpreter(("/#/x", x), on_dropped=reports.append)
    follow(subject, "/u => 0.9 * /#/x/0 & 0.1 * /#/x/1 & /#/x/2", "/u")
    assert reports == []
    x.fail("/0")
    x.leaf("/1")
    assert {(d.name.show(), d.branch, type(d.state)) for d in reports} == {
        ("/u", "/#/x/0", Failed),
        ("/u", "/#/x/2", Pending),
    }
    reports.clear()
    x.leaf("/2")
    assert reports == []
    x.leaf("/0")
    x.fail("/0")
    assert [d.branch for d in reports] == ["/#/x/0"]


# -- limits


def chain(hops, end):
    dentries = [f"/h{i} => /h{i + 1}" for i in range(hops - 1)]
    return "; ".join([*dentries, f"/h{hops - 1} => {end}"])


def test_a_chain_of_a_hundred_lookups_binds_and_one_more_fails():
    assert follow(STANDARD, chain(99, "/$/inet/1/1"), "/h0").last == ("ok", "/$/inet/1/1")
    assert follow(STANDARD, chain(100, "/$/inet/1/1"), "/h0").last == ("failed", TOO_DEEP)


def test_a_hundred_hops_through_namers_follow_a_change_at_the_far_end():
    x = SourceNamer()
    for hop in range(99):
        x.tree(f"/{hop}", f"/#/x/{hop + 1} | /nowhere")
    view = follow(interpreter(("/#/x", x)), "", "/#/x/0")
    assert view.last == ("pending", None)
    x.leaf("/99")
    assert view.last == ("ok", "/99")
    x.fail("/99")
    assert view.last == ("failed", "boom")
    x.tree("/99", "/#/x/0")
    assert view.last == ("failed", TOO_DEEP)


def test_the_deepest_chain_fits_a_stack_that_is_half_used_up():
    nested = "(" * 49 + "/h{} & /nowhere" + " | /nowhere) & /nowhere" * 49
    dtab = Dtab.parse("; ".join(f"/h{i} => {nested.format(i + 1)}" for i in range(98)))
    dtab += Dtab.parse("/h98 => /#/fs/web")

    def call(depth):
        if depth:
            return call(depth - 1)
        return shown(STANDARD.bind(dtab, Path.parse("/h0")).sample())

    limit = sys.getrecursionlimit()
    state, text = call(limit // 3)
    assert (state, text) == ("failed", "Max lookups: 2000 reached in Namer lookup")
    assert call(0)[0] == "failed"


def test_branches_that_multiply_are_stopped():
    dtab = "/a => /a/x & /a/y"
    assert follow(STANDARD, dtab, "/a").last == (
        "failed",
        "Max lookups: 2000 reached in Namer lookup",
    )


def unions(levels):
    parts = [f"/u{i} => /u{i + 1} & /#/fs/web" for i in range(levels)]
    return "; ".join([*parts, f"/u{levels} => /#/fs/web2"])


def test_unions_in_each_other_are_stopped_before_they_exhaust_the_stack_of_others():
    view = follow(STANDARD, unions(50), "/u0")
    assert view.last[0] == "ok"
    tree = STANDARD.bind(Dtab.parse(unions(50)), Path.parse("/u0")).sample().value
    same = STANDARD.bind(Dtab.parse(unions(50)), Path.parse("/u0")).sample().value
    assert tree == same
    assert hash(tree) == hash(same)
    assert follow(STANDARD, unions(51), "/u0").last == (
        "failed",
        "Max nesting: 50 unions in each other reached in Namer lookup",
    )


# -- enumeration


def test_names_are_those_of_the_namers_that_can_enumerate():
    x = SourceNamer()
    unknown = FileNamer("/#/later", ["/a"])
    unknown.names = Activity.pending
    subject = interpreter(("/#/fs", FILES), ("/#/x", x), ("/#/later", unknown))
    names = subject.names().sample()
    assert names == Ok(frozenset(Path.parse(f"/#/fs{f}") for f in ("/web", "/web2", "/users/v1")))


def test_a_namer_may_answer_with_any_tree():
    for tree, expected in (
        (nametree.Union(()), "~"),
        (nametree.Alt(()), "~"),
        (nametree.Alt((nametree.FAIL,)), "!"),
        (nametree.Union((nametree.Weighted(2.0, nametree.FAIL),)), "!"),
    ):
        subject = interpreter(("/#/x", ConstantNamer(Activity.value(tree))))
        assert follow(subject, "", "/#/x").last == ("ok", expected)
