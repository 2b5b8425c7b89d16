"""Shutting down: what is under way finishes, nothing new begins."""

from tests.protocol.http.playbook import answer, get


def draining(mesh):
    told = []
    mesh.port.drain(lambda: told.append(True))
    mesh.turn()
    return told


def test_without_connections_draining_is_done_at_once(mesh):
    assert draining(mesh) == [True]


def test_idle_connections_close_at_once(mesh):
    client = mesh.client()
    client.send(get())
    mesh.backend().serve()
    assert draining(mesh) == [True]
    assert not client.open


def test_a_request_under_way_is_answered_and_its_connection_closed(mesh):
    client = mesh.client()
    client.send(get())
    told = draining(mesh)
    assert told == []
    mesh.backend().serve()
    assert client.response().get("Connection") == "close"
    assert told == [True]


def test_a_streamed_response_under_way_finishes(mesh):
    client = mesh.client()
    client.send(get())
    mesh.backend().send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
    told = draining(mesh)
    mesh.backend().send("cd")
    assert client.response().body == b"abcd"
    assert told == [True]


def test_a_slow_client_gets_its_response_to_the_end(mesh):
    client = mesh.client()
    client.send(get())
    client.stall()
    mesh.backend().send(answer(b"x" * 100_000))
    told = draining(mesh)
    assert told == []
    client.drain()
    assert len(client.response().body) == 100_000
    assert told == [True]


def test_aborting_ends_what_is_under_way(mesh):
    client = mesh.client()
    client.send(get())
    mesh.port.abort()
    mesh.turn()
    assert client.aborted
    assert mesh.backend().aborted
