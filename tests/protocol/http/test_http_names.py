"""What a request gets while its name is unknown, when it leads nowhere, and when it changes."""

import pytest

from linkerpy.core.activity import PENDING
from linkerpy.naming.addr import ADDR_NEG, ADDR_PENDING, AddrFailed
from linkerpy.naming.nametree import EMPTY, FAIL, NEG
from tests.protocol.http.playbook import OK, answer, get

NOWHERE = """\
Unable to route request!

service name: /svc/web
dtab:

base dtab:
  /svc => /#/io.l5d.fs
override dtab:
{}
"""


@pytest.mark.parametrize("tree", [NEG, FAIL, EMPTY])
def test_a_name_that_leads_nowhere(play, tree):
    mesh = play()
    mesh.tree("/svc/web", tree)
    response = mesh.client().ask(get())
    assert response.status == 502
    assert response.text == NOWHERE.format("")
    assert response.get("l5d-err").startswith("Unable+to+route+request%21%0A%0Aservice+name%3A+%2F")
    assert response.names().isdisjoint({"via", "l5d-success-class", "l5d-retryable"})


@pytest.mark.parametrize("how", ["neg", "none"])
def test_a_name_without_replicas_leads_nowhere(play, how):
    mesh = play()
    mesh.bind("/svc/web")
    if how == "neg":
        mesh.names.addr("/#/io.l5d.fs/web").update(ADDR_NEG)
    else:
        mesh.addresses("/#/io.l5d.fs/web")
    response = mesh.client().ask(get(l5d_dtab="/a => /b ; /c => /d | /e"))
    assert response.status == 502
    assert response.text == NOWHERE.format("  /a => /b\n  /c => /d | /e")


def test_without_a_dtab_its_block_is_an_empty_line(play):
    mesh = play(dtab="")
    mesh.tree("/svc/web", NEG)
    assert mesh.client().ask(get()).text == (
        "Unable to route request!\n\nservice name: /svc/web\ndtab:\n\nbase dtab:\n\n"
        "override dtab:\n\n"
    )


@pytest.mark.parametrize("head", ["GET /x HTTP/1.1\r\nHost:\r\n\r\n", "GET /x HTTP/1.1\r\n\r\n"])
def test_a_request_that_names_nothing_is_a_400(mesh, head):
    response = mesh.client().ask(head)
    assert response.status == 400
    assert response.text == (
        'Unknown destination: Request("GET /x", from /10.9.9.9:50000) / Host header is absent'
    )
    assert response.get("l5d-err").startswith("Unknown+destination%3A+Request%28%22GET+%2Fx%22%2C+")
    assert mesh.connects == 0


@pytest.mark.parametrize("header", ["l5d-dtab", "l5d-ctx-dtab"])
def test_a_dtab_that_does_not_parse_is_a_400(mesh, header):
    response = mesh.client().ask(get(**{header: "/svc => {"}))
    assert response.status == 400
    assert response.text == "simple expected but '{' found at '/svc => [{]'"
    assert (
        response.get("l5d-err")
        == "simple+expected+but+%27%7B%27+found+at+%27%2Fsvc+%3D%3E+%5B%7B%5D%27"
    )


def test_a_failed_name_is_a_502_with_the_namers_words(play):
    mesh = play()
    mesh.fail("/svc/web", "no namer today")
    response = mesh.client().ask(get())
    assert (response.status, response.text) == (502, "no namer today")


def test_replicas_that_could_not_be_found_out_are_a_502(play):
    mesh = play()
    mesh.bind("/svc/web")
    mesh.names.addr("/#/io.l5d.fs/web").update(AddrFailed(RuntimeError("no DNS")))
    response = mesh.client().ask(get())
    assert (response.status, response.text) == (502, "no DNS")


@pytest.mark.parametrize(
    ("named", "told"),
    [
        (False, "resolving name: /svc/web"),
        (True, "connecting to /#/io.l5d.fs/web for name: /svc/web"),
    ],
)
def test_a_name_that_stays_pending_is_a_502_after_the_binding_timeout(play, named, told):
    mesh = play()
    if named:
        mesh.bind("/svc/web")
    client = mesh.client()
    client.send(get())
    mesh.wait(9.9)
    assert client.rest() == b""
    mesh.wait(0.2)
    response = client.response()
    assert response.status == 502
    assert response.text == f"Exceeded 10.seconds binding timeout while {told}"
    assert client.open


@pytest.mark.parametrize("named", [False, True])
def test_requests_wait_for_their_name_and_are_served_when_it_comes(play, named):
    mesh = play()
    if named:
        mesh.bind("/svc/web")
    clients = [mesh.client() for _ in range(2)]
    for client in clients:
        client.send(get())
    mesh.wait(9)
    mesh.bind("/svc/web", "10.0.0.1:80")
    for index, client in enumerate(clients):
        mesh.backend(index).serve()
        assert client.response().status == 200


def test_a_changed_name_moves_new_requests_and_lets_old_ones_finish(mesh):
    old, new = mesh.client(), mesh.client()
    old.send(get("/old"))
    before = mesh.backend()
    before.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
    mesh.bind("/svc/web", "10.0.0.2:80", id_="/#/io.l5d.fs/web2")
    new.send(get("/new"))
    assert mesh.backend().transport.peer.host == "10.0.0.2"
    mesh.backend().serve(answer(b"new"))
    assert new.response().body == b"new"
    before.send("cd")
    assert old.response().body == b"abcd"
    old.send(get("/again"))
    assert mesh.backend().serve().get("l5d-dst-client") == "/#/io.l5d.fs/web2"


def test_an_address_that_goes_is_drained(mesh):
    busy, other = mesh.client(), mesh.client()
    busy.send(get())
    mesh.addresses("/#/io.l5d.fs/web", "10.0.0.2:80")
    other.send(get())
    assert mesh.backend().transport.peer.host == "10.0.0.2"
    mesh.backend().serve()
    assert mesh.backend(0).open
    mesh.backend(0).serve()
    assert busy.response().status == 200
    assert not mesh.backend(0).open
    assert mesh.gauges("client")["connections"] == 1


def test_idle_connections_to_an_address_that_goes_close_at_once(mesh):
    client = mesh.client()
    client.send(get())
    mesh.backend().serve()
    mesh.addresses("/#/io.l5d.fs/web", "10.0.0.2:80")
    assert not mesh.backend().open


def test_an_address_that_comes_back_is_used_again(mesh):
    client = mesh.client()
    for addresses in ((), ("10.0.0.1:80",)):
        mesh.addresses("/#/io.l5d.fs/web", *addresses)
        client.send(get())
        if addresses:
            mesh.backend().serve()
        assert client.response().status == (200 if addresses else 502)


@pytest.mark.parametrize("failed", [False, True])
def test_a_known_name_outlives_its_namers_troubles(mesh, failed):
    client = mesh.client()
    client.send(get())
    mesh.backend().serve()
    assert client.response().status == 200
    if failed:
        mesh.fail("/svc/web", "gone")
        mesh.names.addr("/#/io.l5d.fs/web").update(AddrFailed(RuntimeError("gone")))
    else:
        mesh.names.tree("/svc/web").update(PENDING)
        mesh.names.addr("/#/io.l5d.fs/web").update(ADDR_PENDING)
    client.send(get())
    mesh.backend().serve()
    assert client.response().status == 200


def test_the_less_loaded_replica_gets_the_request(play):
    mesh = play()
    mesh.bind("/svc/web", "10.0.0.1:80", "10.0.0.2:80")
    clients = [mesh.client() for _ in range(10)]
    for client in clients:
        client.send(get())
    hosts = [transport.peer.host for transport in mesh.network.made]
    assert hosts.count("10.0.0.1") == hosts.count("10.0.0.2") == 5
    assert {endpoint.load for endpoint in mesh.endpoints()} == {5}
    for index in range(10):
        mesh.backend(index).send(OK)
    assert {endpoint.load for endpoint in mesh.endpoints()} == {0}


def test_a_name_that_nobody_asks_for_is_let_go(play):
    mesh = play(idle_ttl=600.0)
    for host in ("web", "other"):
        mesh.bind(f"/svc/{host}", f"10.0.0.{len(host)}:80")
        client = mesh.client()
        client.send(get(host=host))
        mesh.backend().serve()
        mesh.wait(1)
    mesh.wait(599)
    mesh.clock.pump([0.02])
    mesh.wait(600)
    assert len(mesh.router.paths) == len(mesh.router.clients) == 1
    assert sum(transport.lost for transport in mesh.network.made) == 1


def test_a_cache_that_is_full_of_work_serves_more_all_the_same(play):
    mesh = play(paths=1, trees=1, bounds=1, clients=1)
    hosts = ("web", "other", "third")
    clients = {host: mesh.client() for host in hosts}
    for host, client in clients.items():
        mesh.bind(f"/svc/{host}", f"10.0.0.{len(host)}:80")
        client.send(get(host=host))
    for index, client in enumerate(clients.values()):
        mesh.backend(index).serve()
        assert client.response().status == 200
    assert [mesh.backend(index).open for index in range(3)] == [True, False, False]
