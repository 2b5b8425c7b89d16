import json
from urllib.parse import urlencode

import pytest
from twisted.internet.task import Clock

from linkerpy.admin.delegator import PATIENCE, delegator_page
from linkerpy.net.web import Asked
from tests.admin.serving import World, serving

JSON = {"Content-Type": "application/json"}
WANTED = {"namespace": "webtest", "dtab": "/svc=>/a", "path": "/svc/web"}


@pytest.fixture
def server():
    with serving() as running:
        yield running


def get(server, **wanted):
    status, headers, body = server.ask("/delegator.json?" + urlencode(wanted))
    return status, headers["Content-Type"], body


def test_get_explains_and_lets_go_of_the_watch(server):
    status, kind, body = get(server, **WANTED)
    assert (status, kind) == (200, "application/json")
    assert json.loads(body)["path"] == "/svc/web"
    assert server.world.explained == [("/svc=>/a", "/svc/web")]
    assert server.world.given_up == ["/svc/web"]


def test_post_explains_the_same_and_ignores_more(server):
    body = json.dumps(WANTED | {"more": 1})
    status, _, answer = server.ask("/delegator.json", "POST", body, JSON)
    assert (status, answer) == (200, get(server, **WANTED)[2])


@pytest.mark.parametrize(
    ("wanted", "status", "text"),
    [
        ({"dtab": "nope", "path": "nope"}, 400, "Invalid dtab: "),
        ({"path": "invalid-param"}, 400, "Invalid path: '/' expected but 'i' found at '[i]nv"),
        ({}, 400, "Invalid path: "),
        ({"namespace": "none"}, 501, "Name Interpreter for none cannot show delegations"),
        ({"namespace": "mute"}, 501, "Name Interpreter for mute cannot show delegations"),
        ({"path": "/boom"}, 500, "no idea"),
    ],
)
def test_what_cannot_be_explained_is_told(server, wanted, status, text):
    known = {"path": "/svc/web"} if wanted else {}
    answered, _, body = get(server, **({"namespace": "webtest"} | known | wanted))
    assert answered == status
    assert body.startswith(text)


@pytest.mark.parametrize("body", ["{", "[]", "{}", '{"path": "/a"}', '{"path": 1, "dtab": ""}'])
def test_a_malformed_body_is_repeated(server, body):
    status, _, answer = server.ask("/delegator.json", "POST", body, JSON)
    assert (status, answer) == (400, f"Malformed delegation request: {body}")


@pytest.mark.parametrize("kind", ["text/plain", "application/json;charset=utf-8", None])
def test_a_body_of_another_type_is_a_415(server, kind):
    headers = {"Content-Type": kind} if kind else {}
    assert server.ask("/delegator.json", "POST", json.dumps(WANTED), headers)[0] == 415


def test_another_method_is_a_405(server):
    assert server.ask("/delegator.json", "PUT", "{}", JSON)[0] == 405


def test_without_an_answer_it_gives_up_after_two_seconds():
    clock, world, answers = Clock(), World(), []
    args = {"path": "/svc/web"}
    page = delegator_page(world.state(), clock)
    page(Asked("GET", "/delegator.json", args, "", "", False, b"")).addCallback(answers.append)
    clock.advance(PATIENCE - 0.1)
    assert answers == []
    clock.advance(0.1)
    assert [(answer.status, answer.body) for answer in answers] == [(503, b"Request timed out.")]
    assert world.given_up == ["/svc/web"]


def test_who_leaves_is_not_answered_and_the_name_is_let_go():
    clock, world, answers = Clock(), World(), []
    args = {"path": "/svc/web"}
    answer = delegator_page(world.state(), clock)(
        Asked("GET", "/delegator.json", args, "", "", False, b"")
    )
    answer.addCallbacks(answers.append, lambda _: answers.append("cancelled"))
    answer.cancel()
    assert answers == ["cancelled"]
    assert world.given_up == ["/svc/web"]
    assert clock.getDelayedCalls() == []
