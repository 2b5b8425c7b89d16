"""Shutting down: what is under way finishes, nothing new begins."""

import gc
import weakref

from linkerpy.core.errors import RouterError
from linkerpy.protocol.http.port import HttpPort
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


def test_a_request_whose_head_is_on_its_way_is_answered_too(mesh):
    client = mesh.client()
    head = get()
    client.send(head[:10])
    told = draining(mesh)
    assert told == []
    client.send(head[10:])
    mesh.backend().serve()
    assert client.response().get("Connection") == "close"
    assert told == [True]


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


class TestWindingDown:
    """Connections end when their clients have been told, and not before."""

    def begin(self, mesh):
        told = []
        mesh.port.wind_down(lambda: told.append(True))
        mesh.turn()
        return told

    def test_an_idle_connection_has_one_more_request(self, mesh):
        client = mesh.client()
        client.send(get())
        mesh.backend().serve()
        assert client.response().get("Connection") is None
        told = self.begin(mesh)
        assert client.open
        client.send(get())
        mesh.backend().serve()
        assert client.response().get("Connection") == "close"
        assert not client.open
        assert told == [True]

    def test_a_response_that_had_begun_is_not_the_last(self, mesh):
        client = mesh.client()
        client.send(get())
        mesh.backend().send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
        told = self.begin(mesh)
        mesh.backend().send("cd")
        assert client.response().get("Connection") is None
        assert client.open
        assert told == []
        client.send(get())
        mesh.backend().serve()
        assert client.response().get("Connection") == "close"
        assert told == [True]

    def test_idle_connections_may_be_closed_later(self, mesh):
        client = mesh.client()
        told = self.begin(mesh)
        assert told == []
        mesh.port.close_idle()
        mesh.turn()
        assert not client.open
        assert told == [True]


class TestAnHeir:
    """Another port goes on with the connections."""

    def port(self, mesh, metrics=None):
        """A port whose stack answers by itself."""

        async def answered(_request):
            return bare(mesh)

        def bare(mesh):
            response = mesh.port.report(RouterError("the heir"))
            response.status = 299
            return response

        return HttpPort(answered, mesh.port.wire, mesh.env.timers, metrics or mesh.server_metrics)

    def test_the_next_request_of_a_connection_is_the_heirs(self, mesh):
        client = mesh.client()
        client.send(get())
        heir = self.port(mesh)
        heir.adopt(mesh.port)
        mesh.backend().serve()
        assert client.response().status == 200
        client.send(get())
        assert client.response().status == 299
        client.hang_up()
        assert heir.connections == mesh.port.connections == set()

    def test_who_has_given_all_away_is_idle(self, mesh):
        client = mesh.client()
        self.port(mesh).adopt(mesh.port)
        assert draining(mesh) == [True]
        assert client.open

    def test_a_handshake_that_ends_late_is_the_heirs(self, mesh):
        heir = self.port(mesh)
        heir.adopt(mesh.port)
        assert mesh.port.buildProtocol(None).port is heir

    def test_what_was_in_between_is_forgotten_while_its_connections_live(self, mesh):
        client = mesh.client()
        mesh.server_metrics.claim()  # so that the counts outlive the port in between
        claim = mesh.server_metrics.claim()
        between = self.port(mesh, claim)
        between.adopt(mesh.port)
        last, forgotten = self.port(mesh), weakref.ref(between)
        last.adopt(between)
        claim.close()
        del between
        gc.collect()
        assert forgotten() is None
        assert mesh.port.buildProtocol(None).port is last
        client.send(get())
        assert client.response().status == 299
