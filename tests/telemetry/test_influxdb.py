import re

import pytest
from hypothesis import given

from linkerpy.telemetry.influxdb import render_influxdb
from tests.telemetry.trees import tree, trees, vectors

VECTORS = vectors("influxdb.jsonl")
LINE = re.compile(
    r"(?P<measurement>[A-Za-z0-9:_]+)"
    r"(,(\\[ ,=]|[^ ,=\n])+=(\\[ ,=]|[^ ,=\n])+)+"
    r" (\\[ ,=]|[^ ,=\n])+=[-+.e0-9]+(,(\\[ ,=]|[^ ,=\n])+=[-+.e0-9]+)*"
)


def text(metrics, host=""):
    return "".join(render_influxdb(metrics.root, host))


@pytest.mark.parametrize(("name", "rows", "expected"), VECTORS, ids=[row[0] for row in VECTORS])
def test_lines(name, rows, expected):
    assert text(tree(rows)).split("\n")[:-1] == expected


def test_the_host_is_a_tag():
    rows = [[["foo", "bar"], "counter", 1]]
    assert text(tree(rows), "l5d.example:9990") == "foo,host=l5d.example:9990 bar=1\n"
    assert text(tree(rows), "a b,c=d") == "foo,host=a\\ b\\,c\\=d bar=1\n"


@given(trees)
def test_every_line_is_one_of_the_protocol(metrics):
    for line in text(metrics).split("\n")[:-1]:
        assert LINE.fullmatch(line), line
