"""Figures: what each scope has counted after a request of each kind."""

from linkerpy.naming.nametree import NEG
from tests.protocol.http.playbook import answer, get

FINAGLE = "com.twitter.finagle."
FAILED = f"failures/{FINAGLE}service.ResponseClassificationSyntheticException"


def requests(mesh, scope):
    """requests, success, failures of a scope."""
    found = mesh.counters(scope)
    return tuple(found.get(name, 0) for name in ("requests", "success", "failures"))


def serve(mesh, client, status):
    client.send(get())
    mesh.backend().serve(answer(status=status))
    return client.response()


def test_a_success_counts_everywhere(mesh):
    serve(mesh, mesh.client(), "200 OK")
    for scope in ("server", "service", "client"):
        assert requests(mesh, scope) == (1, 1, 0)
        assert mesh.samples(scope, "request_latency_ms") == 1
    assert mesh.counters("client")["service/svc/web/success"] == 1
    for scope in ("server", "client"):
        found = mesh.counters(scope)
        assert (found["status/200"], found["status/2XX"]) == (1, 1)
        assert mesh.samples(scope, "time/2XX") == 1


def test_a_5xx_is_a_failure(mesh):
    client = mesh.client()
    serve(mesh, client, "200 OK")
    assert serve(mesh, client, "500 No").status == 500
    for scope in ("server", "service", "client"):
        assert requests(mesh, scope) == (2, 1, 1)
        assert mesh.counters(scope)[FAILED] == 1
    assert mesh.counters("client")["service/svc/web/failures"] == 1
    assert mesh.counters("server")["status/500"] == 1


def test_a_404_is_a_success(mesh):
    serve(mesh, mesh.client(), "404 No")
    for scope in ("server", "client"):
        assert requests(mesh, scope) == (1, 1, 0)
        assert mesh.counters(scope)["status/404"] == mesh.counters(scope)["status/4XX"] == 1
        assert mesh.samples(scope, "time/4XX") == 1


def test_a_backend_that_closes_is_a_failure_and_a_502(mesh):
    client = mesh.client()
    client.send(get())
    mesh.backend().hang_up()
    assert client.response().status == 502
    for scope in ("server", "service", "client"):
        assert requests(mesh, scope) == (1, 0, 1)
        assert mesh.counters(scope)[f"failures/{FINAGLE}ChannelClosedException"] == 1
    assert mesh.counters("server")["status/502"] == 1
    found = mesh.counters("client")
    assert found["status/error"] == 1
    assert "status/5XX" not in found
    assert mesh.samples("client", "time/error") == 1


def test_a_refused_connection_has_its_names(play):
    mesh = play()
    mesh.network.refusing.add("10.0.0.1:80")
    mesh.bind("/svc/web", "10.0.0.1:80")
    assert mesh.client().ask(get()).status == 502
    refused = f"failures/{FINAGLE}ConnectionFailedException"
    cause = "io.netty.channel.AbstractChannel$AnnotatedConnectException"
    found = mesh.counters("client")
    assert (found[refused], found[f"{refused}/{cause}"]) == (26, 26)
    assert found["retries/requeues"] == 25
    rich = f"failures/{FINAGLE}naming.buoyant.RichConnectionFailedExceptionWithPath"
    for scope in ("server", "service"):
        assert mesh.counters(scope)[rich] == 1
    assert mesh.samples("client", "failed_connect_latency_ms") == 26


def test_a_name_without_hosts_has_its_names(play):
    mesh = play()
    mesh.tree("/svc/web", NEG)
    mesh.client().ask(get())
    rich = f"failures/{FINAGLE}naming.buoyant.RichNoBrokersAvailableException"
    for scope in ("server", "service"):
        assert requests(mesh, scope) == (1, 0, 1)
        assert mesh.counters(scope)[rich] == 1


def test_a_request_without_a_name_counts_at_the_server_alone(mesh):
    mesh.client().ask("GET / HTTP/1.1\r\nHost:\r\n\r\n")
    found = mesh.counters("server")
    assert found["failures/io.buoyant.router.RoutingFactory$UnknownDst"] == 1
    assert (found["status/400"], found["status/4XX"]) == (1, 1)
    assert mesh.counters("service") == {}


def test_a_binding_timeout_has_its_names(play):
    mesh = play()
    client = mesh.client()
    client.send(get())
    mesh.wait(10.1)
    assert client.response().status == 502
    name = f"failures/{FINAGLE}RequestTimeoutException"
    for scope in ("server", "service"):
        found = mesh.counters(scope)
        assert found[name] == 1
        assert found[f"{name}/{FINAGLE}naming.buoyant.DynBoundTimeoutException"] == 1


def test_a_client_that_leaves_is_an_interruption_and_no_status(mesh):
    client = mesh.client()
    client.send(get())
    client.hang_up()
    for scope in ("server", "service", "client"):
        found = mesh.counters(scope)
        assert requests(mesh, scope) == (1, 0, 1)
        assert found["failures/interrupted"] == 1
        assert found[f"failures/interrupted/{FINAGLE}CancelledRequestException"] == 1
        assert not [name for name in found if name.startswith("status/")]


def test_bytes_and_connections_are_counted(mesh):
    client = mesh.client()
    client.send(get())
    backend = mesh.backend()
    backend.send(answer(b"ok"))
    server, upstream = mesh.counters("server"), mesh.counters("client")
    assert server["received_bytes"] == client.transport.delivered
    assert server["sent_bytes"] == len(client.transport.seen)
    assert upstream["sent_bytes"] == len(backend.transport.seen)
    assert upstream["received_bytes"] == backend.transport.delivered
    client.hang_up()
    assert (server["connects"], mesh.counters("server")["closes"]) == (1, 1)


def test_local_dtabs_leave_nothing_in_the_figures_of_a_busy_name(play):
    mesh = play(paths=2)
    mesh.bind("/svc/web", "10.0.0.1:80")
    busy, other = mesh.client(), mesh.client()
    busy.send(get())
    for index in range(20):
        other.send(get(l5d_dtab=f"/x => /{index}"))
        mesh.backend().serve()
        assert other.response().status == 200
    mesh.backend(0).serve()
    gauges = mesh.router.metrics.scope("service", "svc/web").node.children["pending"].metric
    assert len(gauges._readers) <= 2
