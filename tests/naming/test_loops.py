"""Certain loops: what is reported fails for every name, what could end is not reported."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.core.activity import Failed
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.interpreter import DtabInterpreter
from linkerpy.naming.loops import certain_loops
from linkerpy.naming.path import Path
from tests.support.names import system_namer


@pytest.mark.parametrize(
    ("dtab", "loops"),
    [
        ("/x => /x/y", ["/x=>/x/y"]),
        ("/x => /x", ["/x=>/x"]),
        ("/* => /#/fs/web", ["/*=>/#/fs/web"]),
        ("/ => /a", ["/=>/a"]),
        ("/a/*/c => /a/b/c/d", ["/a/*/c=>/a/b/c/d"]),
        ("/a => /b ; /b => /a", ["/a=>/b", "/b=>/a"]),
        ("/a => /b ; /b => /b", ["/a=>/b", "/b=>/b"]),
        ("/x => /x | /y", ["/x=>/x | /y"]),
        ("/x => ~ | /x", ["/x=>~ | /x"]),
        ("/x => /x & /x/y", ["/x=>/x & /x/y"]),
        ("/x => /x ; /y => /z", ["/x=>/x"]),
        ("/x => /y | /x", []),
        ("/x => /x & /y", []),
        ("/x => ~ | ~", []),
        ("/x => ~ ; /y => ! ; /z => $", []),
        ("/svc => /svc/x ; /svc/x => /#/fs/web", []),
        ("/svc => /svc/x ; /svc/x/foo => /#/fs/web", []),
        ("/svc => /#/fs ; /host => /svc", []),
        ("", []),
    ],
)
def test_certain_loops(dtab, loops):
    assert certain_loops(Dtab.parse(dtab)) == loops


texts = st.lists(st.sampled_from(["a", "b", "*"]), min_size=1, max_size=2).map(
    lambda e: "/" + "/".join(e)
)
leaves = texts.filter(lambda t: "*" not in t) | st.sampled_from(["~", "!", "$"])
trees = leaves | st.tuples(leaves, st.sampled_from([" | ", " & "]), leaves).map("".join)
dtabs = st.lists(st.builds("{} => {}".format, texts, trees), min_size=1, max_size=3).map("; ".join)


@given(dtabs, st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=3))
def test_a_name_that_a_reported_dentry_is_first_to_rewrite_fails(text, rest):
    dtab = Dtab.parse(text)
    loops = certain_loops(dtab)
    for dentry in dtab.dentries:
        name = Path(tuple(e if isinstance(e, bytes) else b"c" for e in dentry.prefix.elems))
        name += Path(tuple(rest))
        if dentry.show() in loops and dtab.matches(name)[0][0] == dentry:
            state = DtabInterpreter((), system_namer()).bind(dtab, name).sample()
            assert isinstance(state, Failed)
