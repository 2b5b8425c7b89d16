"""DtabInterpreter against the spec's table, read as a plain recursion, through random changes."""

from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from linkerpy.core.activity import Failed, Ok, Pending
from linkerpy.core.var import Source
from linkerpy.naming.addr import bound
from linkerpy.naming.bound import Bound
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.interpreter import MAX_LOOKUPS, DtabInterpreter
from linkerpy.naming.nametree import (
    EMPTY,
    FAIL,
    MAX_NESTING,
    NEG,
    Alt,
    Leaf,
    Neg,
    Union,
    Weighted,
    simplify,
)
from linkerpy.naming.path import Path
from tests.support.names import SourceNamer, shown, system_namer

NAMER = Path.parse("/n")
ADDR = Source(bound())


class Reference:
    """Section 2.4 of the naming spec, row by row, over states that do not change."""

    def __init__(self, dtab, states):
        self.dtab = dtab
        self.states = states
        self.lookups = 0

    def bind(self, tree, depth=0):
        if depth > 100:
            return Failed(RuntimeError("Max recursion level: 100 reached in Namer lookup"))
        match tree:
            case Leaf(Path() as path):
                state = self.lookup(path)
                return self.bind(state.value, depth + 1) if isinstance(state, Ok) else state
            case Alt(trees):
                for child in trees:
                    state = self.bind(child, depth)
                    if not (isinstance(state, Ok) and isinstance(state.value, Neg)):
                        return state
                return Ok(NEG)
            case Union(weighted):
                states = [(w.weight, self.bind(w.tree, depth)) for w in weighted]
                good = [Weighted(w, s.value) for w, s in states if isinstance(s, Ok)]
                if good:
                    return Ok(simplify(Union((*good, Weighted(1.0, NEG)))))
                return next((s for _, s in states if isinstance(s, Failed)), Pending())
            case _:
                return Ok(tree)

    def lookup(self, path):
        self.lookups += 1
        assume(self.lookups <= MAX_LOOKUPS)
        tree = self.dtab.lookup(path)
        if not isinstance(tree, Neg):
            return Ok(tree)
        return (
            self.states.get(path.drop(1).show(), Pending()) if path.starts_with(NAMER) else Ok(NEG)
        )


def nesting(tree):
    if not isinstance(tree, Union):
        return 0
    return 1 + max(nesting(w.tree) for w in tree.weighted)


def expected_state(dtab, states, path):
    state = Reference(dtab, dict(states)).bind(Leaf(path))
    assume(not isinstance(state, Ok) or nesting(state.value) <= MAX_NESTING)
    return shown(state)


prefixes = st.sampled_from(["/a", "/b", "/c", "/*", "/a/*"])
leaves = st.sampled_from(["/a", "/b", "/c", "/n/0", "/n/1", "/n/2", "~", "!", "$"])
trees = st.recursive(
    leaves,
    lambda t: st.tuples(st.sampled_from([" | ", " & "]), st.lists(t, min_size=2, max_size=3)).map(
        lambda parts: "(" + parts[0].join(parts[1]) + ")"
    ),
    max_leaves=5,
)
dtabs = st.lists(st.builds("{} => {}".format, prefixes, trees), max_size=4).map("; ".join)


def leaf(text):
    return Leaf(Bound(Path.parse(text), ADDR))


answers = st.sampled_from(
    [
        Pending(),
        Failed(RuntimeError("one")),
        Failed(RuntimeError("two")),
        Ok(NEG),
        Ok(FAIL),
        Ok(EMPTY),
        Ok(leaf("/x")),
        Ok(leaf("/y")),
        Ok(Leaf(Path.parse("/b"))),
        Ok(Union((Weighted(0.5, leaf("/x")), Weighted(2.0, Leaf(Path.parse("/n/2")))))),
    ]
)
changes = st.lists(st.tuples(st.sampled_from(["/0", "/1", "/2"]), answers), max_size=6)


@given(dtabs, st.sampled_from(["/a", "/b", "/n/0"]), changes)
def test_every_state_is_what_the_spec_says_and_none_is_repeated(text, name, updates):
    dtab, path = Dtab.parse(text), Path.parse(name)
    namer, states, seen = SourceNamer(), {}, []
    subject = DtabInterpreter([(NAMER, namer)], system_namer())
    expected = expected_state(dtab, states, path)
    handle = subject.bind(dtab, path).observe(lambda state: seen.append(shown(state)))
    assert seen == [expected]
    for where, answer in updates:
        states[where] = answer
        namer.source(where).update(answer)
        expected = expected_state(dtab, states, path)
        assert seen[-1] == expected
    assert all(one != other for one, other in pairwise(seen))
    handle.close()
    assert all(not source._observers for source in namer.sources.values())
