"""What the metrics tell of sessions."""

import pytest

A = "10.0.0.1:3306"


def test_bytes_count_while_they_flow(mesh):
    caller, backend = mesh.session()
    caller.send(b"x" * 100)
    backend.send(b"y" * 30)
    inward, outward = mesh.figures("server"), mesh.figures("client")
    assert (inward["received_bytes"], inward["sent_bytes"]) == (100, 30)
    assert (outward["received_bytes"], outward["sent_bytes"]) == (30, 100)
    caller.send(b"x")
    assert mesh.figures("server")["received_bytes"] == 101
    assert mesh.figures("service")["received_bytes"] == 101


def test_first_bytes_count_too(mesh):
    caller = mesh.caller(turn=False)
    caller.transport.receive(b"x" * 100)
    mesh.turn()
    assert mesh.figures("server")["received_bytes"] == 100
    assert mesh.figures("client")["sent_bytes"] == 100
    assert caller.open


def test_an_open_session_is_a_connection_and_no_request_yet(mesh):
    mesh.session()
    for scope in ("server", "service", "client"):
        assert mesh.gauges(scope)["connections"] == 1
        assert "pending" not in mesh.gauges(scope)
        assert mesh.figures(scope)["connects"] == 1
        assert "requests" not in mesh.figures(scope)


def test_one_without_its_endpoint_is_pending(play):
    mesh = play()
    mesh.caller()
    assert mesh.gauges("server") == {"pending": 1, "connections": 1}


@pytest.mark.parametrize("scope", ["server", "service", "client"])
def test_a_session_that_is_over_is_one_request(mesh, scope):
    caller, backend = mesh.session()
    caller.send(b"x" * 10)
    backend.send(b"y" * 20)
    mesh.wait(2)
    caller.hang_up()
    backend.hang_up()
    found = mesh.figures(scope)
    assert (found["requests"], found["success"], found["closes"]) == (1, 1, 1)
    assert mesh.gauges(scope) == {} or "connections" not in mesh.gauges(scope)
    sizes = (20, 10) if scope == "client" else (10, 20)
    assert mesh.samples(scope, "connection_received_bytes") == (1, sizes[0])
    assert mesh.samples(scope, "connection_sent_bytes") == (1, sizes[1])
    count, duration = mesh.samples(scope, "connection_duration")
    assert (count, duration // 10) == (1, 202)


def test_how_long_callers_wait_for_their_endpoint(play):
    mesh = play()
    mesh.caller()
    mesh.wait(1)
    mesh.bind("/svc/db", A)
    for name in ("connect_latency_ms", "request_latency_ms"):
        assert mesh.samples("server", name) == (1, 1020), name
        assert mesh.samples("service", name) == (1, 1020), name
    assert mesh.samples("client", "connect_latency_ms") == (1, 0)


def test_failed_connects_count_by_cause(play):
    mesh = play(client={"connectTimeoutMs": 100, "failureAccrual": {"kind": "none"}})
    mesh.bind("/svc/db", A)
    mesh.network.refusing.add(A)
    mesh.caller()
    mesh.network.refusing.clear()
    mesh.network.silent.add(A)
    mesh.caller()
    for _ in range(5):
        mesh.wait(0.1)
    found = mesh.figures("client")
    assert found["connect_failures/refused"] == mesh.tried.count(A) / 2
    assert found["connect_failures/timeout"] == mesh.tried.count(A) / 2
    assert mesh.samples("client", "failed_connect_latency_ms")[0] == mesh.tried.count(A)
    assert mesh.figures("server")["failures"] == 2
