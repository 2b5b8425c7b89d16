"""Labelers: what each calls an end of a connection."""

import re
from random import Random

import pytest
from pydantic import ValidationError
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress

from linkerpy.app import schema
from linkerpy.config.kinds import REGISTRY
from linkerpy.protocol.http.forwarded import quoted

schema.install()


def labeler(kind, router="http", **keys):
    config = REGISTRY.find("labeler", kind).model_validate(
        {"kind": kind, **keys}, by_alias=True, by_name=False
    )
    return config.build(router, Random(3))


def v4(host, port=80):
    return IPv4Address("TCP", host, port)


def v6(host, port=80):
    return IPv6Address("TCP", host, port)


@pytest.mark.parametrize(
    ("end", "ip", "with_port"),
    [
        (v4("192.0.2.4"), "192.0.2.4", '"192.0.2.4:80"'),
        (
            v6("2001:db8:cafe::17"),
            '"[2001:db8:cafe:0:0:0:0:17]"',
            '"[2001:db8:cafe:0:0:0:0:17]:80"',
        ),
        (v6("fe80::1%eth0"), '"[fe80:0:0:0:0:0:0:1]"', '"[fe80:0:0:0:0:0:0:1]:80"'),
        (v6("::ffff:192.0.2.4"), "192.0.2.4", '"192.0.2.4:80"'),
        (v4("0.0.0.0"), "unknown", "unknown"),
        (v6("::"), "unknown", "unknown"),
        (UNIXAddress("/run/x"), "unknown", "unknown"),
    ],
)
def test_addresses(end, ip, with_port):
    for kind, label in (("ip", ip), ("ip:port", with_port)):
        made = labeler(kind)
        assert not made.each_request
        assert quoted(made.label(end)).decode() == label


@pytest.mark.parametrize("kind", ["requestRandom", "connectionRandom"])
def test_random_labels_are_six_letters_or_digits_behind_an_underscore(kind):
    made = labeler(kind)
    assert made.each_request is (kind == "requestRandom")
    labels = {made.label(v4("192.0.2.4")) for _ in range(50)}
    assert len(labels) == 50
    assert all(re.fullmatch(rb"_[A-Za-z0-9]{6}", label) for label in labels)


@pytest.mark.parametrize(
    ("kind", "keys", "label"),
    [
        ("router", {"router": "int"}, "_int"),
        ("router", {"router": "a b"}, '"_a b"'),
        ("router", {"router": "a\r\nb"}, '"_a??b"'),
        ("static", {"label": "me"}, "_me"),
        ("static", {"label": "_me"}, "_me"),
        ("static", {"label": "8.8.8.8"}, "_8.8.8.8"),
    ],
)
def test_fixed_labels(kind, keys, label):
    made = labeler(kind, **keys)
    assert not made.each_request
    assert quoted(made.label(v4("192.0.2.4"))).decode() == label


def test_a_static_label_is_one_line():
    with pytest.raises(ValidationError, match="cannot hold control characters"):
        labeler("static", label="a\r\nb")
