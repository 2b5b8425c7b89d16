import pytest

from linkerpy.codec import http


def test_lookups_ignore_case_and_keep_order():
    headers = [(b"A", b"1"), (b"Via", b"x"), (b"a", b"2")]
    assert http.get(headers, b"a") == b"1"
    assert http.get(headers, b"b") is None
    assert http.get_all(headers, b"a") == [b"1", b"2"]
    http.replace(headers, b"a", b"3")
    assert headers == [(b"a", b"3"), (b"Via", b"x")]
    http.replace(headers, b"New", b"4")
    assert headers[-1] == (b"New", b"4")
    assert http.remove(headers, b"via")
    assert not http.remove(headers, b"via")
    assert headers == [(b"a", b"3"), (b"New", b"4")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            [b"Host", b"Keep-Alive", b"Proxy-Connection"],
            [b"Host", b"Keep-Alive", b"Proxy-Connection"],
        ),
        (
            [b"TE", b"Trailer", b"upgrade", b"PROXY-AUTHENTICATE", b"Proxy-Authorization", b"X"],
            [b"X"],
        ),
        ([b"Transfer-Encoding", b"Content-Length"], [b"Content-Length"]),
    ],
)
def test_hop_by_hop_headers_are_stripped(before, after):
    message = http.Response(200, [(name, b"v") for name in before])
    message.pass_on()
    assert [name for name, _ in message.headers] == after


def test_what_connection_names_is_stripped_but_for_host_and_length():
    message = http.Response(200, [
        (b"Connection", b"close, X-One ,,keep-alive"),
        (b"connection", b"Host, Content-Length,x-two"),
        (b"Host", b"a"), (b"Content-Length", b"3"), (b"x-one", b""), (b"X-Two", b""),
        (b"Keep-Alive", b""), (b"Y", b""),
    ])  # fmt: skip
    message.pass_on()
    assert [name for name, _ in message.headers] == [b"Host", b"Content-Length", b"Y"]
