import json

import pytest

from linkerpy.core.activity import Ok
from linkerpy.core.var import Source
from linkerpy.naming import nametree
from linkerpy.naming.addr import (
    ADDR_NEG,
    ADDR_PENDING,
    AddrBound,
    Address,
    AddrFailed,
)
from linkerpy.naming.delegate import explain
from linkerpy.naming.delegate_json import addr_json, tree_json
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.namerd_json import (
    NamerdAnswerError,
    read_addr,
    read_bound_tree,
    read_delegation,
)
from linkerpy.naming.nametree import NEG
from linkerpy.naming.path import Path


def bound_leaf(bound_id, rest="/"):
    return {"type": "leaf", "bound": {"addr": {"type": "pending"}, "id": bound_id, "path": rest}}


def read(tree):
    asked = []

    def addr_of(bound_id):
        asked.append(bound_id.show())
        return Source(ADDR_PENDING)

    return nametree.show(read_bound_tree(tree, addr_of)), asked


def test_an_address_has_its_weight_and_other_metadata():
    meta = {"endpoint_addr_weight": 2, "nodeName": "n1", "x": {"deep": [1]}}
    value = {"type": "bound", "addrs": [{"ip": "10.0.0.1", "port": 8080, "meta": meta}]}
    addr = read_addr(value)
    (address,) = addr.addresses
    assert (address.show(), address.weight) == ("10.0.0.1:8080", 2.0)
    assert dict(address.meta)["nodeName"] == "n1"
    assert dict(address.meta)["x"] == '{"deep": [1]}'
    assert hash(addr)


def test_metadata_is_optional_and_that_of_all_replicas_is_kept():
    value = {"type": "bound", "addrs": [{"ip": "::1", "port": 1}], "meta": {"authority": "web"}}
    assert read_addr(value) == AddrBound(frozenset([Address("::1", 1)]), (("authority", "web"),))


def test_of_two_replicas_in_one_place_the_first_counts():
    twice = [{"ip": "10.0.0.1", "port": 1, "meta": {"endpoint_addr_weight": w}} for w in (2, "3")]
    (address,) = read_addr({"type": "bound", "addrs": twice}).addresses
    assert address.weight == 2.0


@pytest.mark.parametrize(
    ("value", "addr"),
    [
        ({"type": "neg"}, ADDR_NEG),
        ({"type": "pending"}, ADDR_PENDING),
        ({"type": "bound", "addrs": [], "meta": {}}, AddrBound(frozenset())),
    ],
)
def test_the_other_states_of_an_address(value, addr):
    assert read_addr(value) == addr


def test_a_failed_address_says_why():
    addr = read_addr({"type": "failed", "cause": "no consul"})
    assert isinstance(addr, AddrFailed)
    assert str(addr.error) == "no consul"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "an object with a `type` was expected: null"),
        ([], "an object with a `type`"),
        ({"type": "odd"}, "no such type of address: 'odd'"),
        ({"type": "bound"}, "`addrs` is no list: null"),
        ({"type": "bound", "addrs": [{"ip": "web", "port": 1}]}, "not an ip and a port"),
        ({"type": "bound", "addrs": [{"ip": "10.0.0.1", "port": "1"}]}, "not an ip and a port"),
        ({"type": "bound", "addrs": [{"ip": "10.0.0.1", "port": True}]}, "not an ip and a port"),
        ({"type": "bound", "addrs": [{"ip": "10.0.0.1", "port": 65536}]}, "not an ip and a port"),
        ({"type": "bound", "addrs": [7]}, "not an ip and a port: 7"),
        ({"type": "bound", "addrs": [], "meta": []}, "`meta` is no object"),
    ],
)
def test_what_is_no_address_is_refused_with_what_it_is(value, text):
    with pytest.raises(NamerdAnswerError) as caught:
        read_addr(value)
    assert text in str(caught.value)


@pytest.mark.parametrize("weight", [-1, True, None, "heavy", "inf", 1e999, [1]])
def test_a_weight_that_is_none_is_refused(weight):
    meta = {"endpoint_addr_weight": weight}
    with pytest.raises(NamerdAnswerError, match="not a weight"):
        read_addr({"type": "bound", "addrs": [{"ip": "10.0.0.1", "port": 1, "meta": meta}]})


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (bound_leaf("/#/io.l5d.fs/web"), "/#/io.l5d.fs/web"),
        (bound_leaf("/#/io.l5d.fs/web", "/rest"), "/#/io.l5d.fs/web[/rest]"),
        ({"type": "alt", "alt": [bound_leaf("/#/a"), {"type": "neg"}]}, "/#/a | ~"),
        (
            {
                "type": "union",
                "union": [
                    {"weight": 0.9, "tree": bound_leaf("/#/a")},
                    {"weight": 0.1, "tree": bound_leaf("/#/b")},
                ],
            },
            "0.90*/#/a & 0.10*/#/b",
        ),
        ({"type": "neg"}, "~"),
        ({"type": "fail"}, "!"),
        ({"type": "empty"}, "$"),
    ],
)
def test_a_bound_tree_is_read_in_its_shape(tree, text):
    shown, asked = read(tree)
    assert shown == text
    assert asked == [part for part in ("/#/io.l5d.fs/web", "/#/a", "/#/b") if part in text]


def deep(levels):
    tree = {"type": "neg"}
    for _ in range(levels):
        tree = {"type": "alt", "alt": [tree]}
    return tree


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        ({"type": "odd"}, "no such type of tree: 'odd'"),
        ({"type": "leaf"}, "a leaf without `bound`"),
        (bound_leaf("web"), 'not a path: "web"'),
        (bound_leaf("/#/a", 7), "not a path: 7"),
        ({"type": "union", "union": [7]}, "not a weight and a tree: 7"),
        ({"type": "union", "union": [{"weight": 1}]}, "an object with a `type`"),
        ({"type": "exception", "message": "no such namespace"}, "no such namespace"),
        (deep(52), "more than 50 trees in each other"),
    ],
)
def test_what_is_no_bound_tree_is_refused_with_what_it_is(tree, text):
    with pytest.raises(NamerdAnswerError) as caught:
        read(tree)
    assert text in str(caught.value)


DELEGATIONS = [
    '{"type":"neg","path":"/svc"}',
    (
        '{"type":"delegate","path":"/a","delegate":'
        '{"type":"neg","path":"~","dentry":{"prefix":"/a","dst":"~"}}}'
    ),
    '{"type":"fail","path":"!","dentry":{"prefix":"/a","dst":"!"}}',
    '{"type":"fail","path":"/$/fail/x"}',
    '{"type":"empty","path":"/$/nil"}',
    '{"type":"exception","path":"/x","message":"boom"}',
    (
        '{"type":"alt","path":"/a","alt":[{"type":"neg","path":"/b","dentry":'
        '{"prefix":"/a","dst":"/b"}},{"type":"leaf","path":"/$/inet/h/1","dentry":'
        '{"prefix":"/a","dst":"/$/inet/h/1 | /c"},"bound":{"addr":{"type":"bound","addrs":'
        '[{"ip":"10.0.0.1","port":1,"meta":{"endpoint_addr_weight":2.0}}],"meta":{}},'
        '"id":"/$/inet/h/1","path":"/rest"}}]}'
    ),
    (
        '{"type":"union","path":"/a","union":[{"weight":0.9,"tree":{"type":"neg","path":"/b"}},'
        '{"weight":0.1,"tree":{"type":"neg","path":"/c"}}]}'
    ),
    (
        '{"type":"transformation","path":"/a","name":"PortTransformer","bound":{"addr":'
        '{"type":"pending"},"id":"/#/a","path":"/"},"tree":{"type":"leaf","path":"/a","bound":'
        '{"addr":{"type":"failed","cause":"boom"},"id":"/%/p/#/a","path":"/"}}}'
    ),
]


@pytest.mark.parametrize("text", DELEGATIONS)
def test_a_delegation_is_read_so_that_it_prints_as_it_came(text):
    assert tree_json(read_delegation(json.loads(text))) == json.loads(text)


def test_what_we_explain_ourselves_is_read_back():
    dtab = Dtab.parse("/srv => /x; /host => /srv; /svc => /host; /svc/a => 1*/$/nil & 3*/b | !")
    for name in ("/svc/poop", "/svc/a/b"):
        activity = explain(dtab, Path.parse(name), lambda path, read: Ok(NEG))
        shown = tree_json(activity.sample().value)
        assert tree_json(read_delegation(json.loads(json.dumps(shown)))) == shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"type": "odd", "path": "/"}, "no such type of tree: 'odd'"),
        ({"type": "neg"}, "not a path: null"),
        ({"type": "neg", "path": "/", "dentry": 7}, "not a dentry: 7"),
        ({"type": "neg", "path": "/", "dentry": {"prefix": "/a"}}, "not a dentry"),
        ({"type": "neg", "path": "/", "dentry": {"prefix": "/a", "dst": "/b;/c=>/d"}}, "a dentry"),
    ],
)
def test_what_is_no_delegation_is_refused_with_what_it_is(value, text):
    with pytest.raises(NamerdAnswerError) as caught:
        read_delegation(value)
    assert text in str(caught.value)


def test_addresses_print_as_they_came():
    value = {"type": "bound", "addrs": [{"ip": "10.0.0.1", "port": 1, "meta": {}}], "meta": {}}
    assert addr_json(read_addr(value)) == value


def test_a_delegation_is_bounded_in_depth():
    tree = {"type": "neg", "path": "/"}
    for _ in range(300):
        tree = {"type": "delegate", "path": "/", "delegate": tree}
    with pytest.raises(NamerdAnswerError, match="more than 250"):
        read_delegation(tree)
