"""SystemNamer: the names below `/$/`."""

import pytest

from linkerpy.core.activity import Failed, Ok
from linkerpy.naming import nametree
from linkerpy.naming.addr import AddrFailed
from linkerpy.naming.bound import Bound
from linkerpy.naming.nametree import Leaf
from linkerpy.naming.path import Path
from tests.support.names import system_namer, vectors

NO_MATCH = ["ok", "~"]
DIFFERENCES = {
    "/$/io.buoyant.http.domainToPath/foo..io": NO_MATCH,
    "/$/io.buoyant.hostportPfx/ia/:80": NO_MATCH,
}
"""Where linkerd fails with an internal error and a name that does not fit just does not match."""


def result(path):
    match system_namer().lookup(Path.parse(path)).sample():
        case Ok(Leaf(Bound() as bound)):
            return ["ok", f"bound {bound.show()}"]
        case Ok(Leaf(Path() as further)):
            return ["ok", f"path {further.show()}"]
        case Ok(tree):
            return ["ok", nametree.show(tree)]
        case Failed(error):
            return ["failed", str(error)]


@pytest.mark.parametrize("row", vectors("system"), ids=lambda row: row[0])
def test_vector(row):
    path, *expected = row
    assert result(path) == DIFFERENCES.get(path, expected)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/$/inet/host/80/r", "bound /$/inet/host/80[/r]"),
        ("/$/inet/8080/9090", "bound /$/inet/8080/9090"),
        ("/$/inet/::1/80", "bound /$/inet/::1/80"),
        ("/$/inet/host/-1", "bound /$/inet/host/-1"),
        ("/$/fixedinet/host/80/r", "bound /$/fixedinet/host/80[/r]"),
        ("/$/io.buoyant.rinet/http/host", "bound /$/io.buoyant.rinet/http/host"),
        ("/$/com.twitter.finagle.namer.global/$/inet/h/80", "bound /$/inet/h/80"),
        ("/$/com.twitter.finagle.namer.global/x", "~"),
        ("/$", "~"),
        ("/svc/x", "~"),
        ("/", "~"),
    ],
)
def test_dispatch(path, expected):
    assert result(path) == ["ok", expected]


ZOOKEEPER = (
    "Namer com.twitter.serverset is not supported yet: it needs ZooKeeper "
    "(path: /$/com.twitter.serverset/h)"
)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/$/inet/h/99999999999", "Unknown namer: inet for path: /$/inet/h/99999999999"),
        ("/$/inet/h/4294967296", "Unknown namer: inet for path: /$/inet/h/4294967296"),
        ("/$/fixedinet/80", "Unknown namer: fixedinet for path: /$/fixedinet/80"),
        (
            "/$/com.twitter.finagle.namer.global/$/nope",
            "Unknown namer: nope for path: /$/com.twitter.finagle.namer.global/$/nope",
        ),
        (
            "/$/com.twitter.serverset/h",
            ZOOKEEPER,
        ),
    ],
)
def test_unknown_classes_fail(path, message):
    assert result(path) == ["failed", message]


def test_rinet_with_a_port_that_is_no_number_is_bound_to_a_failed_address():
    leaf = system_namer().lookup(Path.parse("/$/io.buoyant.rinet/http/h")).sample().value
    addr = leaf.value.addr.sample()
    assert isinstance(addr, AddrFailed)
    assert str(addr.error) == "not a port number: http"
