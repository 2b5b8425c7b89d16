"""Address files: the grammar, and where a mistake is."""

import pytest

from linkerpy.core.errors import BindingFailed
from linkerpy.naming.address_file import Line, parse_lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("# only a comment\n\n  \t\r\n", []),
        ("127.0.0.1 8080", [Line("127.0.0.1", 8080, None)]),
        ("  h\t1 # why\r\n::1 65535\n", [Line("h", 1, None), Line("::1", 65535, None)]),
        ("h 80 * 0.23", [Line("h", 80, 0.23)]),
        ("h 80 * 0", [Line("h", 80, 0.0)]),
        ("h 80 * 1e3", [Line("h", 80, 1000.0)]),
    ],
)
def test_lines(text, lines):
    assert parse_lines(text, "/f") == lines


@pytest.mark.parametrize(
    "line",
    [
        "h",
        "h 0",
        "h 65536",
        "h 123456",
        "h http",
        "h \u0661",
        "h 80 1",
        "h 80 *",
        "h 80 * 1 2",
        "h 80 * -1",
        "h 80 * nan",
        "h 80 * 1.2.3",
        "h 80 * 1e999",
        "h 80*1",
    ],
)
def test_a_malformed_line_is_quoted_with_its_number(line):
    with pytest.raises(BindingFailed) as caught:
        parse_lines(f"h 80\n\n {line}\nh", "/web")
    assert str(caught.value) == f"malformed address: {line} (line 3 of /web)"
