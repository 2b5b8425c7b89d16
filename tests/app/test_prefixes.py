"""Names that no namer answers for, and what was probably meant."""

import pytest

from linkerpy.app.prefixes import unknown_namer
from linkerpy.app.schema import install
from linkerpy.naming.path import Path


@pytest.mark.parametrize(
    ("path", "prefixes", "cure"),
    [
        ("/#/io.l5d.fs/web", ["/#/io.l5d.fs"], ""),
        ("/#/io.l5d.fs", ["/#/io.l5d.fs/deep"], ""),
        ("/#", ["/#/io.l5d.fs"], ""),
        ("/svc/web", [], ""),
        ("/#/io.l5d.fs/web", [], "add it: namers: [{kind: io.l5d.fs, …}]"),
        ("/#/io.l5d.f5/web", ["/#/io.l5d.fs"], "did you mean /#/io.l5d.fs?"),
        ("/#/io.l5d.cnsul/x", [], "did you mean /#/io.l5d.consul? (not configured either)"),
        ("/#/portal/web", [], "there are no namers: add one under `namers`"),
        ("/#/portal/web", ["/#/a", "/#/b"], "write one of the configured prefixes: /#/a, /#/b"),
        ("/$/inet/127.0.0.1/80", [], ""),
        ("/$/io.buoyant.hostportPfx/a", [], ""),
        ("/$", [], ""),
        ("/$/inte/127.0.0.1/80", [], "did you mean /$/inet?"),
    ],
)
def test_a_name_that_nobody_answers_for_gets_a_cure(path, prefixes, cure):
    install()
    assert unknown_namer(Path.parse(path), [Path.parse(p) for p in prefixes]) == cure


def test_a_system_name_like_no_other_is_told_which_there_are():
    assert unknown_namer(Path.parse("/$/zzzzzz"), []).startswith("below /$ there are inet,")
