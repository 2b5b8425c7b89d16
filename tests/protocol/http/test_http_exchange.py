"""One request after another: what is changed on the way, and what becomes of the connections."""

import pytest

from tests.protocol.http.playbook import OK, answer, chunk, get, post


def test_a_request_goes_to_the_backend_and_its_response_to_the_client(mesh):
    client = mesh.client()
    client.send("GET /a?b=c HTTP/1.1\r\nHost: web\r\nX-One: 1\r\n\r\n")
    assert mesh.backend().rest() == (
        b"GET /a?b=c HTTP/1.1\r\nHost: web\r\nX-One: 1\r\nl5d-dst-service: /svc/web\r\n"
        b"Via: 1.1 linkerd\r\nl5d-dst-client: /#/io.l5d.fs/web\r\n\r\n"
    )
    mesh.backend().send("HTTP/1.1 200 Fine\r\nX-Two: 2\r\nContent-Length: 2\r\n\r\nok")
    assert client.rest() == (
        b"HTTP/1.1 200 Fine\r\nX-Two: 2\r\nContent-Length: 2\r\nVia: 1.1 linkerd\r\n"
        b"l5d-success-class: 1.0\r\n\r\nok"
    )


def test_bytes_that_come_one_by_one_make_the_same_request(mesh):
    client = mesh.client()
    for byte in post(b"body"):
        client.send(bytes([byte]))
    assert mesh.backend().request().body == b"body"
    for byte in answer(b"reply"):
        mesh.backend().send(bytes([byte]))
    assert client.response().body == b"reply"


def test_a_connection_to_the_backend_is_used_again(mesh):
    first, second = mesh.client(), mesh.client()
    for client in (first, second, first):
        client.send(get())
        mesh.backend().serve()
        assert client.response().body == b"ok"
    assert mesh.connects == 1
    assert mesh.counters("client")["connects"] == 1


def test_requests_at_the_same_time_take_a_connection_each(mesh):
    clients = [mesh.client() for _ in range(3)]
    for client in clients:
        client.send(get())
    assert mesh.connects == 3
    for index, client in enumerate(clients):
        mesh.backend(index).serve(answer(b"%d" % index))
        assert client.response().text == str(index)


def test_a_backend_that_says_close_gets_a_new_connection_for_the_next_request(mesh):
    client = mesh.client()
    seen = []
    for extra in ({}, {"Connection": "close"}, {}):
        client.send(get())
        mesh.backend().serve(answer(b"ok", **extra))
        assert client.response().get("Connection") is None
        seen.append(mesh.connects)
    assert seen == [1, 1, 2]
    assert not mesh.backend(0).open


def test_two_hosts_on_one_connection_go_two_ways(mesh):
    mesh.bind("/svc/other", "10.0.0.2:80")
    client = mesh.client()
    client.send(get(host="web"))
    mesh.backend().serve(answer(b"web"))
    client.send(get(host="other"))
    assert mesh.backend().transport.peer.host == "10.0.0.2"
    mesh.backend().serve(answer(b"other"))
    assert [client.response().text for _ in range(2)] == ["web", "other"]


def test_the_clients_close_is_not_passed_on(mesh):
    client = mesh.client()
    client.send(get(Connection="close"))
    assert "connection" not in mesh.backend().serve().names()
    assert client.response().get("Connection") == "close"
    assert not client.open
    assert mesh.backend().open


@pytest.mark.parametrize("keep", [True, False])
def test_an_http_10_client_keeps_its_connection_only_if_it_asks(mesh, keep):
    client = mesh.client()
    extra = "Connection: keep-alive\r\n" if keep else ""
    client.send(f"GET / HTTP/1.0\r\nHost: web\r\n{extra}\r\n")
    mesh.backend().serve()
    assert client.response().get("Connection") == ("keep-alive" if keep else "close")
    assert client.open is keep


def test_http_10_requests_take_a_fresh_connection_each(mesh):
    connects = []
    for _ in range(3):
        client = mesh.client()
        client.send("GET / HTTP/1.0\r\nHost: web\r\n\r\n")
        request = mesh.backend().serve()
        assert request.start == "GET / HTTP/1.0"
        assert request.get("Via") == "1.0 linkerd"
        assert request.get("Connection") is None
        connects.append(mesh.connects)
    assert connects == [1, 2, 3]


def test_an_http_11_request_without_host_is_sent_with_an_empty_one(play):
    from linkerpy.naming.path import Path
    from linkerpy.protocol.http.identify import Static

    mesh = play(identify=Static(path=Path.parse("/web"), prefix=Path.parse("/svc")))
    mesh.bind("/svc/web", "10.0.0.1:80")
    client = mesh.client()
    client.send("GET / HTTP/1.1\r\n\r\n")
    assert mesh.backend().serve().get("Host") == ""


HOP_BY_HOP = {
    "Connection": "x-named, close, host, content-length",
    "X-Named": "1",
    "Proxy-Authenticate": "Basic",
    "Proxy-Authorization": "Basic x",
    "TE": "trailers",
    "Trailer": "X-T",
    "Upgrade": "websocket",
}
END_TO_END = {"Keep-Alive": "timeout=5", "Proxy-Connection": "keep-alive", "dtab-local": "/a=>/b"}


def test_hop_by_hop_headers_stop_here_in_both_directions(mesh):
    client = mesh.client()
    client.send(get(**HOP_BY_HOP, **END_TO_END))
    seen = mesh.backend().serve(answer(b"ok", **HOP_BY_HOP, **END_TO_END))
    back = client.response()
    for message, own in ((seen, set()), (back, {"connection"})):
        gone = {name.lower() for name in HOP_BY_HOP} - own
        assert message.names().isdisjoint(gone)
        assert {name.lower() for name in END_TO_END} <= message.names()
    assert seen.get("Host") == "web"
    assert back.body == b"ok"


def test_via_is_appended_to_what_is_there(mesh):
    client = mesh.client()
    client.send(get(Via="1.0 a, 1.1 b"))
    request = mesh.backend().serve(answer(Via="1.1 c"))
    assert request.get("Via") == "1.0 a, 1.1 b, 1.1 linkerd"
    assert client.response().get("Via") == "1.1 c, 1.1 linkerd"


def test_headers_that_say_where_a_request_went_are_overwritten(play):
    mesh = play()
    mesh.bind("/svc/web", "10.0.0.1:80", residual="/rest")
    client = mesh.client()
    client.send(get(l5d_dst_service="/x", l5d_dst_client="/y", l5d_dst_residual="/z"))
    request = mesh.backend().serve()
    assert request.get("l5d-dst-service") == "/svc/web"
    assert request.get("l5d-dst-client") == "/#/io.l5d.fs/web"
    assert request.get("l5d-dst-residual") == "/rest"


@pytest.mark.parametrize(("status", "told"), [("200 OK", "1.0"), ("503 No", "0.0")])
def test_the_success_class_of_a_router_behind_us_is_replaced(mesh, status, told):
    client = mesh.client()
    client.send(get())
    mesh.backend().serve(answer(status=status, l5d_success_class="0.5"))
    assert client.response().get("l5d-success-class") == told


@pytest.mark.parametrize("name", ["l5d-dtab", "l5d-ctx-dtab"])
def test_a_local_dtab_is_passed_on_as_context(mesh, name):
    client = mesh.client()
    client.send(get(**{name: "/a=>/b"}))
    request = mesh.backend().serve()
    assert request.get("l5d-ctx-dtab") == "/a=>/b"
    assert request.get("l5d-dtab") is None
    assert mesh.names.asked == [("/svc=>/#/io.l5d.fs;/a=>/b", "/svc/web")]


def test_the_callers_dtab_comes_after_the_contexts(mesh):
    client = mesh.client()
    client.send(
        "GET / HTTP/1.1\r\nHost: web\r\nl5d-dtab: /c=>/3\r\nl5d-ctx-dtab: /a=>/1;/b=>/2\r\n"
        "L5D-Dtab: /d=>/4\r\n\r\n"
    )
    assert mesh.backend().serve().get("l5d-ctx-dtab") == "/a=>/1;/b=>/2;/c=>/3;/d=>/4"


@pytest.mark.parametrize(
    ("target", "host", "sent"),
    [
        ("http://web/a?b", "ignored", "/a?b"),
        ("http://web", "ignored", "/"),
        ("http://web?q=1", "ignored", "/?q=1"),
        ("https://user:pw@web/x", None, "/x"),
        ("/plain?u=http://other/", "web", "/plain?u=http://other/"),
    ],
)
def test_an_absolute_target_names_the_host(mesh, target, host, sent):
    client = mesh.client()
    client.send(f"GET {target} HTTP/1.1\r\n{f'Host: {host}{chr(13)}{chr(10)}' if host else ''}\r\n")
    request = mesh.backend().serve()
    assert request.start == f"GET {sent} HTTP/1.1"
    assert request.get("Host") == "web"


def test_expect_100_continue_is_answered_here(mesh):
    client = mesh.client()
    client.send("POST / HTTP/1.1\r\nHost: web\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
    assert client.response().start == "HTTP/1.1 100 Continue"
    client.send("body")
    request = mesh.backend().serve()
    assert request.get("Expect") is None
    assert request.body == b"body"
    assert client.response().status == 200


def test_no_continue_for_a_body_that_is_here_already(mesh):
    client = mesh.client()
    client.send(post(b"body", Expect="100-continue"))
    mesh.backend().serve()
    assert client.response().status == 200


def test_interim_responses_of_the_backend_are_skipped(mesh):
    client = mesh.client()
    client.send(get())
    mesh.backend().serve("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nX: 1\r\n\r\n" + OK)
    assert client.response().status == 200


def test_an_answer_to_head_keeps_its_length_and_has_no_body(mesh):
    client = mesh.client()
    for _ in range(2):
        client.send("HEAD / HTTP/1.1\r\nHost: web\r\n\r\n")
        mesh.backend().serve("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        response = client.response(bodiless=True)
        assert response.get("Content-Length") == "1000"
        assert client.rest() == b""
    assert mesh.connects == 1


@pytest.mark.parametrize(
    ("head", "length"),
    [
        ("204 No Content\r\nContent-Length: 0", None),
        ("304 Not Modified\r\nContent-Length: 10", "10"),
    ],
)
def test_responses_that_have_no_body_are_followed_by_the_next(mesh, head, length):
    client = mesh.client()
    client.send(get())
    mesh.backend().serve(f"HTTP/1.1 {head}\r\n\r\n")
    assert client.response().get("Content-Length") == length
    client.send(get())
    mesh.backend().serve()
    assert client.response().status == 200
    assert mesh.connects == 1


def test_a_chunked_request_arrives_chunked_with_its_trailers(mesh):
    client = mesh.client()
    client.send("POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.send(chunk(b"one"))
    client.send(chunk(b"two") + b"0\r\nX-T: 1\r\n\r\n")
    request = mesh.backend().serve()
    assert (request.body, request.trailers) == (b"onetwo", [("X-T", "1")])
    assert client.response().status == 200
    assert client.open


def test_a_chunked_response_arrives_chunked_with_its_trailers(mesh):
    client = mesh.client()
    client.send(get())
    backend = mesh.backend()
    backend.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n")
    backend.send(chunk(b"one"))
    backend.send(chunk(b"two") + b"0\r\nX-T: 1\r\nContent-Length: 7\r\n\r\n")
    response = client.response()
    assert (response.body, response.trailers) == (b"onetwo", [("X-T", "1")])
    assert client.open


def test_a_chunked_response_to_http_10_ends_with_the_connection(mesh):
    client = mesh.client()
    client.send("GET / HTTP/1.0\r\nHost: web\r\nConnection: keep-alive\r\n\r\n")
    backend = mesh.backend()
    backend.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    backend.send(chunk(b"one") + b"0\r\n\r\n")
    assert not client.open
    response = client.response()
    assert response.get("Transfer-Encoding") is None
    assert response.body == b"one"


def test_a_response_that_ends_with_the_connection_is_passed_on_whole(mesh):
    client = mesh.client()
    client.send(get())
    backend = mesh.backend()
    backend.send("HTTP/1.1 200 OK\r\n\r\nsome ")
    backend.send("more")
    backend.hang_up()
    assert client.response().body == b"some more"
    assert client.open


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_request_that_could_have_a_body_and_has_none_says_so(mesh, method):
    client = mesh.client()
    client.send(f"{method} / HTTP/1.1\r\nHost: web\r\n\r\n")
    assert mesh.backend().serve().get("Content-Length") == "0"
