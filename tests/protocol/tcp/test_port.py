"""What a listening port does with its callers when another takes its place."""

import pytest

from linkerpy.protocol.tcp.config import TcpRouter
from linkerpy.protocol.tcp.router import RunningTcpRouter

A = "10.0.0.1:3306"


class Listening:
    """A listening socket of the heir."""

    accepting = True

    def stopReading(self):
        self.accepting = False

    def startReading(self):
        self.accepting = True


@pytest.fixture
def heir(play):
    """Makes the port that takes the place of a mesh's own, with room for `most`."""
    routers = []

    def make(mesh, most):
        server = {"port": 3306, "dstName": "/svc/db", "maxConcurrency": most}
        keys = {"protocol": "tcp", "servers": [server]}
        config = TcpRouter.model_validate(keys, by_alias=True, by_name=False)
        routers.append(RunningTcpRouter(config, mesh.names, mesh.env))
        port = routers[-1].servers[0].port
        port.listening = [Listening()]
        return port

    yield make
    for router in routers:
        router.close()


@pytest.fixture
def full(play):
    """A mesh whose server has room for one: a session, and one who waits for it to end."""
    mesh = play(server={"maxConcurrency": 1})
    mesh.bind("/svc/db", A)
    first, second = mesh.caller(turn=False), mesh.caller(turn=False)
    mesh.turn()
    return mesh, first, second


def test_sessions_count_for_the_heir(play, heir):
    mesh = play()
    mesh.bind("/svc/db", A)
    caller = mesh.caller()
    port = heir(mesh, 1)
    port.adopt(mesh.port)
    assert not port.listening[0].accepting
    assert len(port.connections) == 1
    caller.reset()
    assert port.listening[0].accepting
    assert port.connections == mesh.port.connections == set()


def test_who_waited_begins_where_there_is_room(full, heir):
    mesh, first, second = full
    heir(mesh, 2).adopt(mesh.port)
    mesh.turn()
    assert len(mesh.tried) == 2
    assert first.open
    assert second.open


def test_who_waited_goes_on_waiting_where_there_is_none(full, heir):
    mesh, first, _second = full
    port = heir(mesh, 1)
    port.adopt(mesh.port)
    assert len(mesh.tried) == 1
    first.reset()
    mesh.turn()
    assert len(mesh.tried) == 2


def test_a_handshake_that_ends_late_is_the_heirs(full, heir):
    mesh, _, _ = full
    port = heir(mesh, 1)
    port.adopt(mesh.port)
    assert mesh.port.buildProtocol(None).port is port


def test_winding_down_serves_those_who_wait_too(full):
    mesh, first, second = full
    told = []
    mesh.port.wind_down(lambda: told.append(True))
    first.reset()
    mesh.turn()
    assert len(mesh.tried) == 2
    assert told == []
    second.reset()
    mesh.turn()
    assert told == [True]


def test_draining_closes_those_who_wait(full):
    mesh, first, second = full
    told = []
    mesh.port.drain(lambda: told.append(True))
    mesh.turn()
    assert not second.open
    assert told == []
    first.reset()
    mesh.turn()
    assert told == [True]
