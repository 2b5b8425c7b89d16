"""The access log: which lines there are, what they say, and when they are written."""

import pytest
from twisted.internet.task import Clock

from linkerpy.codec.fields import Fields
from linkerpy.codec.http import Request, Response
from linkerpy.core.clock import TimerWheel
from linkerpy.core.errors import ConnectionFailed
from linkerpy.protocol.http.access_log import AccessLog
from linkerpy.protocol.http.filters import origin_form
from linkerpy.router.dst import Context
from tests.protocol.http.scripted import Asked, Scripted, request
from tests.support.names import vectors

MOMENT = 1_452_115_286


class Written:
    """A log file in memory."""

    def __init__(self):
        self.batches = []
        self.users = 1

    def release(self):
        self.users -= 1

    def write(self, lines):
        self.batches.append([line.decode() for line in lines])

    @property
    def lines(self):
        return [line for batch in self.batches for line in batch]


class World:
    def __init__(self):
        self.clock = Clock()
        self.file = Written()
        self.now = MOMENT
        self.log = AccessLog(self.file, TimerWheel(self.clock), wall=lambda: self.now)

    def ask(self, outcome=200, asked=None):
        return Asked(asked or request(), self.log.logged, Scripted(outcome))


@pytest.fixture
def world():
    made = World()
    yield made
    made.log.close()
    assert made.file.users <= 0
    made.clock.advance(10)
    assert made.clock.getDelayedCalls() == []


def pairs(headers):
    return [(name.encode(), value.encode()) for name, value in headers.items()]


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("row", vectors("access_log"), ids=lambda row: row[-1])
def test_vectors(world, row, shared):
    method, uri, headers, peer, status, answered, line = row
    kind = Fields if shared else list
    asked = Request(method.encode(), uri.encode(), kind(pairs(headers)))
    asked.ctx = Context(peer)
    world.ask(Response(status, kind(pairs(answered))), asked)
    world.log.flush()
    assert world.file.lines == [line + "\n"]


def test_the_host_of_an_absolute_target_counts(world):
    asked = Request(b"GET", b"http://web/x", Fields([]))
    asked.ctx = Context("10.9.9.9:50000")
    Asked(asked, origin_form, world.log.logged, Scripted(200))
    world.log.flush()
    assert world.file.lines[0].startswith("web 10.9.9.9 - - ")
    assert '"GET /x HTTP/1.1"' in world.file.lines[0]


def test_what_fails_leaves_no_line(world):
    error = ConnectionFailed("refused")
    assert world.ask(error).error is error
    world.log.flush()
    assert world.file.lines == []


def test_lines_are_written_together_a_moment_later(world):
    for status in (200, 201):
        world.ask(status)
    assert world.file.batches == []
    world.clock.advance(0.2)
    assert [len(batch) for batch in world.file.batches] == [2]
    world.ask(202)
    world.clock.advance(0.2)
    assert [len(batch) for batch in world.file.batches] == [2, 1]
    assert [line.split(" ")[-4] for line in world.file.lines] == ["200", "201", "202"]


def test_a_line_tells_of_the_moment_of_the_response(world):
    for _ in range(3):
        world.ask()
        world.now += 0.9
    world.log.flush()
    assert [line.split(" GMT]")[0][-2:] for line in world.file.lines] == ["26", "26", "27"]


def test_what_happens_to_a_message_afterwards_does_not_show(world):
    response = Response(200, [(b"Content-Length", b"2")])
    world.ask(response)
    response.remove(b"content-length")
    response.status = 500
    world.log.flush()
    assert " 200 2 " in world.file.lines[0]


def test_the_rest_is_written_at_the_end(world):
    world.ask()
    world.log.close()
    assert len(world.file.lines) == 1
    world.clock.advance(1)
    assert len(world.file.batches) == 1
