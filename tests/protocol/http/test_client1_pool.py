"""Connections to one replica: how many, who waits for them, and when they close."""

from tests.protocol.http.playbook import answer, get


def several(play, count, **pool):
    """A mesh with a limited pool, and clients that have asked for /0, /1, …"""
    mesh = play(pool=pool)
    mesh.bind("/svc/web", "10.0.0.1:80")
    clients = [mesh.client() for _ in range(count)]
    for index, client in enumerate(clients):
        client.send(get(f"/{index}"))
    return mesh, clients


def test_requests_beyond_max_size_wait_and_are_served_in_order(play):
    mesh, clients = several(play, 4, max_size=1)
    assert mesh.connects == 1
    for index, client in enumerate(clients):
        assert mesh.backend().serve(answer(b"%d" % index)).start == f"GET /{index} HTTP/1.1"
        assert client.response().text == str(index)
    assert mesh.connects == 1
    assert mesh.counters("client")["pool_num_waited"] == 3


def test_requests_beyond_max_waiters_are_refused(play):
    mesh, clients = several(play, 3, max_size=1, max_waiters=1)
    response = clients[2].response()
    assert response.status == 502
    assert response.text == ("1 requests wait for a connection to 10.0.0.1:80 already (maxWaiters)")
    assert mesh.counters("client")["pool_num_too_many_waiters"] == 1
    for client in clients[:2]:
        mesh.backend().serve()
        assert client.response().status == 200


def test_one_who_waits_is_served_when_a_connection_closes(play):
    mesh, clients = several(play, 2, max_size=1)
    mesh.backend().serve(answer(Connection="close"))
    assert mesh.connects == 2
    mesh.backend().serve()
    assert [client.response().status for client in clients] == [200, 200]


def test_one_who_waits_is_served_when_connecting_fails(play):
    mesh = play(pool={"max_size": 1})
    mesh.network.silent.add("10.0.0.1:80")
    mesh.bind("/svc/web", "10.0.0.1:80")
    clients = [mesh.client() for _ in range(2)]
    for client in clients:
        client.send(get())
    mesh.network.silent.clear()
    mesh.wait(1)
    for client in reversed(clients):  # the first goes to the end of the queue
        mesh.backend().serve()
        assert client.response().status == 200


def test_one_who_waits_and_leaves_makes_room_for_the_next(play):
    mesh, clients = several(play, 3, max_size=1)
    clients[1].hang_up()
    for client in (clients[0], clients[2]):
        mesh.backend().serve()
        assert client.response().status == 200


def test_one_whose_connection_is_given_up_makes_room_for_the_next(play):
    mesh, clients = several(play, 2, max_size=1)
    clients[0].hang_up()
    mesh.backend().serve()
    assert clients[1].response().status == 200
    assert mesh.connects == 2


def test_nobody_waits_longer_than_the_binding_timeout(play):
    mesh, clients = several(play, 2, max_size=1)
    mesh.wait(9.9)
    assert clients[1].rest() == b""
    mesh.wait(0.2)
    response = clients[1].response()
    assert response.status == 502
    assert response.text == (
        "Exceeded 10.seconds binding timeout while connecting to /#/io.l5d.fs/web "
        "for name: /svc/web"
    )
    assert mesh.gauges("client")["pool_waiters"] == 0


def test_connecting_counts_against_the_binding_timeout(play):
    mesh = play(wire={"connect_timeout": 60.0})
    mesh.network.silent.add("10.0.0.1:80")
    mesh.bind("/svc/web", "10.0.0.1:80")
    client = mesh.client()
    client.send(get())
    mesh.wait(10)
    assert client.response().text == (
        "Exceeded 10.seconds binding timeout while connecting to /#/io.l5d.fs/web "
        "for name: /svc/web"
    )


def test_those_who_wait_for_an_address_that_goes_are_served_before_it_closes(play):
    mesh, clients = several(play, 3, max_size=1)
    mesh.addresses("/#/io.l5d.fs/web", "10.0.0.2:80")
    for client in clients:
        mesh.backend().serve()
        assert client.response().status == 200
    assert mesh.connects == 1
    assert not mesh.backend().open


def test_the_connection_used_last_is_lent_first(play):
    mesh, clients = several(play, 2)
    for index in (1, 0):
        mesh.backend(index).serve()
    clients[0].send(get("/again"))
    assert mesh.backend(1).rest().count(b"GET") == 0
    assert mesh.backend(0).request().start == "GET /again HTTP/1.1"
    mesh.backend(0).send(answer())


def test_idle_connections_close_after_their_time_down_to_min_size(play):
    mesh, _ = several(play, 3, idle_time=5.0, min_size=1)
    for index in range(3):
        mesh.backend(index).serve()
    mesh.wait(4.9)
    assert [mesh.backend(index).open for index in range(3)] == [True] * 3
    mesh.wait(0.2)
    assert sorted(mesh.backend(index).open for index in range(3)) == [False, False, True]
    assert mesh.gauges("client")["connections"] == 1
    assert mesh.gauges("client")["pool_cached"] == 1


def test_a_connection_in_use_is_not_idle(play):
    mesh, clients = several(play, 1, idle_time=5.0)
    mesh.backend().serve()
    mesh.wait(3)
    clients[0].send(get())
    mesh.wait(30)
    assert mesh.backend().open
    mesh.backend().serve()
    mesh.wait(11)
    assert not mesh.backend().open


def test_figures_of_the_pool_while_it_works(play):
    mesh, _ = several(play, 3, max_size=2)
    gauges = mesh.gauges("client")
    assert (gauges["connections"], gauges["pool_size"], gauges["pool_cached"]) == (2, 2, 0)
    assert (gauges["pool_waiters"], gauges["pending"], gauges["loadbalancer/load"]) == (1, 3, 3)
    assert mesh.gauges("server")["pending"] == 3
    assert mesh.gauges("server")["connections"] == 3
    for index in (0, 1, 0):
        mesh.backend(index).serve()
    gauges = mesh.gauges("client")
    assert (gauges["pool_cached"], gauges["pool_waiters"], gauges["pending"]) == (2, 0, 0)
