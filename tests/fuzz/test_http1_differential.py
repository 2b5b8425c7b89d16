"""Random messages, whole and damaged, against h11 and against ourselves cut differently."""

import h11
from hypothesis import given, settings
from hypothesis import strategies as st

from linkerpy.codec import http1_write as write
from linkerpy.codec.body import Stream
from linkerpy.codec.http import Request, Response
from linkerpy.codec.http1_errors import Http1Error
from tests.codec.http1_support import parse_requests, parse_response, shape

TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefXYZ"
RESERVED = {b"host", b"content-length", b"transfer-encoding", b"connection", b"upgrade"}
names = (
    st.text(TOKEN, min_size=1, max_size=12)
    .map(str.encode)
    .filter(lambda name: name.lower() not in RESERVED)
)
values = (
    st.text([chr(c) for c in (*range(32, 127), 9, 160, 255)], max_size=30)
    .map(lambda text: text.encode("latin-1").strip(b" \t"))
)  # fmt: skip
headers = st.lists(st.tuples(names, values), max_size=8)
methods = st.sampled_from([b"GET", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"M-SEARCH"])
uris = st.text("/abc%20.-_~?=&;:@", max_size=20).map(lambda text: b"/" + text.encode())
trailers = st.lists(st.tuples(names, values).filter(lambda p: p[0].lower() != b"te"), max_size=3)
cuts = st.lists(st.integers(0, 2000), max_size=12)


def sent_in_chunks(parts, end):
    body = Stream()
    for part in parts:
        body.write(part)
    body.end(end)
    return body


def framed(framing, body, parts):
    if framing is write.Framing.CHUNKED:
        return b"".join(write.chunk(p) for p in parts if p) + write.last_chunk(body.trailers)
    return b"".join(parts) if framing is write.Framing.LENGTH else b""


@st.composite
def bodies(draw):
    parts = draw(st.lists(st.binary(min_size=1, max_size=40), max_size=4))
    if draw(st.booleans()):
        return sent_in_chunks(parts, draw(trailers)), parts
    body = Stream(sum(map(len, parts)))
    for part in parts:
        body.write(part)
    body.end()
    return body, parts


@st.composite
def requests(draw):
    body, parts = draw(bodies())
    request = Request(draw(methods), draw(uris), [(b"Host", b"a"), *draw(headers)], body)
    framing = write.request_framing(request)
    head = write.request_head(request, framing, keep_alive=True)
    return request, parts, head + framed(framing, body, parts)


@st.composite
def responses(draw):
    body, parts = draw(bodies())
    response = Response(draw(st.sampled_from([200, 201, 404, 503])), draw(headers), body, b"Why")
    framing = write.response_framing(response, b"GET", b"1.1")
    head = write.response_head(response, framing, keep_alive=True)
    return response, parts, head + framed(framing, body, parts)


def kept(pairs):
    return [p for p in pairs if p[0].lower() not in (b"content-length", b"transfer-encoding")]


@given(st.lists(requests(), min_size=1, max_size=3), cuts)
def test_what_was_written_is_read_back_however_it_is_cut(sent, where):
    data = b"".join(raw for _, _, raw in sent)
    owner, parser = parse_requests(data, where)
    whole, _ = parse_requests(data)
    assert parser.idle
    assert [shape(r) for r in owner.requests] == [shape(r) for r in whole.requests]
    for (request, parts, _), got in zip(sent, owner.requests, strict=True):
        assert (got.method, got.uri) == (request.method, request.uri)
        assert kept(got.headers) == kept(request.headers)
        assert got.body.data == b"".join(parts)
        assert list(got.body.trailers) == [
            p for p in request.body.trailers if p[0].lower() not in write._NEVER_TRAILERS
        ]


@given(responses(), cuts)
def test_a_response_is_read_back_however_it_is_cut(sent, where):
    response, parts, raw = sent
    owner, parser = parse_response(raw, cuts=where)
    (got,) = owner.responses
    assert owner.ended == 1
    assert parser.should_keep_alive
    assert (got.status, got.reason) == (response.status, b"Why")
    assert kept(got.headers) == kept(response.headers)
    assert got.body.data == b"".join(parts)


def h11_reads(data, role=h11.SERVER):
    """The first message as h11 reads it: its head, its body so far, whether it ended."""
    peer = h11.Connection(role, max_incomplete_event_size=100_000)
    if role is h11.CLIENT:
        peer.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
        peer.send(h11.EndOfMessage())
    peer.receive_data(data)
    head, body = None, b""
    while True:
        event = peer.next_event()
        if isinstance(event, h11.Request | h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.EndOfMessage):
            return head, body, isinstance(event, h11.EndOfMessage)


H11_ALONE_REFUSES = (
    # An HTTP/1.1 request may come without Host: dataplane spec, section 2.4.
    "Missing mandatory Host: header",
    # One empty line before a request is ignored: RFC 9112, 2.2.
    "no request line received",
)

H11_ALONE_REFUSES_RESPONSES = ()


damage = st.one_of(
    st.binary(min_size=1, max_size=3),
    st.sampled_from(
        [b"\r", b"\n", b"\r\n", b" ", b"\t", b":", b"\0", b"\r\n ", b",", b";", b"0", b"chunked",
         b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: b\r\n", b"\x0b",
         b"Connection: close\r\n", b"Connection: upgrade\r\nUpgrade: x\r\n", b"HTTP/1.0"]
    ),
)  # fmt: skip


@st.composite
def damaged(draw, messages):
    raw = draw(messages)[2]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(raw)))
        raw = raw[:at] + draw(damage) + raw[at + draw(st.integers(0, 3)) :]
    return raw


@settings(max_examples=400)
@given(damaged(requests()), cuts)
def test_a_damaged_request_is_refused_where_h11_refuses_it(data, where):
    try:
        head, body, ended = h11_reads(data)
        refusal = None
    except h11.RemoteProtocolError as error:
        refusal = str(error)
    try:
        owner, _ = parse_requests(data)
        ours = owner.requests
    except Http1Error:
        ours = None
    try:
        parse_requests(data, where)
        refused_cut = False
    except Http1Error:
        refused_cut = True
    assert refused_cut == (ours is None)
    if refusal is not None:
        assert not ours or refusal in H11_ALONE_REFUSES
    elif ours and head is not None:
        assert (ours[0].method, ours[0].uri) == (head.method, head.target)
        if ended and ours[0].body.complete:
            assert ours[0].body.data == body


@settings(max_examples=400)
@given(damaged(responses()), cuts)
def test_a_damaged_response_raises_nothing_but_our_error_and_reads_as_h11_does(data, where):
    try:
        head, body, ended = h11_reads(data, h11.CLIENT)
        refusal = None
    except h11.RemoteProtocolError as error:
        head, refusal = None, str(error)
    for cut in ((), where):
        try:
            owner, parser = parse_response(data, cuts=cut)
            parser.eof()
        except Http1Error as error:
            assert error.status == 502  # noqa: PT017
        else:
            if refusal is not None and not parser.excess:
                assert refusal in H11_ALONE_REFUSES_RESPONSES
            if head is not None and owner.responses:
                assert owner.responses[0].status == head.status_code
                if ended:
                    assert owner.responses[0].body.data == body


@given(st.binary(max_size=200), cuts)
def test_noise_raises_nothing_but_our_error(data, where):
    for parse in (parse_requests, parse_response):
        try:
            parse(data, cuts=where)
        except Http1Error as error:
            assert error.reason  # noqa: PT017
