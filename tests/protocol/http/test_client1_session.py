"""How long a connection to a backend may idle and live (`clientSession`)."""

import pytest

from tests.protocol.http.playbook import get


@pytest.fixture
def play_web(play):
    def start(**options):
        mesh = play(**options)
        mesh.bind("/svc/web", "10.0.0.1:80")
        return mesh

    return start


def serve(mesh, times=1):
    """So many requests at once, each on its own connection."""
    clients = [mesh.client() for _ in range(times)]
    for client in clients:
        client.send(get())
    mesh.backend()
    for backend in mesh.backends:
        if backend.open and backend.message() is not None:
            backend.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert [client.response().status for client in clients] == [200] * times
    for client in clients:
        client.hang_up()


def test_a_connection_that_idles_too_long_is_closed_and_counted(play_web):
    mesh = play_web(session={"idle_time": 5.0})
    serve(mesh)
    mesh.wait(4.9)
    assert mesh.backend().open
    mesh.wait(0.2)
    assert not mesh.backend().open
    assert mesh.counters("client")["idle"] == 1
    assert mesh.gauges("client")["pool_size"] == 0
    serve(mesh)
    assert mesh.connects == 2


def test_each_use_begins_the_idle_time_anew(play_web):
    mesh = play_web(session={"idle_time": 5.0})
    for _ in range(3):
        serve(mesh)
        mesh.wait(4)
    assert mesh.connects == 1
    mesh.wait(0.8)
    assert mesh.backend().open
    mesh.wait(0.4)
    assert not mesh.backend().open


def test_a_request_that_takes_long_is_no_idling(play_web):
    mesh = play_web(session={"idle_time": 5.0})
    client = mesh.client()
    client.send(get())
    mesh.wait(60)
    mesh.backend().serve()
    assert client.response().status == 200
    assert "idle" not in mesh.counters("client")


def test_connections_used_at_different_times_expire_at_different_times(play_web):
    mesh = play_web(session={"idle_time": 5.0})
    serve(mesh, 2)
    mesh.wait(3)
    serve(mesh)
    mesh.wait(2.2)
    assert mesh.gauges("client")["connections"] == 1
    mesh.wait(3)
    assert mesh.gauges("client")["connections"] == 0
    assert mesh.counters("client")["idle"] == 2


def test_idle_sessions_end_even_below_the_pools_min_size(play_web):
    mesh = play_web(session={"idle_time": 9.0}, pool={"min_size": 1, "idle_time": 5.0})
    serve(mesh, 3)
    mesh.wait(5.2)
    assert mesh.gauges("client")["connections"] == 1
    assert "idle" not in mesh.counters("client")
    mesh.wait(4)
    assert mesh.gauges("client")["connections"] == 0
    assert mesh.counters("client")["idle"] == 1


def test_min_size_connections_stay_open_however_long_nobody_uses_them(play_web):
    mesh = play_web(pool={"min_size": 2, "idle_time": 5.0})
    serve(mesh, 3)
    for _ in range(10):
        mesh.wait(5)
    assert mesh.gauges("client")["connections"] == 2
    serve(mesh, 4)
    assert mesh.connects == 5
    mesh.wait(5.2)
    assert mesh.gauges("client")["connections"] == 2


def test_a_surplus_connection_goes_at_once_where_no_idling_is_allowed(play_web):
    mesh = play_web(pool={"idle_time": 0.0})
    serve(mesh)
    mesh.wait(0.2)
    assert not mesh.backend().open


def test_an_old_connection_closes_at_once_when_it_is_idle(play_web):
    mesh = play_web(session={"life_time": 10.0})
    serve(mesh)
    mesh.wait(9.9)
    assert mesh.backend().open
    mesh.wait(0.2)
    assert not mesh.backend().open
    assert mesh.counters("client")["lifetime"] == 1
    assert mesh.gauges("client")["pool_size"] == 0


def test_an_old_connection_ends_its_exchange_and_is_not_lent_again(play_web):
    mesh = play_web(session={"life_time": 10.0})
    client = mesh.client()
    client.send(get())
    mesh.wait(11)
    assert mesh.counters("client")["lifetime"] == 1
    mesh.backend().serve()
    assert client.response().status == 200
    assert not mesh.backend().open
    client.send(get("/next"))
    mesh.backend().serve()
    assert client.response().status == 200
    assert mesh.connects == 2


def test_who_waits_gets_a_new_connection_when_the_old_one_has_lived_long_enough(play_web):
    mesh = play_web(session={"life_time": 5.0}, pool={"max_size": 1})
    clients = [mesh.client() for _ in range(2)]
    for client in clients:
        client.send(get())
    mesh.wait(6)
    for client in clients:
        mesh.backend().serve()
        assert client.response().status == 200
    assert mesh.connects == 2


def test_a_connection_that_closes_in_time_is_not_counted(play_web):
    mesh = play_web(session={"idle_time": 5.0, "life_time": 10.0})
    serve(mesh)
    mesh.backend().hang_up()
    mesh.wait(20)
    assert not {"idle", "lifetime"} & mesh.counters("client").keys()
