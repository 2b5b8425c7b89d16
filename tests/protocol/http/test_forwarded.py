"""`Forwarded`: what its lines say, and how long a label lives."""

from types import SimpleNamespace

import pytest
from twisted.internet.address import IPv4Address

from linkerpy.protocol.http.forwarded import add_forwarded
from tests.protocol.http.scripted import Asked, Scripted, request
from tests.support.names import vectors


class Counting:
    """Labels that can be told apart."""

    def __init__(self, *, each_request):
        self.each_request = each_request
        self.seen = []

    def label(self, end):
        self.seen.append(end)
        return b"_%d" % len(self.seen)


class Fixed:
    each_request = False

    def __init__(self, label):
        self._label = label.encode()

    def label(self, _end):
        return self._label


class Connection:
    """A connection, as far as labels are concerned."""

    def __init__(self, host="10.0.0.9", peer="10.9.9.9"):
        self.transport = SimpleNamespace(
            getHost=lambda: IPv4Address("TCP", host, 4140),
            getPeer=lambda: IPv4Address("TCP", peer, 50000),
        )


def ask(layer, connection, uri="/", headers=()):
    asked = request(headers=[(n.encode(), v.encode()) for n, v in headers])
    asked.uri = uri.encode()
    asked.ctx.connection = connection
    backend = Scripted(200)
    Asked(asked, layer, backend)
    (_, _, seen, _) = backend.seen[0]
    return [value.decode() for name, value in seen if name.lower() == b"forwarded"]


@pytest.mark.parametrize("row", vectors("forwarded"), ids=str)
def test_vectors(row):
    by, for_, uri, host, before, lines = row
    headers = [("Host", host)] if host is not None else []
    headers += [("Forwarded", value) for value in before]
    layer = add_forwarded(Fixed(by), Fixed(for_))
    assert ask(layer, Connection(), uri, headers) == lines


@pytest.mark.parametrize("by_each", [False, True])
@pytest.mark.parametrize("for_each", [False, True])
def test_a_label_lives_as_long_as_it_says(by_each, for_each):
    by, for_ = Counting(each_request=by_each), Counting(each_request=for_each)
    layer = add_forwarded(by, for_)
    one, other = Connection(), Connection(host="10.0.0.8", peer="10.9.9.8")
    seen = [ask(layer, each)[0] for each in (one, one, other, one)]
    by_labels = [1, 2, 3, 4] if by_each else [1, 1, 2, 1]
    for_labels = [1, 2, 3, 4] if for_each else [1, 1, 2, 1]
    assert seen == [f"by=_{b};for=_{f}" for b, f in zip(by_labels, for_labels, strict=True)]
    assert {end.host for end in by.seen} == {"10.0.0.9", "10.0.0.8"}
    assert {end.host for end in for_.seen} == {"10.9.9.9", "10.9.9.8"}
