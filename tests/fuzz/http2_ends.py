"""Our HTTP/2 connections and hyper-h2's, driven alike and telling what they hear alike."""

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

from linkerpy.codec.http import Request, Response
from linkerpy.codec.http2 import events as ours
from linkerpy.codec.http2 import frames
from linkerpy.codec.http2.client import ClientConnection
from linkerpy.codec.http2.errors import StreamReset
from linkerpy.codec.http2.fields import joined_cookies
from linkerpy.codec.http2.limits import Abuse, Allowance, Limits
from linkerpy.codec.http2.server import ServerConnection
from linkerpy.codec.http2.settings import OurSettings

SETTINGS = OurSettings(window=65_535, connection_window=65_535, max_streams=4)
LIMITS = Limits(
    allowances=(Allowance(10**6),) * len(Abuse),
    max_held=-1,  # hyper-h2 gives no credit by itself
)
GOES_AWAY = "the server goes away"
"""What streams fail with that a GOAWAY leaves out; hyper-h2 leaves that to its user."""

GOOD_REQUEST = [
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":path", b"/a"),
    (b":authority", b"web"),
]


def pairs_of(headers):
    """Fields without pseudo-fields and host, which the two keep in different places."""
    return sorted(tuple(pair) for pair in headers if pair[0][:1] != b":" and pair[0] != b"host")


class Ours:
    def __init__(self, server):
        self.end = (ServerConnection if server else ClientConnection)(SETTINGS, LIMITS)
        self.server = server
        self.reason = None
        self.streams = {}

    def open(self, method):
        stream = self.end.open(Request(method, b"/a", [(b"host", b"web")]), end=False)
        self.streams[stream.id] = stream

    def act(self, what, number):
        """What was done, or None if it cannot be."""
        stream = self.streams.get(number)
        if stream is None or number not in self.end.streams:
            return None
        if what == "reset":
            self.end.reset(stream, 8)
        elif self.server and stream.sending == 0:
            self.end.send_head(stream, Response(200, []), end=what == "answer")
        elif stream.sending == 1 and what == "answer":
            self.end.send_data(stream, b"", end=True)
        else:
            return None
        self.end.take()
        return what, stream.id

    def feed(self, data):
        """What it told, and how it ended: None, or (scope, code)."""
        told = []
        self.reason = None
        for one in self.end.receive(data):
            self._tell(one, told)
        how = None
        written = _written(self.end.take())
        if "goaway" in written:
            how = ("connection", written["goaway"])
            self.reason = self.end.failure.reason
        elif "reset" in written:
            how = ("stream", written["reset"])
        return told, how

    def _tell(self, one, told):
        if isinstance(one, ours.StreamFailed):
            self.reason = one.error.reason
            if isinstance(one.error, StreamReset) and one.error.reason != GOES_AWAY:
                told.append(("reset", one.stream.id, one.error.code))
        elif isinstance(one, ours.RequestReceived):
            request = one.request
            self.streams[one.stream.id] = one.stream
            told.append(
                ("head", one.stream.id, request.method, request.uri, pairs_of(request.headers))
            )
            told += [("end", one.stream.id)] * one.ended
        elif isinstance(one, ours.ResponseReceived | ours.InterimReceived):
            response = one.response
            told.append(("head", one.stream.id, response.status, pairs_of(response.headers)))
            told += [("end", one.stream.id)] * getattr(one, "ended", False)
        elif isinstance(one, ours.DataReceived):
            told += [("data", one.stream.id, one.data)] * bool(one.data)
            told += [("end", one.stream.id)] * one.ended
        elif isinstance(one, ours.TrailersReceived):
            whole = joined_cookies(list(one.trailers))  # hyper-h2 joins them here, too
            told.append(("trailers", one.stream.id, sorted(whole)))
            told.append(("end", one.stream.id))
        elif isinstance(one, ours.PingAcknowledged):
            told.append(("pong", one.payload))
        elif isinstance(one, ours.SettingsReceived):
            told.append(("settings",))
        elif isinstance(one, ours.GoawayReceived):
            told.append(("goaway", one.last_stream, one.code))


class Theirs:
    def __init__(self, server):
        config = h2.config.H2Configuration(client_side=not server, header_encoding=None)
        self.end = h2.connection.H2Connection(config)
        self.end.local_settings = h2.settings.Settings(
            client=not server,
            initial_values={3: 4, 4: 65_535, 5: 16_384, 6: 65_536}
            | ({} if server else {h2.settings.SettingCodes.ENABLE_PUSH: 0}),
        )
        self.server = server
        self.end.initiate_connection()
        self.end.data_to_send()

    def open(self, method):
        head = [(b":method", method), *GOOD_REQUEST[1:]]
        self.end.send_headers(self.end.get_next_available_stream_id(), head)
        self.end.data_to_send()

    def act(self, what, number):
        if what == "reset":
            self.end.reset_stream(number, 8)
        elif self.server and not self.end.streams[number].state_machine.headers_sent:
            self.end.send_headers(number, [(b":status", b"200")], end_stream=what == "answer")
        else:
            self.end.end_stream(number)
        self.end.data_to_send()

    def feed(self, data):
        told = []
        try:
            for one in self.end.receive_data(data):
                self._tell(one, told)
        except h2.exceptions.ProtocolError as error:
            self.end.data_to_send()
            return told, ("connection", int(error.error_code))
        written = _written([self.end.data_to_send()])
        how = ("stream", written["reset"]) if "reset" in written else None
        return told, how

    def _tell(self, one, told):
        if isinstance(one, h2.events.RequestReceived):
            head = dict(one.headers)
            told.append(
                ("head", one.stream_id, head[b":method"], head.get(b":path"), pairs_of(one.headers))
            )
        elif isinstance(one, h2.events.ResponseReceived | h2.events.InformationalResponseReceived):
            status = int(dict(one.headers)[b":status"])
            told.append(("head", one.stream_id, status, pairs_of(one.headers)))
        elif isinstance(one, h2.events.TrailersReceived):
            told.append(("trailers", one.stream_id, sorted(map(tuple, one.headers))))
        elif isinstance(one, h2.events.DataReceived):
            told += [("data", one.stream_id, one.data)] * bool(one.data)
        elif isinstance(one, h2.events.StreamEnded):
            told.append(("end", one.stream_id))
        elif isinstance(one, h2.events.StreamReset) and one.remote_reset:
            told.append(("reset", one.stream_id, int(one.error_code)))
        elif isinstance(one, h2.events.PingAckReceived):
            told.append(("pong", one.ping_data))
        elif isinstance(one, h2.events.RemoteSettingsChanged):
            told.append(("settings",))
        elif isinstance(one, h2.events.ConnectionTerminated):
            told.append(("goaway", one.last_stream_id, int(one.error_code)))


def _written(parts):
    """The last RST_STREAM and GOAWAY among what was written."""
    found = {}

    def take_reset(_flags, _stream, data, start, _stop):
        found["reset"] = frames.read_word(data, start)

    def take_goaway(_flags, _stream, data, start, _stop):
        found["goaway"] = frames.read_word(data, start + 4)

    table = [lambda *_: None] * (frames.KINDS + 1)
    table[frames.RST_STREAM], table[frames.GOAWAY] = take_reset, take_goaway
    frames.FrameReader(table, 1 << 24).feed(b"".join(parts).removeprefix(frames.PREFACE))
    return found
