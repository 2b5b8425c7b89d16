"""How many sessions there may be, how long they may be idle, and how long they may last."""

import pytest

A = "10.0.0.1:3306"


@pytest.fixture
def limited(play):
    """Makes a router of one replica, with such keys."""

    def make(**keys):
        mesh = play(**keys)
        mesh.bind("/svc/db", A)
        return mesh

    return make


# -- how many


def test_more_callers_than_allowed_wait_to_be_accepted(limited):
    mesh = limited(server={"maxConcurrency": 2})
    first, second = mesh.caller(), mesh.caller()
    assert not mesh.listening.accepting
    first.reset()
    assert mesh.listening.accepting
    assert second.open


def test_those_accepted_at_once_with_the_last_wait_their_turn(limited):
    mesh = limited(server={"maxConcurrency": 1})
    first, second, third = (mesh.caller(turn=False) for _ in range(3))
    mesh.turn()
    second.send(b"early")
    assert len(mesh.tried) == 1
    assert not second.read_from
    third.reset()
    first.reset()
    assert mesh.backend().heard == b"early"
    assert not mesh.listening.accepting
    second.reset()
    assert mesh.listening.accepting
    assert mesh.figures("server")["connects"] == 2


def test_a_caller_too_many_is_closed_where_none_may_wait(limited):
    mesh = limited(server={"maxConcurrentRequests": 1})
    first, second = mesh.caller(), mesh.caller()
    assert first.open
    assert not second.open
    assert mesh.figures("server")["nacks"] == 1
    assert "1 requests are being served already (maxConcurrentRequests)" in mesh.logged[0]
    first.reset()
    assert mesh.caller().open


def test_an_endpoint_has_so_many_sessions_and_the_next_waits(limited):
    mesh = limited(client={"hostConnectionPool": {"maxSize": 1}})
    first, second = mesh.caller(), mesh.caller()
    second.send(b"waiting")
    assert len(mesh.tried) == 1
    first.reset()
    assert mesh.backend().heard == b"waiting"
    assert mesh.figures("client")["pool_num_waited"] == 1


def test_one_that_waits_in_vain_is_closed(limited):
    mesh = limited(client={"hostConnectionPool": {"maxSize": 1}}, bindingTimeoutMs=2000)
    mesh.caller()
    second = mesh.caller()
    mesh.wait(2.1)
    assert not second.open
    assert "while connecting to /#/io.l5d.fs/db" in mesh.logged[0]


def test_one_that_leaves_while_it_waits_leaves_no_gap(limited):
    mesh = limited(client={"hostConnectionPool": {"maxSize": 1}})
    first, second, third = (mesh.caller() for _ in range(3))
    second.reset()
    third.send(b"third")
    first.reset()
    assert mesh.backend().heard == b"third"


def test_only_so_many_wait(limited):
    mesh = limited(client={"hostConnectionPool": {"maxSize": 1, "maxWaiters": 1}})
    _, second, third = (mesh.caller() for _ in range(3))
    assert second.open
    assert not third.open
    assert mesh.figures("client")["pool_num_too_many_waiters"] == 1
    assert "(maxWaiters)" in mesh.logged[0]


# -- how long


@pytest.mark.parametrize(
    ("keys", "scope"),
    [
        ({"server": {"serverSession": {"idleTimeMs": 4000}}}, "server"),
        ({"client": {"clientSession": {"idleTimeMs": 4000}}}, "client"),
        (
            {
                "server": {"serverSession": {"idleTimeMs": 60_000}},
                "client": {"clientSession": {"idleTimeMs": 4000}},
            },
            "client",
        ),
    ],
    ids=["server", "client", "the shorter of both"],
)
def test_a_session_in_which_nothing_moves_is_ended(limited, keys, scope):
    mesh = limited(**keys)
    caller, backend = mesh.session()
    for number in range(8):
        mesh.wait(1)
        (caller if number % 2 else backend).send(b"ping")
    assert caller.open
    for _ in range(4):
        assert caller.open
        mesh.wait(1)
    mesh.wait(1)
    assert not caller.open
    assert not backend.open
    assert mesh.figures(scope)["idle"] == 1
    assert "failures" not in mesh.figures("server")


@pytest.mark.parametrize(
    ("keys", "scope"),
    [
        ({"server": {"connectionLifetimeSecs": 10}}, "server"),
        ({"server": {"serverSession": {"lifeTimeMs": 10_000}}}, "server"),
        ({"client": {"clientSession": {"lifeTimeMs": 10_000}}}, "client"),
    ],
    ids=["connectionLifetimeSecs", "serverSession", "clientSession"],
)
def test_a_session_that_lasts_too_long_is_cut_however_busy(limited, keys, scope):
    mesh = limited(**keys)
    caller, _ = mesh.session()
    for _ in range(9):
        mesh.wait(1)
        caller.send(b"busy")
    assert caller.open
    mesh.wait(1)
    assert not caller.open
    assert mesh.figures(scope)["lifetime"] == 1
    assert mesh.figures("server")["success"] == 1


def test_a_session_that_ends_by_itself_leaves_no_timer(limited):
    mesh = limited(server={"serverSession": {"idleTimeMs": 4000, "lifeTimeMs": 9000}})
    mesh.session()[0].reset()
    mesh.wait(20)
    assert "idle" not in mesh.figures("server")
    assert "lifetime" not in mesh.figures("server")
