"""The pages of a supervisor: which worker is asked, and what becomes of the answers."""

import json
import time
from dataclasses import replace

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from linkerpy.admin.history import History
from linkerpy.admin.lately import Lately
from linkerpy.admin.security import Security
from linkerpy.admin.state import ProcessState
from linkerpy.admin.workers import WorkersPages
from linkerpy.net.web import Answer, Asked, as_json, find, text
from linkerpy.telemetry.metrics import Metrics


class Crew:
    """Workers that answer what a test says, by number and path."""

    numbers = (1, 2, 3)

    def __init__(self):
        self.serving = [1, 3]
        self.answers = {}
        self.asked = []
        self.levels = []
        self.freshened = 0

    def ask(self, number, asked):
        self.asked.append((number, asked.path))
        if number not in self.serving:
            return fail(RuntimeError(f"worker {number} is not there at the moment"))
        answer = self.answers.get((number, asked.path), text(f"{number} says {asked.path}"))
        return answer if isinstance(answer, Deferred) else succeed(answer)

    def fresh(self):
        self.freshened += 1
        return succeed(None)

    def set_level(self, logger, level):
        self.levels.append((logger, level))

    def told(self):
        return {"workers": [1, 2, 3]}


@pytest.fixture
def crew():
    return Crew()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def pages(crew, metrics, clock):
    state = ProcessState(
        metrics=metrics,
        history=History(metrics, list, clock),
        lately=Lately(metrics, list, clock),
        labels=lambda: {"web": "http"},
        config_json=lambda: {"workers": 3},
        version="1",
        started=time.time(),
        uptime=clock.seconds,
        shut_down=lambda grace: None,
        ready=lambda: True,
    )
    return WorkersPages(
        state, Security(control=True), crew, clock, [{"/telemeter": lambda _: text("own")}]
    )


def get(pages, path, method="GET", **args):
    """The answer, or what is waited for."""
    asked = Asked(method, path, args, "", "", False, b"")
    answer = find(pages, path)(asked)
    if not isinstance(answer, Deferred) or not answer.called:
        return answer
    return replace(answer.result, body=answer.result.body + b"".join(answer.result.rest))


def says(crew, path, **values):
    """Have workers `w1`, `w3`, ... answer with these values."""
    for name, value in values.items():
        crew.answers[int(name[1:]), path] = as_json(value)


def test_pages_of_figures_are_fresh(crew, metrics, pages):
    metrics.counter("requests").incr(5)
    assert json.loads(get(pages, "/admin/metrics.json").body) == {"requests": 5}
    assert get(pages, "/telemeter").body == b"own"
    assert get(pages, "/admin/workers.json").status == 200
    assert crew.freshened == 3
    assert crew.asked == []


@pytest.mark.parametrize("path", ["/admin/metrics.json", "/telemeter", "/delegator.json", "/admin"])
def test_every_page_can_be_one_workers(crew, pages, path):
    assert get(pages, path, worker="3").body == f"3 says {path}".encode()
    assert crew.asked == [(3, path)]


@pytest.mark.parametrize("number", ["0", "4", "x", ""])
def test_a_worker_that_there_is_not_has_no_pages(crew, pages, number):
    answer = get(pages, "/admin/ping", worker=number)
    assert (answer.status, b"1 to 3" in answer.body) == (404, True)


def test_a_worker_that_is_not_there_at_the_moment_is_said_so(pages):
    answer = get(pages, "/admin/ping", worker="2")
    assert (answer.status, b"worker 2 is not there" in answer.body) == (503, True)


def test_what_all_would_say_alike_is_asked_of_one_that_serves(crew, pages):
    assert get(pages, "/delegator.json").body == b"1 says /delegator.json"
    crew.serving = [3]
    assert get(pages, "/delegator.json").body == b"3 says /delegator.json"
    crew.serving = []
    assert get(pages, "/delegator.json").status == 503
    assert get(pages, "/client_state.json").status == 503


def test_pages_that_only_workers_have_are_asked_of_them(crew, pages):
    path = "/web/interpreter_state/some.json"
    assert find(pages, path) is None
    pages.know([path, "/admin/ping"])
    assert get(pages, path).body == b"1 says " + path.encode()
    assert get(pages, "/admin/ping").body == b"pong"
    assert path in get(pages, "/admin").body.decode().splitlines()


def test_clients_of_all_are_merged(crew, pages):
    pending = {"state": "Pending", "addresses": []}
    says(
        crew,
        "/client_state.json",
        w1={"a": {"state": "bound", "addresses": ["1", "2"]}, "b": pending, "c": pending},
        w3={
            "a": {"state": "bound", "addresses": ["2", "3"]},
            "b": {"state": "bound", "addresses": ["9"]},
        },
    )
    assert json.loads(get(pages, "/client_state.json").body) == {
        "a": {"state": "bound", "addresses": ["1", "2", "3"]},
        "b": {"state": "bound", "addresses": ["9"]},
        "c": pending,
    }


def test_names_failures_and_requests_of_all_are_merged_newest_first(crew, pages):
    says(crew, "/bound-names.json", w1=["/a", "/b"], w3=["/b", "/c"])
    assert json.loads(get(pages, "/bound-names.json").body) == ["/a", "/b", "/c"]
    old, new, newest = ({"at": at} for at in (1.5, 2.5, 3.5))
    says(crew, "/admin/tls_failures.json", w1={"failures": [new, old]}, w3={"failures": [newest]})
    assert json.loads(get(pages, "/admin/tls_failures.json").body) == {
        "failures": [newest | {"worker": 3}, new | {"worker": 1}, old | {"worker": 1}]
    }
    pages.know(["/admin/requests.json"])
    says(crew, "/admin/requests.json", w1={"requests": [new, old]}, w3={"requests": [newest]})
    found = json.loads(get(pages, "/admin/requests.json", limit="2").body)["requests"]
    assert [request["at"] for request in found] == [3.5, 2.5]


def test_the_names_that_any_follows_are_told(crew, pages):
    def name(path):
        return {"router": "web", "path": path, "local": ""}

    says(
        crew,
        "/ui/names.json",
        w1={"namers": ["/#/fs"], "names": [name("/svc/a")]},
        w3={"namers": ["/#/fs"], "names": [name("/svc/b")]},
    )
    told = json.loads(get(pages, "/ui/names.json").body)
    assert told == {"namers": ["/#/fs"], "names": [name("/svc/a"), name("/svc/b")]}


def test_a_client_has_the_figures_of_all_and_the_endpoints_that_workers_know(crew, metrics, pages):
    metrics.counter("rt", "web", "client", "#/fs/a", "status", "503").incr(7)

    def endpoint(port, load, state):
        return {"address": f"127.0.0.1:{port}", "weight": 1.0, "load": load, "state": state}

    gone = {"state": "closed", "trouble": "", "endpoints": []}
    known = [endpoint(1, 2, "live"), endpoint(2, 0, "live")]
    says(
        crew,
        "/ui/member.json",
        w1={"state": "bound", "trouble": "", "status": {"503": 3}, "endpoints": known},
        w3={"state": "bound", "trouble": "slow", "endpoints": [endpoint(1, 1, "busted")]},
    )
    asked = {"router": "web", "kind": "client", "name": "#/fs/a"}
    told = json.loads(get(pages, "/ui/member.json", **asked).body)
    assert told["endpoints"] == [endpoint(1, 3, "busted"), endpoint(2, 0, "live")]
    assert (told["state"], told["trouble"], told["status"]) == ("bound", "slow", {"503": 7})
    crew.answers[1, "/ui/member.json"] = as_json({"error": "there is none"}, 404)
    crew.serving = [1]
    assert json.loads(get(pages, "/ui/member.json", **asked).body).items() >= gone.items()
    assert get(pages, "/ui/member.json", **asked | {"router": "x"}).status == 404


def test_what_a_worker_refuses_is_refused(crew, pages):
    pages.know(["/admin/requests.json"])
    crew.answers[1, "/admin/requests.json"] = as_json({"error": "limit must be a number"}, 400)
    says(crew, "/admin/requests.json", w3={"requests": []})
    assert get(pages, "/admin/requests.json", limit="x").status == 400


def test_a_worker_that_ends_meanwhile_is_not_waited_for(crew, pages):
    late = crew.answers[1, "/bound-names.json"] = Deferred()
    says(crew, "/bound-names.json", w3=["/c"])
    answer = get(pages, "/bound-names.json")
    found = []
    answer.addCallback(found.append)
    late.errback(RuntimeError("gone"))
    assert json.loads(found[0].body) == ["/c"]


def test_who_leaves_has_all_workers_asked_no_more(crew, pages):
    left = []
    for number in (1, 3):
        crew.answers[number, "/bound-names.json"] = Deferred(lambda _, n=number: left.append(n))
    answer = get(pages, "/bound-names.json")
    answer.addErrback(lambda _: None)
    answer.cancel()
    assert left == [1, 3]


def test_a_logger_changes_its_level_everywhere(crew, pages):
    answer = get(pages, "/logging.json", "POST", logger="linkerpy", level="INFO")
    assert answer.status == 200
    assert crew.levels == [("linkerpy", "INFO")]
    assert get(pages, "/logging.json", "POST", logger="linkerpy").status == 400
    assert crew.levels == [("linkerpy", "INFO")]
    assert get(pages, "/logging.json").body == b"1 says /logging.json"


def test_threads_are_those_of_workers(crew, pages):
    thread = {"thread": "MainThread", "stack": ["here\n"]}
    says(crew, "/admin/threads.json", w1={"threads": {"7": thread}}, w3={"threads": {"7": thread}})
    assert set(json.loads(get(pages, "/admin/threads.json").body)["threads"]) == {"1/7", "3/7"}
    page = get(pages, "/admin/threads")
    assert isinstance(page, Answer)
    assert b"worker 3: MainThread" in page.body
