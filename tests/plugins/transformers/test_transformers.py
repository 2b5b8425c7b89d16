"""Transformers: each kind's ids and addresses, from the spec's tables."""

import socket

import pytest

from linkerpy.core.activity import Activity, Ok
from linkerpy.core.var import Source
from linkerpy.naming import nametree
from linkerpy.naming.addr import ADDR_NEG, Address, bound
from linkerpy.naming.bound import Bound
from linkerpy.naming.nametree import NEG, Leaf
from linkerpy.naming.path import Path
from linkerpy.naming.transform import MapBound
from linkerpy.plugins.transformers.const import ConstConfig
from linkerpy.plugins.transformers.localhost import LocalhostConfig
from linkerpy.plugins.transformers.localnode import LocalNodeConfig
from linkerpy.plugins.transformers.port import PortConfig
from linkerpy.plugins.transformers.replace import ReplaceConfig
from linkerpy.plugins.transformers.specific_host import SpecificHostConfig
from tests.support.names import system_namer, vectors

KINDS = {
    config.KIND: config
    for config in (
        ConstConfig,
        LocalhostConfig,
        LocalNodeConfig,
        PortConfig,
        ReplaceConfig,
        SpecificHostConfig,
    )
}


def configure(keys):
    return KINDS[keys["kind"]].model_validate(keys)


def address(text):
    where, _, node = text.partition("@")
    ip, port = where.rsplit(":", 1)
    return Address(ip, int(port), (("nodeName", node),) if node else ())


def bind(path):
    return system_namer().lookup(path)


@pytest.mark.parametrize("row", vectors("transformers"), ids=lambda row: str(row[0]))
def test_addresses_and_ids(row, monkeypatch):
    keys, environ, before, prefix, after = row
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    addr = Source(bound(*map(address, before)))
    leaf = Leaf(Bound(Path.parse("/#/x"), addr, Path.parse("/r")))
    transform = configure(keys).build(None, bind)
    assert isinstance(transform, MapBound)
    changed = transform(leaf).sample().value.value
    assert changed.show() == f"{prefix}/#/x[/r]"
    expected = ADDR_NEG if after is None else bound(*map(address, after))
    assert changed.addr.sample() == expected
    assert transform(NEG).sample() == Ok(NEG)


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        ({"kind": "io.l5d.localhost"}, "SubnetLocalTransformer"),
        ({"kind": "io.l5d.specificHost", "host": "::1"}, "SubnetLocalTransformer"),
        ({"kind": "io.l5d.k8s.localnode"}, "SubnetLocalTransformer"),
        (
            {"kind": "io.l5d.k8s.localnode", "hostNetwork": True},
            "MetadataFiltertingNameTreeTransformer",
        ),
        ({"kind": "io.l5d.port", "port": 1}, "DelegatingNameTreeTransformer$"),
    ],
)
def test_explanations_use_linkerds_names(keys, name, monkeypatch):
    for variable in ("POD_IP", "NODE_NAME"):
        monkeypatch.setenv(variable, "10.0.0.1")
    config = configure(keys)
    assert config.delegates
    assert config.build(None, bind).name == name


WEB = Leaf(Bound(Path.parse("/#/io.l5d.fs/web"), Source(ADDR_NEG)))


@pytest.mark.parametrize(
    ("kind", "tree", "expected"),
    [
        ("const", NEG, "/%/io.l5d.const/$/inet/1.2.3.4/80"),
        ("const", WEB, "/%/io.l5d.const/$/inet/1.2.3.4/80"),
        ("replace", NEG, "~"),
        ("replace", WEB, "/%/io.l5d.replace/$/inet/1.2.3.4/80"),
    ],
)
def test_another_binding_instead(kind, tree, expected):
    config = configure({"kind": f"io.l5d.{kind}", "path": "/$/inet/1.2.3.4/80"})
    assert not config.delegates
    assert nametree.show(config.build(None, bind)(tree).sample().value) == expected


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "POD_IP env variable must be set to the pod's IP"),
        ({"hostNetwork": True}, "NODE_NAME env variable must be set to the node's name"),
    ],
)
def test_a_local_node_must_be_told_by_the_environment(keys, message, monkeypatch):
    for variable in ("POD_IP", "NODE_NAME"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ValueError, match=message):
        configure({"kind": "io.l5d.k8s.localnode", **keys}).build(None, bind)


def test_a_host_is_resolved_once_to_its_first_address(monkeypatch):
    answers = [(2, 1, 6, "", ("10.0.0.1", 0)), (2, 1, 6, "", ("10.0.0.2", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port: answers)
    transform = configure({"kind": "io.l5d.specificHost", "host": "h.example"}).build(None, bind)
    before = bound(Address("10.0.0.1", 80), Address("10.0.0.2", 80))
    assert transform.addr(before) == bound(Address("10.0.0.1", 80))


def test_a_host_that_cannot_be_resolved_stops_the_start(monkeypatch):
    def fail(host, port):
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    config = configure({"kind": "io.l5d.specificHost", "host": "nohost"})
    with pytest.raises(ValueError, match="cannot resolve host nohost: Name or service"):
        config.build(None, bind)


def test_the_replacement_may_be_pending():
    config = configure({"kind": "io.l5d.const", "path": "/#/x"})
    activity = config.build(None, lambda path: Activity.pending())(NEG)
    assert activity.sample() == Activity.pending().sample()
