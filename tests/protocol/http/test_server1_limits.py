"""How long a client's connection may idle and live, and how many requests are let in."""

import pytest

from tests.protocol.http.playbook import answer, chunk, get, post


@pytest.fixture
def play_web(play):
    def start(**options):
        mesh = play(**options)
        mesh.bind("/svc/web", "10.0.0.1:80")
        return mesh

    return start


def serve(mesh, client):
    client.send(get())
    mesh.backend().serve()
    return client.response()


@pytest.mark.parametrize("asked_before", [0, 1, 2])
def test_a_connection_that_idles_too_long_is_closed(play_web, asked_before):
    mesh = play_web(wire={"idle_time": 5.0})
    client = mesh.client()
    for _ in range(asked_before):
        mesh.wait(4)
        assert serve(mesh, client).status == 200
    mesh.wait(4.9)
    assert client.open
    mesh.wait(0.2)
    assert not client.open
    assert mesh.counters("server")["idle"] == 1


def test_a_request_that_takes_long_is_no_idling(play_web):
    mesh = play_web(wire={"idle_time": 5.0})
    client = mesh.client()
    client.send(get())
    mesh.wait(60)
    mesh.backend().serve()
    assert client.response().status == 200
    assert client.open


def test_an_old_connection_closes_at_once_when_it_is_idle(play_web):
    mesh = play_web(wire={"life_time": 10.0})
    client = mesh.client()
    serve(mesh, client)
    mesh.wait(9.9)
    assert client.open
    mesh.wait(0.2)
    assert not client.open
    assert mesh.counters("server")["lifetime"] == 1


def test_an_old_connection_serves_what_it_has_begun_and_says_that_it_closes(play_web):
    mesh = play_web(wire={"life_time": 10.0})
    client = mesh.client()
    client.send(get())
    mesh.wait(11)
    mesh.backend().serve()
    reply = client.response()
    assert (reply.status, reply.get("Connection")) == (200, "close")
    assert not client.open


def test_one_request_too_many_is_refused_as_linkerd_does(play_web):
    mesh = play_web(server={"max_requests": 1})
    first, second = mesh.client(), mesh.client()
    first.send(get())
    reply = second.ask(get())
    assert reply.status == 503
    assert reply.get("finagle-http-nack") == "true"
    assert reply.get("Retry-After") == "0"
    assert reply.get("l5d-err") is None
    assert "is safe to retry" in reply.text
    mesh.backend().serve()
    assert first.response().status == 200
    assert serve(mesh, second).status == 200
    assert mesh.counters("server")["nacks"] == 1


def test_a_request_counts_until_its_response_has_ended(play_web):
    mesh = play_web(server={"max_requests": 1})
    first, second = mesh.client(), mesh.client()
    first.send(get())
    mesh.backend().request()
    mesh.backend().send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"a"))
    assert second.ask(get()).status == 503
    mesh.backend().send(b"0\r\n\r\n")
    assert serve(mesh, second).status == 200


@pytest.mark.parametrize("how", ["error", "leaves"])
def test_a_request_that_ends_otherwise_counts_no_more(play_web, how):
    mesh = play_web(server={"max_requests": 1})
    first, second = mesh.client(), mesh.client()
    first.send(post(b"x"))
    if how == "error":
        mesh.backend().hang_up()
        assert first.response().status == 502
    else:
        first.hang_up()
    second.send(get())
    mesh.backend().serve(answer(b"ok"))
    assert second.response().status == 200
