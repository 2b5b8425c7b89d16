"""Two ends of a connection without a wire, and frames that no proper end would write."""

from linkerpy.codec.http2 import frames
from linkerpy.codec.http2 import hpack_encode as hpack
from linkerpy.codec.http2.client import ClientConnection
from linkerpy.codec.http2.errors import ErrorCode
from linkerpy.codec.http2.events import ConnectionFailed
from linkerpy.codec.http2.limits import Limits
from linkerpy.codec.http2.server import ServerConnection
from linkerpy.codec.http2.settings import OurSettings

GET = [(b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/"), (b":authority", b"web")]
POST = [(b":method", b"POST"), *GET[1:]]
OK = [(b":status", b"200")]
END, WHOLE, PADDED, PRIORITY = 1, 4, 8, 0x20
HELLO = frames.PREFACE + frames.settings([])


def server(settings=None, limits=None, *, greeted=True):
    one = ServerConnection(settings or OurSettings(), limits or Limits())
    if greeted:
        one.receive(HELLO + frames.SETTINGS_ACK)
        one.take()
    return one


def client(settings=None, limits=None, *, greeted=True, told=()):
    one = ClientConnection(settings or OurSettings(), limits or Limits())
    if greeted:
        one.receive(frames.settings(told) + frames.SETTINGS_ACK)
        one.take()
    return one


def frame(kind, flags, stream, payload=b""):
    return frames.head(len(payload), kind, flags, stream) + payload


def headers(stream, pairs, flags=END | WHOLE):
    return frame(frames.HEADERS, flags, stream, hpack.fields(pairs))


def data(stream, payload=b"", flags=0):
    return frame(frames.DATA, flags, stream, payload)


class Seen:
    """The frames that an end has written since it was last looked at."""

    def __init__(self, end):
        self.frames = []
        reader = frames.FrameReader(
            [self._taker(kind) for kind in range(frames.KINDS + 1)], 1 << 24
        )
        reader.feed(b"".join(end.take()).removeprefix(frames.PREFACE))

    def _taker(self, kind):
        return lambda flags, stream, data, start, stop: self.frames.append(
            (frames.NAMES[kind], flags, stream, data[start:stop])
        )

    def of(self, name):
        return [rest for kind, *rest in self.frames if kind == name]

    @property
    def resets(self):
        return [
            (stream, int.from_bytes(payload, "big")) for _, stream, payload in self.of("RST_STREAM")
        ]

    @property
    def goaways(self):
        return [int.from_bytes(payload[4:8], "big") for _, _, payload in self.of("GOAWAY")]


def outcome(end, events):
    """How it ended for the peer: ("connection" or "stream", code), or None if nothing did."""
    seen = Seen(end)
    if seen.goaways:
        assert any(isinstance(event, ConnectionFailed) for event in events)
        return "connection", ErrorCode(seen.goaways[-1])
    if seen.resets:
        return "stream", ErrorCode(seen.resets[-1][1])
    return None


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def pump(one, other, on_one=None, on_other=None):
    """Pass bytes between two ends until both are silent; all events of each."""
    seen_one, seen_other = [], []
    for _ in range(10_000):
        out, back = b"".join(one.take()), b"".join(other.take())
        if not out and not back:
            return seen_one, seen_other
        for event in other.receive(out):
            seen_other.append(event)
            if on_other is not None:
                on_other(event)
        for event in one.receive(back):
            seen_one.append(event)
            if on_one is not None:
                on_one(event)
    raise AssertionError("the two never stop talking")
