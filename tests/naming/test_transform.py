"""Transformers: the spec's tables, prefixes, and what stays explainable."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.core.activity import Activity, Ok
from linkerpy.core.var import Source
from linkerpy.naming import nametree
from linkerpy.naming.addr import ADDR_NEG, ADDR_PENDING, AddrBound, Address, AddrFailed, bound
from linkerpy.naming.bound import Bound
from linkerpy.naming.delegate import Delegator
from linkerpy.naming.delegate_json import tree_json
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.interpreter import DtabInterpreter
from linkerpy.naming.nametree import NEG, Alt, Leaf, Union, Weighted
from linkerpy.naming.path import Path
from linkerpy.naming.subnet import Netmask, canonical
from linkerpy.naming.transform import (
    MapBound,
    TransformedNamer,
    change_addresses,
    constant,
    keep_addresses,
    replace,
    transform_interpreter,
    transform_namer,
)
from tests.support.names import (
    ConstantNamer,
    FileNamer,
    Follow,
    SourceNamer,
    shown,
    system_namer,
    vectors,
)


def address(text):
    ip, port = text.rsplit(":", 1)
    return Address(ip, int(port))


def keeping(prefix="/%/keep", name="Keep", ip="10.0.0.1"):
    return MapBound(name, Path.parse(prefix), keep_addresses(lambda a: a.ip == ip))


def port_4141(prefix="/%/port"):
    change = change_addresses(lambda a: Address(a.ip, 4141, a.meta))
    return MapBound("Port", Path.parse(prefix), change)


def plain():
    return DtabInterpreter([(Path.parse("/#/fs"), FileNamer("/#/fs", ["/web"]))], system_namer())


@pytest.mark.parametrize("row", vectors("netmask"))
def test_netmask(row):
    mask, one, other, expected = row
    assert Netmask(mask).local(one, other) is expected
    assert Netmask(mask).local(other, one) is expected


def test_canonical_spelling():
    assert canonical("2001:DB8:0::1") == "2001:db8::1"
    assert canonical("host") == "host"


def test_equal_results_collapse_and_metadata_stays():
    before = [address(a) for a in ("10.0.0.1:80", "10.0.0.1:81", "10.0.0.2:80")]
    after = port_4141().addr(AddrBound(frozenset(before), (("authority", "a"),)))
    expected = frozenset(map(address, ("10.0.0.1:4141", "10.0.0.2:4141")))
    assert after == AddrBound(expected, (("authority", "a"),))


def test_a_filter_that_leaves_nothing_gives_a_negative_address():
    assert keeping().addr(bound(Address("10.0.0.2", 80))) == ADDR_NEG
    kept = keeping().addr(bound(Address("10.0.0.1", 80), Address("10.0.0.2", 80)))
    assert kept == bound(Address("10.0.0.1", 80))


@pytest.mark.parametrize("addr", [ADDR_NEG, ADDR_PENDING, AddrFailed(OSError("no"))])
def test_only_known_replicas_are_changed(addr):
    assert keeping().addr(addr) is addr


def test_ids_get_prefixes_and_replicas_stay_live():
    addr = Source(bound(Address("10.0.0.1", 80)))
    leaf = Leaf(Bound(Path.parse("/#/x"), addr, Path.parse("/r")))
    namer = TransformedNamer(ConstantNamer(Activity.value(leaf)), [port_4141(), keeping()])
    state = namer.lookup(Path.parse("/any")).sample()
    assert shown(state) == ("ok", "/%/keep/%/port/#/x[/r]")
    seen = []
    state.value.value.addr.observe(seen.append)
    addr.update(bound(Address("10.0.0.2", 80)))
    assert seen == [bound(Address("10.0.0.1", 4141)), ADDR_NEG]


def test_a_rewriting_answer_passes_a_namers_transformers_untouched():
    answer = nametree.parse("/a | /b")
    namer = transform_namer(ConstantNamer(Activity.value(answer)), [keeping()])
    assert namer.lookup(Path.EMPTY).sample() == Ok(answer)


def test_no_transformers_change_nothing():
    subject = plain()
    assert transform_interpreter(subject, []) is subject
    assert transform_namer(subject, []) is subject


# -- const and replace

ONE = Path.parse("/$/inet/1.2.3.4/80")


def bind(path):
    return plain().bind(Dtab.EMPTY, path)


@pytest.mark.parametrize("dtab", ["", "/svc => /#/fs/web", "/svc => !"])
def test_const_whatever_the_tree(dtab):
    transform = constant(ONE, Path.parse("/%/io.l5d.const"), bind)
    subject = transform_interpreter(plain(), [transform])
    view = Follow(subject.bind(Dtab.parse(dtab), Path.parse("/svc")))
    assert view.last == ("ok", "/%/io.l5d.const/$/inet/1.2.3.4/80")


@pytest.mark.parametrize(
    ("dtab", "path", "expected"),
    [
        ("", "/#/fs/web/r", "/%/r/$/inet/1.2.3.4/80"),
        ("", "/svc", "~"),
        ("/svc => !", "/svc", "!"),
        ("/svc => $", "/svc", "$"),
        ("/svc => 3 * /#/fs/web & /$/nil", "/svc", "3.00*/%/r/$/inet/1.2.3.4/80 & $"),
    ],
)
def test_replace_every_bound_name(dtab, path, expected):
    subject = transform_interpreter(plain(), [replace(ONE, Path.parse("/%/r"), bind)])
    assert Follow(subject.bind(Dtab.parse(dtab), Path.parse(path))).last == ("ok", expected)


def test_replace_by_a_dead_end_leaves_no_branches_of_it():
    union = Union((Weighted(1.0, leaf("/a")), Weighted(1.0, leaf("/b"))))
    transform = replace(Path.parse("/nowhere"), Path.parse("/%/r"), bind)
    assert transform(union).sample() == Ok(NEG)
    assert transform(Alt((leaf("/a"), NEG))).sample() == Ok(NEG)


def leaf(text):
    return Leaf(Bound(Path.parse(text), Source(ADDR_NEG)))


def test_the_replacement_is_followed():
    x = SourceNamer()
    inner = DtabInterpreter([(Path.parse("/#/x"), x)], system_namer())
    transform = replace(
        Path.parse("/#/x/0"), Path.parse("/%/r"), lambda path: inner.bind(Dtab.EMPTY, path)
    )
    subject = transform_interpreter(plain(), [transform])
    view = Follow(subject.bind(Dtab.EMPTY, Path.parse("/#/fs/web")))
    x.leaf("/0", "/#/one")
    x.leaf("/0", "/#/two")
    assert view.states == [("pending", None), ("ok", "/%/r/#/one"), ("ok", "/%/r/#/two")]


# -- explaining


def test_transformations_are_shown_inside_out():
    subject = transform_interpreter(plain(), [port_4141(), keeping(ip="127.0.0.1")])
    dtab = Dtab.parse("/svc => /#/fs/web | /n ; /svc => 2 * /#/fs/web & /$/nil")
    assert isinstance(subject, Delegator)
    tree = tree_json(subject.delegate(dtab, Path.parse("/svc")).sample().value)
    node = tree["alt"][0]["union"][0]["tree"]
    assert list(node) == ["type", "path", "name", "bound", "tree"]
    assert (node["type"], node["path"], node["name"]) == ("transformation", "/#/fs/web", "Port")
    assert node["bound"]["addr"]["addrs"][0]["port"] == 1
    assert node["tree"]["name"] == "Keep"
    assert node["tree"]["bound"]["id"] == "/%/port/#/fs/web"
    last = node["tree"]["tree"]
    assert last["bound"]["id"] == "/%/keep/%/port/#/fs/web"
    assert last["bound"]["addr"]["addrs"][0]["port"] == 4141
    assert json.dumps(tree).count('"transformation"') == 4


def test_explanations_go_through_delegates():
    subject = transform_interpreter(plain(), [port_4141()])
    tree = subject.delegate(Dtab.parse("/svc => /#/fs/web"), Path.parse("/svc")).sample().value
    assert tree_json(tree)["delegate"]["type"] == "transformation"


def test_an_interpreter_with_a_replacement_cannot_explain():
    for transform in (constant, replace):
        made = transform_interpreter(plain(), [port_4141(), transform(ONE, ONE, bind)])
        assert not isinstance(made, Delegator)


def test_an_interpreter_that_cannot_explain_still_cannot_behind_transformers():
    class Silent:
        def bind(self, dtab, path):
            return Activity.value(NEG)

    assert not isinstance(transform_interpreter(Silent(), [keeping()]), Delegator)


@given(st.ip_addresses(v=4), st.ip_addresses(v=4), st.integers(0, 32))
def test_local_is_an_equivalence_that_wider_masks_keep(one, other, bits):
    def mask(length):
        value = (0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF
        return Netmask(".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0)))

    assert mask(bits).local(str(one), str(one))
    if bits and mask(bits).local(str(one), str(other)):
        assert mask(bits - 1).local(str(one), str(other))
