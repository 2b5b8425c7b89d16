"""A session from its caller's first packet to its last."""

import pytest

from linkerpy.core.activity import Ok
from linkerpy.naming.nametree import NEG


def test_what_either_side_says_the_other_hears(mesh):
    caller, backend = mesh.session()
    backend.send(b"5.5.5-server")
    caller.send(b"login")
    assert (caller.heard, backend.heard) == (b"5.5.5-server", b"login")


def test_what_a_caller_says_before_there_is_an_endpoint_is_kept(play):
    mesh = play()
    caller = mesh.caller()
    caller.send(b"hello, ")
    assert not caller.read_from
    caller.send(b"world")
    mesh.bind("/svc/db", "10.0.0.1:3306")
    assert mesh.backend().heard == b"hello, world"
    assert caller.read_from


def test_each_direction_ends_by_itself(mesh):
    caller, backend = mesh.session()
    caller.send(b"question")
    caller.hang_up()
    assert (backend.heard, backend.hears_end) == (b"question", True)
    assert caller.open
    backend.send(b"answer")
    backend.hang_up()
    assert caller.heard == b"answer"
    assert not caller.open
    assert not backend.open
    assert mesh.figures("server")["success"] == 1


def test_a_caller_that_has_said_all_before_there_is_an_endpoint_gets_its_answer(play):
    mesh = play()
    caller = mesh.caller()
    caller.hang_up()
    assert caller.open
    mesh.bind("/svc/db", "10.0.0.1:3306")
    backend = mesh.backend()
    assert backend.hears_end
    backend.send(b"the time is now")
    backend.hang_up()
    assert caller.heard == b"the time is now"
    assert not caller.open


def test_a_caller_that_leaves_early_leaves_nothing(play):
    mesh = play()
    caller = mesh.caller()
    caller.reset()
    assert mesh.figures("server")["failures/interrupted"] == 1
    mesh.check_at_rest()


def test_a_caller_that_leaves_while_an_endpoint_is_called_cancels_that(mesh):
    mesh.network.silent.add("10.0.0.1:3306")
    caller = mesh.caller()
    caller.reset()
    assert [attempt.cancelled for attempt in mesh.network.attempts] == [True]
    assert mesh.figures("client")["cancelled_connects"] == 1


@pytest.mark.parametrize("side", ["caller", "backend"])
def test_who_breaks_off_is_known(mesh, side):
    caller, backend = mesh.session()
    (caller if side == "caller" else backend).reset()
    assert not caller.open
    assert not backend.open
    names = {
        "caller": "failures/interrupted/com.twitter.finagle.CancelledRequestException",
        "backend": "failures/com.twitter.finagle.ChannelClosedException",
    }
    for scope in ("server", "service", "client"):
        assert mesh.figures(scope)[names[side]] == 1


def test_a_name_that_leads_nowhere_closes_the_connection_and_says_so(play):
    mesh = play()
    mesh.names.tree("/svc/db").update(Ok(NEG))
    assert not mesh.caller().open
    assert mesh.figures("server")["failures"] == 1
    (line,) = mesh.logged
    assert line.startswith("127.0.0.1/3306: a connection was closed unserved: ")
    assert "/svc/db" in line


def test_a_namer_that_fails_closes_the_connection_and_says_so(play):
    mesh = play()
    mesh.fail("/svc/db", "zookeeper is on fire")
    assert not mesh.caller().open
    assert "zookeeper is on fire" in mesh.logged[0]


def test_a_name_that_nobody_binds_is_waited_for_so_long(play):
    mesh = play(bindingTimeoutMs=3000)
    caller = mesh.caller()
    mesh.wait(2.9)
    assert caller.open
    mesh.wait(0.2)
    assert not caller.open
    assert "Exceeded 3.seconds binding timeout while resolving name: /svc/db" in mesh.logged[0]


def test_such_lines_are_rare_however_many_connections_are_closed(play):
    mesh = play()
    mesh.fail("/svc/db", "no")
    for _ in range(50):
        mesh.caller()
    assert len(mesh.logged) == 1
    mesh.wait(1.1)
    mesh.caller()
    assert mesh.logged[1].endswith("(49 more since the last such line)")
    assert mesh.figures("server")["failures"] == 51


def test_a_server_without_a_name_goes_by_its_port(play):
    mesh = play(servers=[{"port": 3306}])
    mesh.bind("/svc/3306", "10.0.0.1:3306")
    caller, backend = mesh.session()
    backend.send(b"hello")
    assert caller.heard == b"hello"


def test_such_a_name_begins_with_the_routers_prefix(play):
    mesh = play(servers=[{"port": 3306}], dstPrefix="/db/ports")
    mesh.bind("/db/ports/3306", "10.0.0.1:3306")
    assert mesh.session()[1].open


def test_a_slow_caller_slows_its_endpoint(mesh):
    caller, backend = mesh.session()
    caller.transport.stall()
    backend.send(b"much")
    assert not backend.read_from
    caller.transport.drain()
    mesh.turn()
    assert backend.read_from
    assert caller.heard == b"much"
