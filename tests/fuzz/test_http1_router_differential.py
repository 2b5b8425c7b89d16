"""Adversarial messages through a whole router: either side must read in them what we read.

h11 stands for the peer: what a backend receives it must read as just the requests that were
forwarded, and what a client receives as just the responses. What we let pass that h11 would refuse
as it came is listed, with the reason why it may.
"""

import h11
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.attack.requests_framing import FRAMING
from tests.attack.requests_heads import HEADS
from tests.attack.responses import RESPONSES, Then
from tests.attack.stage import Stage
from tests.protocol.http.playbook import Mesh, get

WE_ALONE_ACCEPT = {
    "Missing mandatory Host: header": "dataplane spec, 2.4: identification refuses it",
    "no request line received": "one empty line before a request is ignored: RFC 9112, 2.2",
    "conflicting Content-Length headers": "in a 204: it has no body, and they do not pass",
    "Only Transfer-Encoding: chunked is supported": (
        "in a response, identity is no coding: dataplane spec, 2.1; in a trailer, it is dropped"
    ),
}
"""Refusals of h11's for what we pass on, and why it is safe to."""


# -- h11 as a peer --------------------------------------------------------------------------------


def server_reads(data):
    """The requests in `data` as h11 reads them, and its refusal if there is one."""
    peer = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 21)
    peer.receive_data(data)
    found, body = [], b""
    try:
        while True:
            event = peer.next_event()
            if isinstance(event, h11.Request):
                head, body = event, b""
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                found.append((bytes(head.method), bytes(head.target), body))
                peer.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
                peer.send(h11.EndOfMessage())
                if peer.our_state is not h11.DONE:
                    return found, None
                peer.start_next_cycle()
            else:
                return found, None
    except h11.RemoteProtocolError as error:
        return found, str(error)


def client_reads(data, method=b"GET", *, closed=False):
    """The first response in `data` as h11 reads it: (status, body, whether it ended)."""
    peer = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 21)
    peer.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    peer.send(h11.EndOfMessage())
    peer.receive_data(data)
    if closed:
        peer.receive_data(b"")
    status, body = None, b""
    while True:
        event = peer.next_event()
        if isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif not isinstance(event, h11.InformationalResponse):
            return status, body, isinstance(event, h11.EndOfMessage)


# -- the corpus -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.name) for row in FRAMING + HEADS if row.statuses[:1] == (200,)]
)
def test_h11_reads_what_the_corpus_lets_pass_as_the_backend_got_it(row):
    as_sent, refusal = server_reads(row.sent)
    as_passed, none = server_reads(row.backend)
    assert none is None, "what the backend got is beyond doubt"
    whole = row.statuses.count(200)
    assert len(as_passed) == whole
    if refusal is None or len(as_sent) >= whole:
        for sent, got in zip(as_sent, as_passed, strict=False):
            assert (sent[0], sent[2]) == (got[0], got[2])
    else:
        assert refusal in WE_ALONE_ACCEPT


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.name) for row in RESPONSES if row.seen and not row.broken]
)
def test_h11_reads_responses_that_pass_as_the_client_got_them(row):
    method = row.method.encode()
    status, body, ended = client_reads(row.seen, method)
    assert ended
    try:
        sent = client_reads(row.sent, method, closed=row.then is Then.CLOSES)
    except h11.RemoteProtocolError as refused:
        refusal = str(refused)
    else:
        refusal = None
        assert sent == (status, body, True)
    assert refusal is None or refusal in WE_ALONE_ACCEPT


# -- noise with a system --------------------------------------------------------------------------

LINES = [
    b"Host: web", b"Host: web", b"Host: admin", b"host:web", b"Host:", b"Host : web",
    b"Content-Length: 0", b"Content-Length: 3", b"Content-Length: 3", b"Content-Length: 47",
    b"content-length:3", b"Content-Length: +3", b"Content-Length: 3, 3", b"Content-Length: 0x3",
    b"Content-Length : 3", b"Content-Length:", b"Content-Length: 18446744073709551619",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", b"transfer-encoding:\tCHUNKED",
    b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: x, chunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding:",
    b"Transfer-Encoding: \x0bchunked", b" Transfer-Encoding: chunked", b"\tx: y",
    b"Connection: close", b"Connection: keep-alive", b"Connection: transfer-encoding",
    b"Connection: content-length, host", b"Connection: upgrade", b"Upgrade: websocket",
    b"Expect: 100-continue", b"TE: trailers", b"Trailer: Host", b"X: y", b"X: \xff", b"X", b": x",
    b"X: a\rContent-Length: 3", b"X: a\nContent-Length: 3", b"X: \0", b"Via: 1.1 a", b"Via: ,",
    b"l5d-dtab: /a=>/b", b"l5d-dst-service: /x", b"l5d-ctx-dtab:",
]  # fmt: skip
STARTS = [
    b"GET / HTTP/1.1", b"GET / HTTP/1.1", b"POST / HTTP/1.1", b"POST / HTTP/1.1",
    b"GET http://web/x HTTP/1.1", b"OPTIONS * HTTP/1.1", b"GET / HTTP/1.0", b"POST / HTTP/1.0",
    b"HEAD / HTTP/1.1", b"GET  / HTTP/1.1", b"GET /a b HTTP/1.1", b"GET / HTTP/1.2", b"",
]  # fmt: skip
BODIES = [
    b"", b"", b"abc", b"abcd", b"3\r\nabc\r\n0\r\n\r\n", b"3\r\nabc\r\n0\r\nX: y\r\n\r\n",
    b"0\r\n\r\n", b"3;x=y\r\nabc\r\n0\r\n\r\n", b"3\nabc\n0\n\n", b"03\r\nabc\r\n00\r\n\r\n",
    b"3\r\nabc\r\n0\r\nHost: admin\r\nContent-Length: 9\r\n\r\n", b"-3\r\nabc\r\n0\r\n\r\n",
    b"2e\r\nGET /evil HTTP/1.1\r\nHost: admin\r\nX: 12345\r\n\r\n\r\n0\r\n\r\n",
    b"GET /evil HTTP/1.1\r\nHost: admin\r\n\r\n", b"\r\n", b"\0", b"ffffffffffffffff\r\nabc",
]  # fmt: skip
ends = st.sampled_from([b"\r\n"] * 12 + [b"\n", b"\r", b"\r\r\n", b"\n\r\n"])
bodies = st.sampled_from(BODIES)


@st.composite
def heads(draw, starts, lines):
    parts = [draw(st.sampled_from(starts)), *draw(st.lists(st.sampled_from(lines), max_size=5))]
    return b"".join(part + draw(ends) for part in parts) + b"\r\n"


@st.composite
def streams(draw):
    """One to three requests, behind one another."""
    count = draw(st.integers(1, 3))
    messages = [draw(heads(STARTS, LINES)) + draw(bodies) for _ in range(count)]
    return [*messages, b"GET /last HTTP/1.1\r\nHost: web\r\n\r\n"]


cuts = st.lists(st.integers(1, 400), max_size=4).map(sorted)


@settings(max_examples=400)
@given(streams(), cuts)
@example([b"POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 3\r\n\r\nabc"], [40, 60])
def test_h11_reads_at_the_backend_what_was_forwarded_and_no_more(messages, where):
    with pytest.MonkeyPatch.context() as patch:
        mesh = Mesh(patch)
        stage = Stage(mesh)
        stage.send(b"".join(messages), where)
        forwarded = sorted((r.start.split(" ")[:2], r.body) for r in stage.requests)
        read = []
        for made in mesh.network.made:
            found, refusal = server_reads(made.seen)
            assert refusal is None
            read += [([method.decode(), target.decode()], body) for method, target, body in found]
        assert sorted(read) == forwarded
        assert stage.client.transport.seen.count(b"HTTP/1.1 200 ") == len(forwarded)
        mesh.finish()


REPLY_LINES = [
    b"Content-Length: 0", b"Content-Length: 3", b"Content-Length: 3", b"Content-Length: 4",
    b"Content-Length: 3, 3", b"Content-Length: x", b"Content-Length:", b"content-length:3",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity",
    b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding : chunked", b"Connection: close",
    b"Connection: keep-alive", b"Connection: content-length", b"Upgrade: x", b"X: y", b"X: \xff",
    b"X: \0", b" X: y", b"X", b"Set-Cookie: a=b", b"Via: 1.1 a", b"Trailer: X",
]  # fmt: skip
REPLY_STARTS = [
    b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK", b"HTTP/1.1 200", b"HTTP/1.0 200 OK",
    b"HTTP/1.1 204 No", b"HTTP/1.1 304 No", b"HTTP/1.1 100 Continue", b"HTTP/1.1 101 Switch",
    b"HTTP/1.1 500 \xff", b"HTTP/1.1 2000 x", b"HTTP/2 200", b"",
]  # fmt: skip


@settings(max_examples=300)
@given(
    st.lists(st.tuples(heads(REPLY_STARTS, REPLY_LINES), bodies), min_size=1, max_size=2),
    st.sampled_from([b"GET", b"HEAD"]),
    cuts,
)
@example([(b"HTTP/1.1 204 No\r\nContent-Length: 0\r\nContent-Length: 3\r\n\r\n", b"")], b"HEAD", [])
def test_h11_reads_at_the_client_one_response_that_is_whole_or_broken(messages, method, where):
    data = b"".join(head + body for head, body in messages)
    with pytest.MonkeyPatch.context() as patch:
        mesh = Mesh(patch)
        mesh.bind("/svc/web", "10.0.0.1:80")
        client = mesh.client()
        client.send(get().replace(b"GET", method, 1))
        backend = mesh.backend()
        for piece in (data[a:b] for a, b in zip([0, *where], [*where, len(data)], strict=True)):
            if piece and backend.open:
                backend.send(piece)
        if backend.open:
            backend.hang_up()
        seen = client.transport.seen
        if seen:
            status, body, ended = client_reads(
                seen, method, closed=not (client.open or client.aborted)
            )
            assert status is not None
            assert ended or client.aborted
            assert b"evil" not in body or b"evil" in messages[0][1] or len(messages) > 1
        else:
            assert client.aborted
        mesh.finish()
