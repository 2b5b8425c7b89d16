"""`dstName`: a path, perhaps with `{sni}`."""

import pytest

from linkerpy.naming.parser import NameSyntaxError
from linkerpy.naming.path import Path
from linkerpy.protocol.tcp.dst_name import DstName


@pytest.mark.parametrize(
    ("text", "sni", "path"),
    [
        ("/svc/{sni}", "web.test", "/svc/web.test"),
        ("/{sni}", "web.test", "/web.test"),
        ("/svc/tls-{sni}/x", "a", "/svc/tls-a/x"),
        ("/svc/{sni}/{sni}", "a", "/svc/a/a"),
        ("/svc/db", "ignored", "/svc/db"),
    ],
)
def test_sni_stands_where_it_is_written(text, sni, path):
    assert DstName.parse(text).fill(sni) == Path.parse(path)


@pytest.mark.parametrize(("text", "wants"), [("/svc/{sni}", True), ("/svc/sni", False)])
def test_whether_a_name_depends_on_the_caller(text, wants):
    assert DstName.parse(text).wants_sni is wants


def test_a_name_is_shown_as_it_was_written():
    assert str(DstName.parse("/svc/{sni}")) == "/svc/{sni}"


@pytest.mark.parametrize("text", ["svc", "", "/svc/{host}", "/svc//x"])
def test_anything_else_is_no_name(text):
    with pytest.raises(NameSyntaxError):
        DstName.parse(text)
