"""The end of a router: sessions may end by themselves, for a while."""

import pytest


@pytest.fixture
def idle():
    """What is called once nothing is left."""
    return []


def test_without_sessions_a_router_is_idle_at_once(mesh, idle):
    mesh.running.drain(lambda: idle.append(1))
    assert idle == [1]


def test_a_session_goes_on_until_it_ends(mesh, idle):
    caller, backend = mesh.session()
    mesh.running.drain(lambda: idle.append(1))
    caller.send(b"commit")
    assert backend.heard == b"commit"
    backend.hang_up()
    assert idle == []
    caller.hang_up()
    assert idle == [1]


def test_one_that_is_being_opened_goes_on_too(play, idle):
    mesh = play()
    caller = mesh.caller()
    mesh.running.drain(lambda: idle.append(1))
    mesh.bind("/svc/db", "10.0.0.1:3306")
    mesh.backend().send(b"welcome")
    assert caller.heard == b"welcome"
    assert idle == []


def test_one_that_was_still_to_begin_is_closed(play, idle):
    mesh = play(server={"maxConcurrency": 1})
    mesh.bind("/svc/db", "10.0.0.1:3306")
    first, second = mesh.caller(turn=False), mesh.caller(turn=False)
    mesh.turn()
    mesh.running.drain(lambda: idle.append(1))
    mesh.turn()
    assert first.open
    assert not second.open
    first.reset()
    assert idle == [1]


def test_what_has_not_ended_when_time_is_up_is_broken_off_and_no_failure(mesh, idle):
    caller, backend = mesh.session()
    mesh.running.drain(lambda: idle.append(1))
    mesh.running.close()
    mesh.turn()
    assert not caller.open
    assert not backend.open
    assert idle == [1]


def test_breaking_off_is_nobodys_failure(mesh):
    mesh.session()
    mesh.port.abort()
    mesh.turn()
    assert mesh.figures("server")["success"] == 1
    assert "failures" not in mesh.figures("server")


def test_a_router_with_several_servers_is_idle_when_all_are(play, idle):
    mesh = play(servers=[{"port": 3306, "dstName": "/svc/db"}, {"port": 3307}])
    mesh.bind("/svc/db", "10.0.0.1:3306")
    caller, _ = mesh.session()
    mesh.running.drain(lambda: idle.append(1))
    assert idle == []
    caller.reset()
    assert idle == [1]
