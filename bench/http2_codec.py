"""What the HTTP/2 codec costs beside hyper-h2: `python -m bench.http2_codec`.

One process, no sockets: a client and a server of each hand their bytes to each other. An exchange
is a request and a response through both, so it is what a proxy does for one, once. Rounds of the
two alternate, and medians are told, in microseconds of CPU for an exchange.
"""

import gc
from collections.abc import Callable
from itertools import count
from statistics import median
from time import process_time
from typing import Any

import h2.config
import h2.connection
import h2.events

from linkerpy.codec.body import EMPTY, Body
from linkerpy.codec.fields import Fields
from linkerpy.codec.http import Request, Response
from linkerpy.codec.http2.client import ClientConnection
from linkerpy.codec.http2.events import DataReceived, RequestReceived, ResponseReceived
from linkerpy.codec.http2.limits import Limits
from linkerpy.codec.http2.server import ServerConnection
from linkerpy.codec.http2.settings import OurSettings

_ROUNDS = 9
_WINDOW = 1 << 20

_ASKED = [(b"host", b"web"), (b"user-agent", b"bench/1"), (b"accept", b"*/*")]
_TOLD = [
    (b"server", b"x"),
    (b"date", b"Tue, 24 Nov 2026 03:13:10 GMT"),
    (b"content-type", b"text/plain"),
]

Exchange = Callable[[int, int], None]
"""So many exchanges under way at once, so many body bytes in each response."""


class OurPair:
    """Both ends of ours."""

    def __init__(self, distinct: bool) -> None:
        told = OurSettings(window=_WINDOW)
        self._client = ClientConnection(told, Limits())
        self._server = ServerConnection(told, Limits())
        self._asked, self._told = Fields(_ASKED), Fields(_TOLD)
        self._paths = count() if distinct else None
        self._answered = 0
        self._now = 0.0
        for _ in range(3):
            self._pass_on(b"")

    def exchange(self, streams: int, size: int) -> None:
        """See `Exchange`."""
        body = bytes(size)
        self._answered = 0
        for _ in range(streams):
            path = b"/" if self._paths is None else b"/%d" % next(self._paths)
            self._client.open(Request(b"GET", path, self._asked, EMPTY), end=True)
        while self._answered < streams:
            self._pass_on(body)

    def _pass_on(self, body: bytes) -> None:
        self._now += 1.0  # so that limits by time do not end the measurement
        server, client = self._server, self._client
        for event in server.receive(b"".join(client.take()), self._now):
            if isinstance(event, RequestReceived):
                server.send_head(event.stream, Response(200, self._told, Body(body)))
                server.send_data(event.stream, body, end=True)
        for event in client.receive(b"".join(server.take()), self._now):
            if isinstance(event, ResponseReceived):
                self._answered += event.ended
            elif isinstance(event, DataReceived):
                client.consumed(event.stream, len(event.data))
                self._answered += event.ended


class TheirPair:
    """Both ends of hyper-h2."""

    def __init__(self, distinct: bool) -> None:
        self._client, self._server = (
            h2.connection.H2Connection(h2.config.H2Configuration(client, header_encoding=None))
            for client in (True, False)
        )
        for end in (self._client, self._server):
            end.initiate_connection()
            end.update_settings({4: _WINDOW})
            end.increment_flow_control_window(_WINDOW)
        self._paths = count() if distinct else None
        self._answered = 0
        self._waiting: dict[int, bytes] = {}
        for _ in range(3):
            self._pass_on(b"")

    def exchange(self, streams: int, size: int) -> None:
        """See `Exchange`."""
        body = bytes(size)
        self._answered = 0
        client = self._client
        for _ in range(streams):
            path = b"/" if self._paths is None else b"/%d" % next(self._paths)
            head = [
                (b":method", b"GET"),
                (b":scheme", b"http"),
                (b":authority", b"web"),
                (b":path", path),
                *_ASKED[1:],
            ]
            client.send_headers(client.get_next_available_stream_id(), head, end_stream=True)
        while self._answered < streams:
            self._pass_on(body)

    def _pass_on(self, body: bytes) -> None:
        server, client = self._server, self._client
        for event in server.receive_data(client.data_to_send()):
            if isinstance(event, h2.events.RequestReceived):
                length = (b"content-length", b"%d" % len(body))
                server.send_headers(event.stream_id, [(b":status", b"200"), *_TOLD, length])
                self._waiting[event.stream_id] = body
        for number in list(self._waiting):
            self._send(number)
        for event in client.receive_data(server.data_to_send()):
            if isinstance(event, h2.events.DataReceived):
                client.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                self._answered += 1

    def _send(self, number: int) -> None:
        server = self._server
        rest = self._waiting.pop(number)
        while room := min(server.local_flow_control_window(number), 16_384, len(rest)):
            server.send_data(number, rest[:room])
            rest = rest[room:]
        if rest:
            self._waiting[number] = rest
        else:
            server.end_stream(number)


_CASES = (
    # what, distinct paths, streams at once, bytes of a response, exchanges in a round
    ("32 at once, 128 bytes", False, 32, 128, 960),
    ("32 at once, 128 bytes, distinct paths", True, 32, 128, 960),
    ("one at a time, 128 bytes", False, 1, 128, 400),
    ("8 at once, 10 KB", False, 8, 10_240, 400),
    ("one at a time, 1 MB", False, 1, 1 << 20, 12),
)


def rows() -> list[tuple[str, float, float]]:
    """Each case, and the microseconds of an exchange with ours and with hyper-h2."""
    found = []
    for what, distinct, streams, size, exchanges in _CASES:
        pairs: list[Any] = [OurPair(distinct), TheirPair(distinct)]
        samples: list[list[float]] = [[], []]
        for _ in range(_ROUNDS):
            for pair, taken in zip(pairs, samples, strict=True):
                taken.append(_round(pair.exchange, streams, size, exchanges))
        found.append((what, median(samples[0]), median(samples[1])))
    return found


def _round(exchange: Exchange, streams: int, size: int, exchanges: int) -> float:
    gc.collect()
    started = process_time()
    for _ in range(exchanges // streams):
        exchange(streams, size)
    return (process_time() - started) * 1e6 / exchanges


def table() -> str:
    """The costs as lines of text."""
    lines = [f"{'both ends, CPU us per exchange':<40} {'ours':>8} {'hyper-h2':>9} {'ratio':>7}"]
    lines += [
        f"{what:<40} {ours:>8.1f} {theirs:>9.1f} {ours / theirs:>7.3f}"
        for what, ours, theirs in rows()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
