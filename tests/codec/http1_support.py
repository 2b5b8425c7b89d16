"""An owner that records what a parser tells it, for the HTTP/1 tests."""

from itertools import pairwise

from linkerpy.codec.http1 import RequestParser, ResponseParser


class Owner:
    def __init__(self) -> None:
        self.requests = []
        self.keep_alive = []
        self.responses = []
        self.informational_seen = []
        self.ended = 0
        self.flow = []

    def request_started(self, request, keep_alive):
        self.requests.append(request)
        self.keep_alive.append(keep_alive)

    def response_started(self, response):
        self.responses.append(response)

    def response_ended(self):
        self.ended += 1

    def informational(self, response):
        self.informational_seen.append(response)

    def pause_body(self):
        self.flow.append("pause")

    def resume_body(self):
        self.flow.append("resume")

    def cancel_body(self, error):
        self.flow.append(error)


class Gather:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self.chunks = []
        self.trailers = None
        self.error = None
        self.ends = 0

    def chunk(self, data):
        assert data
        assert self.ends == 0
        self.chunks.append(data)

    def end(self, trailers):
        self.ends += 1
        self.trailers = list(trailers)

    def fail(self, error):
        self.ends += 1
        self.error = error


def pieces(data, cuts):
    """`data` cut at the given places."""
    marks = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    return [data[a:b] for a, b in pairwise(marks) if a < b]


def parse_requests(data, cuts=(), **limits):
    owner = Owner()
    parser = RequestParser(owner, **limits)
    for piece in pieces(data, cuts):
        parser.feed(piece)
    return owner, parser


def parse_response(data, method=b"GET", cuts=(), eof=False):
    owner = Owner()
    parser = ResponseParser(owner)
    parser.expect(method)
    for piece in pieces(data, cuts):
        parser.feed(piece)
    if eof:
        parser.eof()
    return owner, parser


def shape(message):
    """What a message says, however it was cut into reads."""
    first = (
        (message.method, message.uri)
        if hasattr(message, "method")
        else (message.status, message.reason)
    )
    body = message.body
    return (
        *first,
        message.version,
        message.headers,
        body.length,
        body.over,
        body.data if body.complete else None,
        list(body.trailers),
    )
