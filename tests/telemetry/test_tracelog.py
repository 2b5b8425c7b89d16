"""A span as one line that nothing breaks out of."""

import json

import pytest

from linkerpy.core.errors import UnknownDestination
from linkerpy.telemetry.tracelog import quoted, trace_line
from tests.telemetry.spans import failed, retried


def test_a_request_is_one_line():
    assert trace_line(retried()) == (
        "trace=00000000000000c3 span=00000000000000a1 parent=00000000000000b2 router.label=http "
        'http.method=GET http.uri="/cart?id=7" http.host=web service=/svc/web '
        "client=/#/io.l5d.fs/web residual=/ http.status_code=200 duration_ms=20.0 "
        'attempts=[{10.0.0.1:8081 "ConnectionFailed: refused" 1.0ms} {10.0.0.1:8080 200 7.0ms}]'
    )


def test_what_came_from_outside_cannot_break_out():
    line = trace_line(failed(UnknownDestination('a\nb"'), uri=b'/ status=200\r\n"\xff'))
    assert "\n" not in line
    assert "\r" not in line
    assert 'error="UnknownDestination: a\\nb\\""' in line
    assert 'http.uri="/ status=200\\r\\n\\"\\ufffd"' in line


@pytest.mark.parametrize("value", ["", " ", "a b", "a=b", 'a"', "\\", "{", "ä", "\x7f", "\n"])
def test_an_odd_value_is_quoted(value):
    assert json.loads(quoted(value)) == value


@pytest.mark.parametrize("value", ["/svc/web", "#/io.l5d.fs", "$/inet/1", "10.0.0.1:80", "[::1]"])
def test_a_plain_value_is_not(value):
    assert quoted(value) == value
