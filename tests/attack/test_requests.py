"""Every way known to slip a request past a proxy: what the client sees, what the backend got."""

import pytest

from tests.attack.corpus import EVIL, End
from tests.attack.requests_framing import FRAMING
from tests.attack.requests_heads import HEADS
from tests.attack.stage import PROBE, Stage, every, without_added
from tests.protocol.http.messages import read_message

CORPUS = FRAMING + HEADS


def rows(corpus):
    return [pytest.param(row, id=row.name) for row in corpus]


@pytest.fixture
def stage(play):
    return Stage(play())


@pytest.mark.parametrize("row", rows(CORPUS))
def test_an_attack_in_one_read(stage, row):
    stage.send(row.sent)
    assert stage.statuses == row.statuses
    assert stage.backend_bytes == row.backend
    check_end(stage, row)


@pytest.mark.parametrize("row", rows(row for row in CORPUS if not row.whole_only))
def test_an_attack_in_many_reads(stage, row):
    stage.send(row.sent, every(row.sent))
    assert final(stage.statuses) == final(row.statuses)
    assert [said(one) for one in stage.requests] == [said(one) for one in read_all(row.backend)]
    check_end(stage, row)


def check_end(stage, row):
    """Send one more request, and see what comes of it."""
    assert stage.closed == (row.end is End.CLOSED)
    if row.end is End.WAITING:
        stage.client.hang_up()
        stage.mesh.check_at_rest()
        if 200 not in row.statuses:  # a backend that has a part must not take it for the whole
            assert all(made.end == "aborted" for made in stage.mesh.network.made)
        return
    before = len(stage.requests)
    stage.send(PROBE)
    after = [request.start for request in stage.requests[before:]]
    assert after == (["GET /probe HTTP/1.1"] if row.end is End.OPEN else [])


def final(statuses):
    """Statuses but for `100 Continue`, which depends on when a body comes."""
    return [status for status in statuses if status != 100]


def read_all(data):
    """The whole requests in these bytes."""
    found = []
    while data and (one := read_message(data)) is not None:
        found.append(one[0])
        data = one[1]
    return found


def said(request):
    """What a request says, however its body is cut into chunks."""
    text = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    fields = without_added(text.encode("latin-1"))
    return request.start, fields, request.body, request.trailers


CONNECT = [
    b"CONNECT %b HTTP/1.1\r\nHost: web\r\n\r\n" % target
    for target in (b"admin:1", b"/", b"http://admin/")
]


@pytest.mark.parametrize("request_", CONNECT, ids=["authority", "path", "absolute"])
def test_connect_reaches_nobody(stage, request_):
    stage.send(request_)
    (status,) = stage.statuses
    assert 400 <= status < 500
    assert stage.backend_bytes == b""


@pytest.mark.parametrize("request_", CONNECT, ids=["authority", "path", "absolute"])
def test_nothing_behind_a_refused_connect_is_served(stage, request_):
    stage.send(request_ + EVIL)
    assert len(stage.statuses) == 1
    assert stage.closed
    assert stage.backend_bytes == b""


def test_every_row_has_a_name_of_its_own():
    names = [row.name for row in CORPUS]
    assert len(set(names)) == len(names)
