"""StoredDtabInterpreter: a dtab that changes, in front of all others."""

import pytest

from linkerpy.core.activity import Activity, Failed, Ok, Pending
from linkerpy.core.var import Source
from linkerpy.naming.delegate import Delegator
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.interpreter import DtabInterpreter
from linkerpy.naming.path import Path
from linkerpy.naming.stored import StoredDtabInterpreter
from tests.support.names import FileNamer, Follow, system_namer, vectors

FILES = FileNamer("/#/x", ["/a", "/b"])


@pytest.fixture
def stored():
    return Source(Pending())


@pytest.fixture
def subject(stored):
    inner = DtabInterpreter([(Path.parse("/#/x"), FILES)], system_namer())
    return StoredDtabInterpreter(Activity(stored), inner)


def test_names_are_pending_until_the_dtab_is_there_and_follow_it(stored, subject):
    view = Follow(subject.bind(Dtab.parse("/foo => /bar"), Path.parse("/foo/y")))
    stored.update(Ok(Dtab.parse("/bar => /#/x/a")))
    stored.update(Ok(Dtab.parse("/bar => /#/x/a ; /other => /#/x/b")))
    stored.update(Failed(OSError("gone")))
    stored.update(Ok(Dtab.parse("/bar => /#/x/b")))
    assert view.states == [
        ("pending", None),
        ("ok", "/#/x/a[/y]"),
        ("failed", "gone"),
        ("ok", "/#/x/b[/y]"),
    ]


@pytest.mark.parametrize("row", [r for r in vectors("compose") if not r[-2].startswith("(")])
def test_other_dtabs_win(row):
    own, router, ctx, user, path, result = row
    fs = FileNamer("/#/fs", ["/web", "/web2"])
    inner = DtabInterpreter([(Path.parse("/#/fs"), fs)], system_namer())
    subject = StoredDtabInterpreter(Activity.value(Dtab.parse(own)), inner)
    dtab = Dtab.parse(router) + Dtab.parse(ctx) + Dtab.parse(user)
    assert Follow(subject.bind(dtab, Path.parse(path))).last == ("ok", result)


def test_explanations_and_enumeration_see_the_dtab_and_the_namers(stored, subject):
    assert isinstance(subject, Delegator)
    stored.update(Ok(Dtab.parse("/bar => /#/x/a")))
    tree = subject.delegate(Dtab.parse("/foo => /bar"), Path.parse("/foo")).sample().value
    assert tree.tree.tree.bound.id == Path.parse("/#/x/a")
    assert subject.names().sample() == Ok(frozenset(map(Path.parse, ("/#/x/a", "/#/x/b"))))
