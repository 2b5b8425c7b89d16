"""Delegation trees and their JSON."""

import json

import pytest

from linkerpy.core.activity import Activity, Failed, Ok, Pending
from linkerpy.core.var import Source
from linkerpy.naming import nametree
from linkerpy.naming.addr import (
    ADDR_NEG,
    ADDR_PENDING,
    WEIGHT,
    AddrBound,
    Address,
    AddrFailed,
    bound,
)
from linkerpy.naming.bound import Bound
from linkerpy.naming.delegate import Delegator
from linkerpy.naming.delegate_json import addr_json, tree_json
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.interpreter import DtabInterpreter
from linkerpy.naming.nametree import Leaf
from linkerpy.naming.path import Path
from tests.support.names import ConstantNamer, FileNamer, SourceNamer, system_namer, vectors


class ErrorNamer:
    """Fails, naming the path."""

    def lookup(self, path):
        return Activity.failed(RuntimeError(f"error naming /#/error{path.show()}"))


def interpreter(*namers):
    return DtabInterpreter([(Path.parse(p), namer) for p, namer in namers], system_namer())


STANDARD = interpreter(
    ("/#/error", ErrorNamer()), ("/#/io.l5d.fs", FileNamer("/#/io.l5d.fs", ["/users/v1"]))
)


def state_of(dtab, path, subject=STANDARD):
    return subject.delegate(Dtab.parse(dtab), Path.parse(path)).sample()


def delegated(dtab, path, subject=STANDARD):
    return tree_json(state_of(dtab, path, subject).value)


@pytest.mark.parametrize("row", vectors("delegate"), ids=lambda row: f"{row[0][:20]} {row[1]}")
def test_vector(row):
    dtab, path, expected = row
    assert json.dumps(delegated(dtab, path)) == json.dumps(expected)  # the keys' order counts


def node(kind, path, dentry=None, **more):
    found = {"type": kind, "path": path}
    if dentry:
        prefix, dst = dentry.split("=>")
        found["dentry"] = {"prefix": prefix, "dst": dst}
    return found | more


def test_the_last_of_several_dentries_comes_first_and_each_goes_on():
    dtab = "/srv => /#/io.l5d.fs; /host => /srv; /svc => /host; /host/poop => /srv/users/v1"
    tree = delegated(dtab, "/svc/poop")
    alt = tree["delegate"]
    assert (alt["type"], alt["path"]) == ("alt", "/host/poop")
    first, second = alt["alt"]
    assert first["delegate"]["bound"]["id"] == "/#/io.l5d.fs/users/v1"
    assert second["path"] == "/srv/poop"
    assert second["delegate"] == node("neg", "/#/io.l5d.fs/poop", "/srv=>/#/io.l5d.fs")


def test_a_name_that_nothing_knows_is_neg_without_a_dentry():
    assert delegated("", "/svc/x") == node("neg", "/svc/x")


def test_literal_dead_ends():
    assert delegated("/a => !", "/a/x") == node(
        "delegate", "/a/x", delegate=node("fail", "!", "/a=>!")
    )
    assert delegated("/a => $", "/a/x") == node(
        "delegate", "/a/x", delegate=node("empty", "/a/x", "/a=>$")
    )
    alt = delegated("/a => ~ ; /a => ~", "/a")
    assert alt["alt"] == [node("neg", "~", "/a=>~")] * 2


def test_a_namers_own_trees_are_placed_without_a_step():
    x = SourceNamer()
    subject = interpreter(("/#/x", x))
    for path, text in {"/0": "/a | ~ | (/b & !)", "/1": "(/a & $)", "/2": "$"}.items():
        x.tree(path, text)
    alt = delegated("", "/#/x/0", subject)
    assert alt["alt"][0] == node("neg", "/a")
    assert alt["alt"][1] == node("neg", "/#/x/0")
    union = alt["alt"][2]
    assert [share["tree"]["type"] for share in union["union"]] == ["neg", "fail"]
    assert delegated("/s => /#/x/2", "/s", subject)["delegate"] == node(
        "empty", "/#/x/2", "/s=>/#/x/2"
    )


@pytest.mark.parametrize("many", [nametree.Alt, nametree.Union])
def test_one_branch_or_none_is_no_choice(many):
    one = nametree.Weighted(1.0, nametree.FAIL) if many is nametree.Union else nametree.FAIL
    for trees, expected in (
        ((), node("neg", "/#/x")),
        ((one,), node("delegate", "/#/x", delegate=node("fail", "!"))),
    ):
        subject = interpreter(("/#/x", ConstantNamer(Activity.value(many(trees)))))
        assert delegated("", "/#/x", subject) == expected


def test_an_error_without_text_is_named_by_its_type():
    subject = interpreter(("/#/x", ConstantNamer(Activity.failed(KeyError()))))
    assert delegated("", "/#/x", subject)["message"] == "KeyError"


# -- limits


def test_a_loop_fails_the_request():
    state = state_of("/x => /x/y", "/x")
    assert str(state.error) == "Max recursion level reached."


@pytest.mark.parametrize("join", ["|", "&"])
def test_a_loop_in_one_branch_leaves_the_others(join):
    tree = delegated(f"/x => /x {join} /y", "/x")
    text = json.dumps(tree)
    assert "Max recursion level reached." in text
    assert text.count('"/y"') == 100


def test_a_loop_in_a_namers_branch_is_shown_at_that_branch():
    x = SourceNamer()
    x.tree("/0", "/loop | (/y & /z)")
    tree = delegated("/loop => /loop", "/#/x/0", interpreter(("/#/x", x)))
    assert tree["alt"][0] == node("exception", "/loop", message="Max recursion level reached.")


def test_branches_that_multiply_are_stopped():
    state = state_of("/a => /a/x & /a/y", "/a")
    assert str(state.error) == "Max lookups: 2000 reached."


def test_the_deepest_tree_can_be_printed():
    nested = "(" * 49 + "/h{}" + " | /n) & /n" * 49
    dtab = "; ".join(f"/h{i} => {nested.format(i + 1)}" for i in range(98))
    assert "Max recursion level reached." in json.dumps(delegated(dtab, "/h0"))


# -- waiting


def test_every_lookup_and_address_is_waited_for_at_once():
    x = SourceNamer()
    subject = interpreter(("/#/x", x))
    states = []
    dtab = Dtab.parse("/s => /#/x/0 | /#/x/1")
    handle = subject.delegate(dtab, Path.parse("/s")).observe(states.append)
    assert set(x.sources) == {"/0", "/1"}
    addr = Source(ADDR_PENDING)
    x.source("/0").update(Ok(Leaf(Bound(Path.parse("/0"), addr))))
    x.fail("/1")
    assert all(state == Pending() for state in states)
    addr.update(bound(Address("10.0.0.1", 80)))
    tree = tree_json(states[-1].value)
    assert [child["type"] for child in tree["alt"]] == ["leaf", "exception"]
    handle.close()


def test_an_interpreter_over_dtabs_is_a_delegator():
    assert isinstance(STANDARD, Delegator)


# -- addresses


def test_addresses_as_json():
    weighted = Address("10.0.0.2", 80, ((WEIGHT, 0.5),))
    addr = AddrBound(frozenset({weighted, Address("10.0.0.1", 80)}), (("authority", "a"),))
    assert addr_json(addr) == {
        "type": "bound",
        "addrs": [
            {"ip": "10.0.0.1", "port": 80, "meta": {}},
            {"ip": "10.0.0.2", "port": 80, "meta": {"endpoint_addr_weight": 0.5}},
        ],
        "meta": {"authority": "a"},
    }
    assert addr_json(ADDR_NEG) == {"type": "neg"}
    assert addr_json(ADDR_PENDING) == {"type": "pending"}
    assert addr_json(AddrFailed(OSError("no"))) == {"type": "failed", "cause": "no"}
    assert addr_json(AddrFailed(KeyError())) == {"type": "failed", "cause": "KeyError"}


def test_weights_of_a_dentry_are_printed_exactly():
    tree = delegated("/a => 0.004 * /b & /c", "/a")
    assert tree["union"][0]["tree"]["dentry"]["dst"] == "0.004*/b & /c"
    assert tree["union"][0]["weight"] == 0.004


def test_failures_are_states():
    assert isinstance(state_of("/x => /x", "/x"), Failed)
