"""What is asked, by which door, and the name that it gets there."""

import pytest

from linkerpy.app.explain.question import UsageError, name_request
from linkerpy.core.errors import UnknownDestination
from tests.app.explain.files import opened


@pytest.mark.parametrize(
    ("question", "label", "port"),
    [
        ({"router": "web"}, "web", 4140),
        ({"router": "web", "server": 4141}, "web", 4141),
        ({"server": 3443}, "db", 3443),
    ],
)
def test_a_door_is_found_by_label_or_port(question, label, port):
    _, _, door = opened(**question)
    assert (door.router.name, door.server.port) == (label, port)


@pytest.mark.parametrize(
    "question", [{}, {"router": "no"}, {"server": 1}, {"router": "db", "server": 4140}]
)
def test_a_door_that_is_not_there_or_not_the_only_one_is_a_usage_error(question):
    with pytest.raises(UsageError, match="--router web  --server 4140 --server 4141"):
        opened(**question)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ({"server": 4140, "headers": [("Host", "a")]}, "/svc/a"),
        ({"server": 4140, "target": "http://a/"}, "/svc/a"),
        ({"server": 3306}, "/svc/3306"),
        ({"server": 3443, "sni": "a.example"}, "/sni/a.example"),
    ],
)
def test_a_request_or_connection_gets_its_name(question, name):
    _, asked, door = opened(**question)
    assert name_request(door, asked).path.show() == name


def test_a_connection_without_the_name_that_the_server_needs_is_refused():
    _, asked, door = opened(server=3443)
    with pytest.raises(UnknownDestination, match="give --sni NAME"):
        name_request(door, asked)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"server": 4140, "sni": "a"}, "--sni is for tcp"),
        ({"server": 3306, "method": "GET", "target": "/"}, "has no method"),
        ({"server": 3306, "headers": [("Host", "a")]}, "has no method"),
        ({"server": 4140, "headers": [("a b", "c")]}, "not a header"),
        ({"server": 4140, "headers": [("a", "b\r\nc: d")]}, "not a header"),
        ({"server": 4140, "target": "/a b"}, "not a request line"),
    ],
)
def test_a_question_that_fits_no_such_router_is_a_usage_error(question, said):
    _, asked, door = opened(**question)
    with pytest.raises(UsageError, match=said):
        name_request(door, asked)
