"""Context, trace and forwarding headers, and the access log, from a router's file to its peers."""

import re
import struct
from base64 import b64decode
from random import Random

import pytest

from linkerpy.app import schema
from linkerpy.core.activity import Ok
from linkerpy.naming import addr
from linkerpy.naming.addr import Address
from linkerpy.naming.nametree import NEG
from linkerpy.protocol.http import dialing
from linkerpy.protocol.http.config import HttpRouter
from linkerpy.protocol.http.router import RunningHttpRouter
from tests.protocol.http.playbook import OK, Backend, Client, Names, answer, get
from tests.protocol.http.transports import MemoryTransport, Network
from tests.support.env import fake_env
from tests.support.names import vectors

schema.install()
ALWAYS = {"l5d-dst-service", "l5d-dst-client", "l5d-reqid", "l5d-ctx-trace"}


class Routed:
    """A router made of a file's keys, which knows `/svc/web`."""

    def __init__(self, monkeypatch, server, **keys):
        self.env = fake_env()
        self.env.random = Random(7)
        self.network = Network(self.env.clock)
        monkeypatch.setattr(dialing, "connect", self.network.connect)
        config = HttpRouter.model_validate(
            {"protocol": "http", "servers": [server], **keys}, by_alias=True, by_name=False
        )
        self.names = Names()
        self.names.tree("/svc/web").update(Ok(self.names.leaf("/#/io.l5d.fs/web")))
        self.names.addr("/#/io.l5d.fs/web").update(addr.bound(Address("10.0.0.1", 80)))
        self.names.tree("/svc/nowhere").update(Ok(NEG))
        self.running = RunningHttpRouter(config, self.names, self.env)
        self._port = self.running.servers[0].port
        self._backends = {}

    def turn(self):
        self.env.clock.advance(0)

    def client(self):
        return Client(self, MemoryTransport(self.env.clock, self._port.buildProtocol(None)))

    def backend(self):
        transport = self.network.made[-1]
        return self._backends.setdefault(transport, Backend(self, transport))

    def exchange(self, data, *replies):
        """What the backend saw of a request, each time, and the client of the response."""
        client = self.client()
        client.send(data)
        seen = [self.backend().serve(reply) for reply in replies or [OK]]
        return (*seen, client.response())

    def close(self):
        self.running.close()
        self.env.logs.close()


@pytest.fixture
def route(monkeypatch):
    made = []

    def start(server=None, **keys):
        made.append(Routed(monkeypatch, server or {}, **keys))
        return made[-1]

    yield start
    for routed in made:
        routed.close()


def head(*headers, start="GET / HTTP/1.1", host="web"):
    lines = [start, f"Host: {host}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""])


def ours(message):
    return {name for name in message.names() if name.startswith("l5d-")}


@pytest.mark.parametrize("row", vectors("http_headers"), ids=lambda row: row[0])
def test_vectors(route, row):
    _, server, headers, told, untold = row
    seen, _ = route(server).exchange(head(*headers))
    assert {name: seen.get(name) for name in told} == told
    assert seen.names().isdisjoint(untold)
    assert seen.names() >= ALWAYS


class TestClearContext:
    def test_a_backend_is_told_what_this_router_knows_and_no_more(self, route):
        headers = [("l5d-dtab", "/a=>/b"), ("l5d-ctx-thing", "1")]
        seen, _ = route({"clearContext": True}).exchange(head(*headers))
        assert ours(seen) == ALWAYS
        seen, _ = route().exchange(head(*headers))
        assert ours(seen) == ALWAYS | {"l5d-ctx-dtab", "l5d-ctx-thing"}

    def test_a_client_is_told_nothing(self, route):
        reply = answer(b"hi", l5d_anything="1")
        _, response = route({"clearContext": True}).exchange(head(), reply)
        assert ours(response) == set()
        assert (response.body, response.get("via")) == (b"hi", "1.1 linkerd")
        _, response = route().exchange(head(), reply)
        assert ours(response) == {"l5d-anything", "l5d-success-class"}

    @pytest.mark.parametrize(
        ("data", "status"),
        [
            (get(host="nowhere"), 502),
            (head(host=""), 400),
            ("GET / HTTP/1.1\r\nHost : web\r\n\r\n", 400),
            (head(start="CONNECT web:80 HTTP/1.1"), 405),
        ],
    )
    @pytest.mark.parametrize("clear", [False, True])
    def test_errors_keep_silent(self, route, data, status, clear):
        client = route({"clearContext": clear}).client()
        response = client.ask(data)
        assert response.status == status
        assert response.get("content-length") == str(len(response.body))
        assert ("l5d-err" in response.names(), response.body != b"") == (not clear, not clear)

    def test_an_error_of_a_router_below_keeps_silent_too(self, route):
        reply = answer(b"addresses: [10.1.1.1]", "502 Bad Gateway", l5d_err="x")
        routed = route({"clearContext": True})
        _, response = routed.exchange(head(), reply)
        assert (response.status, response.body, ours(response)) == (502, b"", set())
        _, response = routed.exchange(head())
        assert response.body == b"ok"

    def test_the_figures_are_as_without_it(self, route):
        routed = route({"clearContext": True})
        routed.client().ask(get(host="nowhere"))
        found = dict(routed.running.router.metrics.scope("server", "127.0.0.1/4140").walk())
        assert found["status", "502"].value == 1


def test_the_moment_of_the_request_is_told(route):
    seen, _ = route({"timestampHeader": "x-request-start"}).exchange(head())
    assert re.fullmatch(r"\d{13}", seen.get("x-request-start"))


def test_a_timestamp_header_must_be_a_name():
    with pytest.raises(ValueError, match="must be the name of a header"):
        HttpRouter.model_validate(
            {"protocol": "http", "servers": [{"timestampHeader": "a b"}]}, by_alias=True
        )


def test_a_request_that_went_too_far_is_refused(route):
    via = ("Via", "hop1, hop2, hop3")
    response = route({"maxCallDepth": 2}).client().ask(head(via))
    text = "Maximum number of calls (2) has been exceeded. Please check for proxy loops."
    assert (response.status, response.text) == (400, text)
    assert response.get("l5d-err").startswith("Maximum+number+of+calls+%282%29+has+been")
    seen, response = route({"maxCallDepth": 3}).exchange(head(via))
    assert response.status == 200
    assert seen.get("via") == "hop1, hop2, hop3, 1.1 linkerd"


class TestForwarded:
    @pytest.mark.parametrize(
        ("keys", "line"),
        [
            ({}, r"by=_\w{6};for=_\w{6};host=web"),
            ({"by": {"kind": "ip"}}, r"by=10\.0\.0\.9;for=_\w{6};host=web"),
            ({"for": {"kind": "ip"}}, r"by=_\w{6};for=10\.1\.1\.1;host=web"),
            (
                {"by": {"kind": "ip:port"}, "for": {"kind": "ip:port"}},
                r'by="10\.0\.0\.9:4140";for="10\.1\.1\.1:40000";host=web',
            ),
            (
                {"by": {"kind": "router"}, "for": {"kind": "static", "label": "me"}},
                "by=_http;for=_me;host=web",
            ),
        ],
    )
    def test_labels(self, route, keys, line):
        seen, _ = route({"addForwardedHeader": keys}).exchange(head())
        assert re.fullmatch(line, seen.get("forwarded"))

    def test_the_scheme_is_that_of_an_absolute_target(self, route):
        keys = {"by": {"kind": "router"}, "for": {"kind": "router"}}
        start = "GET https://web/x HTTP/1.1"
        data = head(("forwarded", "for=8.8.4.4"), start=start, host="old")
        seen, _ = route({"addForwardedHeader": keys}).exchange(data)
        assert seen.start == "GET /x HTTP/1.1"
        assert seen.all("forwarded") == [
            "for=8.8.4.4",
            "by=_http;for=_http;host=old;proto=https",
        ]

    def test_a_connections_label_is_its_own(self, route):
        keys = {"by": {"kind": "connectionRandom"}, "for": {"kind": "connectionRandom"}}
        routed = route({"addForwardedHeader": keys})
        lines = []
        for client in (routed.client(), routed.client()):
            for _ in range(2):
                client.send(head())
                lines.append(routed.backend().serve().get("forwarded"))
        assert lines[0] == lines[1] != lines[2] == lines[3]


class TestTracing:
    def test_a_trace_goes_through_two_routers(self, route):
        first, _ = route().exchange(head(("l5d-sample", "1.0")))
        below = route()
        below.env.random.seed(8)  # it is another process
        second, _ = below.exchange(
            head(("l5d-ctx-trace", first.get("l5d-ctx-trace")), ("l5d-reqid", "0" * 16))
        )
        assert first.get("l5d-reqid") == second.get("l5d-reqid") != "0" * 16
        one, two = (
            struct.unpack(">QQQQ", b64decode(seen.get("l5d-ctx-trace"))) for seen in (first, second)
        )
        assert one[1] == one[2] == two[2]
        assert len({one[0], one[1], two[0], two[1]}) == 4
        assert one[3] == two[3] == 6

    def test_a_retry_is_another_span(self, route):
        classifier = {"kind": "io.l5d.http.retryableRead5XX"}
        routed = route(service={"responseClassifier": classifier})
        first, second, response = routed.exchange(head(), answer(status="500 Sorry"), OK)
        assert response.status == 200
        assert first.get("l5d-reqid") == second.get("l5d-reqid")
        assert first.get("l5d-ctx-trace") != second.get("l5d-ctx-trace")

    @pytest.mark.parametrize(
        ("kind", "told"),
        [
            ("io.l5d.default", {"l5d-reqid", "l5d-ctx-trace"}),
            (
                "io.l5d.zipkin",
                {
                    "x-b3-traceid",
                    "x-b3-spanid",
                    "x-b3-parentspanid",
                    "x-b3-sampled",
                    "x-b3-flags",
                },
            ),
            ("io.l5d.w3c", {"traceparent"}),
        ],
    )
    def test_the_propagator_is_the_files(self, route, kind, told):
        parent = ("traceparent", f"00-{'1' * 32}-{'2' * 16}-01")
        seen, _ = route(tracePropagator={"kind": kind}).exchange(head(parent))
        plain = {"host", "via", "l5d-dst-service", "l5d-dst-client", "traceparent"}
        assert seen.names() == plain | told
        assert (seen.get("traceparent") == parent[1]) is (kind != "io.l5d.w3c")


class TestAccessLog:
    def log(self, routed):
        routed.env.clock.pump([0.2, 0.02])
        with open(routed.running.config.http_access_log) as file:
            return [re.sub(r"\[.*?]", "[]", line.rstrip("\n")) for line in file]

    def test_each_attempt_that_was_answered_is_a_line(self, route, tmp_path):
        classifier = {"kind": "io.l5d.http.retryableRead5XX"}
        path = str(tmp_path / "logs" / "out.log")
        routed = route(httpAccessLog=path, service={"responseClassifier": classifier})
        agent = ("User-Agent", "curl/8")
        routed.exchange(head(agent, start="GET /a HTTP/1.1"), answer(status="500 Sorry"), OK)
        routed.client().ask(get(host="nowhere"))
        assert self.log(routed) == [
            'web 10.1.1.1 - - [] "GET /a HTTP/1.1" 500 0 "-" "curl/8"',
            'web 10.1.1.1 - - [] "GET /a HTTP/1.1" 200 2 "-" "curl/8"',
        ]

    def test_what_is_left_is_written_when_the_router_ends(self, route, tmp_path):
        path = tmp_path / "out.log"
        routed = route(httpAccessLog=str(path))
        routed.exchange(head())
        assert path.read_text() == ""
        routed.close()
        assert path.read_text().startswith("web 10.1.1.1 - - [")

    def test_the_policy_is_the_files(self, route, tmp_path):
        path = tmp_path / "out.log"
        path.write_text("old\n")
        routed = route(
            httpAccessLog=str(path),
            httpAccessLogRollPolicy="1.byte",
            httpAccessLogAppend=False,
            httpAccessLogRotateCount=1,
        )
        for _ in range(4):
            routed.exchange(head())
        assert len(self.log(routed)) == 1
        assert len(list(tmp_path.iterdir())) == 2

    def test_a_file_that_cannot_be_written_is_an_error_at_once(self, route, tmp_path):
        with pytest.raises(
            ValueError, match=f"router 'out': httpAccessLog: cannot write {tmp_path}: "
        ):
            route(label="out", httpAccessLog=str(tmp_path))
