"""`io.l5d.zipkin` and `io.l5d.w3c`: what they take from a request and tell a backend."""

from random import Random

import pytest

from linkerpy.plugins.tracers.default import DefaultConfig
from linkerpy.plugins.tracers.w3c import W3cConfig
from linkerpy.plugins.tracers.zipkin import ZipkinConfig
from linkerpy.protocol.http.trace import trace_attempts, trace_requests
from linkerpy.telemetry.trace_id import DEBUG, KNOWN, SAMPLED, TraceId, to_linkerd
from tests.protocol.http.scripted import Asked, Scripted, request

LONG = "4bf92f3577b34da6a3ce929d0e0e4736"
LOW = 0xA3CE929D0E0E4736
PARENT = f"00-{LONG}-00f067aa0ba902b7-"
BINARY = ("l5d-ctx-trace", to_linkerd(TraceId(1, 2, 3)).decode())


def sent(config, *headers):
    """The headers a backend sees, and the request's span."""
    chance = Random(5)
    propagator = config.build(chance)
    asked = request(headers=[(name.encode(), value.encode()) for name, value in headers])
    backend = Scripted(200)
    Asked(asked, trace_requests(propagator, chance), trace_attempts(propagator, chance), backend)
    (_, _, seen, _) = backend.seen[0]
    told = {name.decode(): value.decode() for name, value in seen if name != b"x-own"}
    assert len(told) == len(seen) - 1, "a header is repeated"
    return told, asked.ctx.trace


def b3(*headers):
    return sent(ZipkinConfig(kind="io.l5d.zipkin"), *headers)


def w3c(*headers):
    return sent(W3cConfig(kind="io.l5d.w3c"), *headers)


MULTI = {"x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled", "x-b3-flags"}


def test_the_default_is_linkerds():
    told, _ = sent(DefaultConfig(kind="io.l5d.default"))
    assert told.keys() == {"l5d-ctx-trace", "l5d-reqid"}


class TestZipkin:
    def test_a_trace_begins(self):
        told, here = b3()
        assert told.keys() == MULTI
        assert told["x-b3-traceid"] == told["x-b3-parentspanid"] == f"{here.span:016x}"
        assert told["x-b3-spanid"] != told["x-b3-parentspanid"]
        assert (told["x-b3-sampled"], told["x-b3-flags"]) == ("0", "0")

    def test_a_trace_goes_on_in_any_case(self):
        told, here = b3(
            ("X-B3-TraceId", "A"),
            ("X-B3-SpanId", "b"),
            ("X-B3-ParentSpanId", "c"),
            ("X-B3-Sampled", "1"),
            ("X-B3-Flags", "0"),
        )
        assert here == TraceId(here.span, 0xB, 0xA, KNOWN | SAMPLED)
        assert told == {
            "x-b3-traceid": "000000000000000a",
            "x-b3-spanid": told["x-b3-spanid"],
            "x-b3-parentspanid": f"{here.span:016x}",
            "x-b3-sampled": "1",
            "x-b3-flags": "0",
        }

    def test_of_a_long_trace_id_the_lower_half_counts(self):
        told, _ = b3(("x-b3-traceid", LONG), ("x-b3-spanid", "b"))
        assert told["x-b3-traceid"] == f"{LOW:016x}"

    @pytest.mark.parametrize(
        "headers",
        [
            [("x-b3-traceid", "a")],
            [("x-b3-traceid", "a"), ("x-b3-spanid", "not hex")],
            [("x-b3-traceid", "a"), ("x-b3-spanid", "")],
        ],
    )
    def test_without_a_span_a_trace_begins(self, headers):
        told, here = b3(*headers)
        assert here.trace == here.span != 0xA
        assert told.keys() == MULTI

    @pytest.mark.parametrize(
        ("sampled", "flags", "told_sampled", "told_flags"),
        [
            ("1", None, "1", "0"),
            ("0", None, "0", "0"),
            ("true", None, "1", "0"),
            ("FALSE", None, "0", "0"),
            ("1.0", None, "1", "0"),
            ("0.0", None, "0", "0"),
            ("maybe", None, "0", "0"),
            (None, "1", "1", "1"),
            ("0", "1", "1", "1"),
            (None, "6", "0", "0"),
            (None, "x", "0", "0"),
            (None, "9" * 5000, "0", "0"),
        ],
    )
    @pytest.mark.parametrize("span", ["b", None])
    def test_sampling(self, sampled, flags, told_sampled, told_flags, span):
        given = [("x-b3-sampled", sampled), ("x-b3-flags", flags), ("x-b3-spanid", span)]
        told, _ = b3(*[pair for pair in given if pair[1] is not None])
        if span is None and flags == "1":
            return  # flags are of a span
        assert (told["x-b3-sampled"], told["x-b3-flags"]) == (told_sampled, told_flags)

    def test_the_single_header_is_read_and_answered_in_kind(self):
        told, here = b3(("B3", f"{LONG}-00f067aa0ba902b7-1-05e3ac9a4f6e3b90"))
        assert here == TraceId(here.span, 0x00F067AA0BA902B7, LOW, KNOWN | SAMPLED)
        assert told.pop("b3") == "-".join(
            [told["x-b3-traceid"], told["x-b3-spanid"], "1", told["x-b3-parentspanid"]]
        )
        assert told.keys() == MULTI

    def test_the_single_header_may_hold_a_decision_alone(self):
        told, here = b3(("b3", "0"))
        assert here == TraceId(here.span, here.span, here.span, KNOWN)
        assert told["b3"].split("-")[2] == told["x-b3-sampled"] == "0"
        assert b3(("b3", "d"))[1].flags == KNOWN | SAMPLED

    def test_many_headers_count_more_than_the_single_one(self):
        _, here = b3(("x-b3-spanid", "b"), ("b3", f"{LONG}-00f067aa0ba902b7-1"))
        assert here.parent == 0xB

    def test_a_broken_single_header_is_replaced(self):
        told, here = b3(("b3", "nonsense"))
        assert told["b3"] == f"{here.trace:016x}-{told['x-b3-spanid']}"

    def test_linkerds_context_goes_no_further(self):
        told, here = b3(BINARY, ("l5d-sample", "1"), ("l5d-reqid", "theirs"))
        assert told.keys() == MULTI | {"l5d-reqid"}
        assert told["l5d-reqid"] == "theirs"
        assert here.trace == here.span

    def test_debug_is_passed_on(self):
        assert b3(("x-b3-spanid", "b"), ("x-b3-flags", "1"))[1].flags == DEBUG


class TestW3c:
    @pytest.mark.parametrize("flags", ["00", "01"])
    def test_a_trace_goes_on(self, flags):
        told, here = w3c(("Traceparent", PARENT + flags), ("tracestate", "a=1,b=2"))
        assert here.parent == 0x00F067AA0BA902B7
        version, trace, span, told_flags = told["traceparent"].split("-")
        assert (version, trace, told_flags) == ("00", LONG, flags)
        assert int(span, 16) not in (here.span, here.parent)
        assert told.keys() == {"traceparent", "tracestate"}
        assert told["tracestate"] == "a=1,b=2"

    @pytest.mark.parametrize(
        "headers",
        [
            [],
            [("traceparent", "nonsense"), ("tracestate", "a=1")],
            [("tracestate", "a=1")],
            [("traceparent", PARENT + "01"), ("traceparent", PARENT + "00")],
            [BINARY],
        ],
    )
    def test_none_begins_by_itself(self, headers):
        told, here = w3c(*headers)
        assert told == {}
        assert here.trace == here.span

    def test_a_rate_begins_one(self):
        told, here = w3c(("l5d-sample", "1"))
        assert told["traceparent"].startswith(f"00-{'0' * 16}{here.trace:016x}-")
        assert told["traceparent"].endswith("-01")
        assert told.keys() == {"traceparent"}

    @pytest.mark.parametrize("config", [DefaultConfig, ZipkinConfig])
    def test_other_propagators_pass_it_as_it_came(self, config):
        headers = [("traceparent", PARENT + "01"), ("tracestate", "a=1")]
        told, _ = sent(config(kind=config.KIND), *headers)
        assert dict(headers).items() <= told.items()
