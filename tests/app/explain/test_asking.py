"""What names lead to, without a network: hosts are resolved when a test says so."""

import pytest

from linkerpy.app.explain.answer import answered
from linkerpy.app.explain.as_json import as_json
from linkerpy.app.explain.as_text import Ink, as_text
from linkerpy.app.explain.asking import ask
from linkerpy.app.explain.question import name_request
from tests.app.explain.files import MANY, opened
from tests.support.env import fake_env


class Asked:
    """One question under way."""

    def __init__(self, host, text=MANY, headers=(), **how):
        self.loaded, self.question, self.door = opened(
            text, server=4140, headers=[("Host", host), *headers]
        )
        self.dst = name_request(self.door, self.question)
        self.env = fake_env()
        self.resolver = self.env.inet._resolver
        self.told = []
        ask(
            self.loaded.config,
            self.door,
            self.dst,
            self.env,
            self.told.append,
            **{"seconds": 5.0, **how},
        )

    @property
    def answer(self):
        (found,) = self.told
        return answered(self.loaded, self.door, self.question, self.dst, found)


def ends(answer):
    return [(goal.destination.share, goal.destination.bound.id.show()) for goal in answer.goals]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("any", [(1.0, "/$/inet/127.0.0.1/8001")]),
        ("alt", [(1.0, "/$/inet/127.0.0.1/1")]),
        ("host/any.example", [(1.0, "/$/inet/127.0.0.1/8001")]),
    ],
)
def test_a_name_that_resolves_leads_somewhere(host, expected):
    text = MANY.replace("label: web", "label: web\n  identifier: {kind: io.l5d.header}")
    answer = Asked("x", text, [("l5d-name", f"/{host}")]).answer
    assert answer.trouble is None
    assert ends(answer) == expected


@pytest.mark.parametrize(
    ("host", "why", "cure"),
    [
        ("typo", "there is no namer for /#/io.l5d.consl/dc1/x", "did you mean /#/io.l5d.consul?"),
        ("fail", "/svc/fail: fails, as the dtab says; what comes after is not tried", ""),
        ("nil", "/svc/nil: is nobody, as the dtab says", ""),
    ],
)
def test_a_name_that_leads_nowhere_says_why_and_what_to_do(host, why, cure):
    trouble = Asked(host).answer.trouble
    assert trouble.why == why
    assert trouble.cure.startswith(cure)


def test_a_name_that_no_dentry_matches_is_told_which_to_add():
    trouble = Asked(
        "x", MANY.replace("label: web", "label: web\n  dstPrefix: /http")
    ).answer.trouble
    assert trouble.why == "no dentry begins like /http/x"
    assert trouble.cure.startswith("add one to the dtab: /http => ")


def test_the_dtab_of_a_request_counts():
    asked = Asked("x", headers=[("l5d-dtab", "/svc/x => /$/inet/10.0.0.1/9")])
    assert ends(asked.answer) == [(1.0, "/$/inet/10.0.0.1/9")]


def test_hosts_are_waited_for():
    asked = Asked("dns")
    assert asked.told == []
    asked.resolver.answer("web.example", ["10.0.0.1", "10.0.0.2"])
    assert asked.answer.trouble is None
    assert "10.0.0.2:80" in as_text(asked.answer, Ink())


@pytest.mark.parametrize(("result", "why"), [(None, "no such service"), (OSError("x"), "x")])
def test_hosts_that_are_not_there_are_the_trouble(result, why):
    asked = Asked("dns")
    asked.resolver.answer("web.example", result)
    assert asked.answer.trouble.why == f"/$/inet/web.example/80: {why}"


def test_a_host_that_does_not_answer_in_time_is_the_trouble():
    asked = Asked("dns", seconds=2.0)
    asked.env.clock.advance(2)
    assert asked.answer.trouble.why.endswith("the DNS for web.example has not answered within 2 s")
    assert not [call for call in asked.env.clock.getDelayedCalls() if call.func.__name__ != "_ask"]


def test_a_share_that_does_not_answer_leaves_the_others():
    asked = Asked("split")
    asked.env.clock.advance(5)
    assert asked.answer.trouble is None
    assert ends(asked.answer) == [(0.3, "/$/inet/127.0.0.1/3"), (0.7, "/$/inet/web.example/4")]


def test_offline_the_dns_is_not_asked():
    asked = Asked("dns", offline=True)
    assert asked.resolver.asked == []
    assert asked.answer.trouble is None
    assert "the DNS is not asked (--offline)" in as_text(asked.answer, Ink())


BUDGET = "ttlSecs 10 s, minRetriesPerSec 10, percentCanRetry 0.2"


def test_policies_say_where_they_are_from():
    answer = Asked("any").answer
    known = {
        policy.key: (policy.text, policy.spot and policy.spot.line) for policy in answer.service
    }
    assert known == {
        "totalTimeoutMs": ("5000 ms", 19),
        "retries": (
            f"budget ({BUDGET}), backoff (constant: ms 5)",
            20,
        ),
        "responseClassifier": ("io.l5d.http.nonRetryable5XX", None),
    }
    (goal,) = answer.goals
    client = {policy.key: (policy.text, policy.spot) for policy in goal.policies}
    assert client["requestAttemptTimeoutMs"][0] == "900 ms"
    assert client["requestAttemptTimeoutMs"][1].line == 27
    assert "commonName 127.0.0.1.internal" in client["tls"][0]
    assert client["loadBalancer"] == ("p2c: enableProbation false, maxEffort 5", None)
    assert client["failureAccrual"][0].startswith("io.l5d.consecutiveFailures: failures 5")


PAGE = """\
GET / (Host: alt)
  router      web (http)
  server      127.0.0.1:4140  f.yml:30
  identifier  io.l5d.header.token (default)
  name        /svc/alt

  /svc/alt
  ├─ first: ✗ /nobody  nobody knows it   by /svc/alt => /nobody | /$/inet/127.0.0.1/1 | \
/$/inet/127.0.0.1/2
  ├─ else: ✓ /$/inet/127.0.0.1/1  1 endpoint
  ├─ not tried: ✓ /$/inet/127.0.0.1/2  1 endpoint
  └─ not tried: ✓ /$/inet/127.0.0.1/8001[/alt]  1 endpoint   by /svc => /$/inet/127.0.0.1/8001

  to /$/inet/127.0.0.1/1
      127.0.0.1:1
"""


def test_the_page_shows_each_step():
    page = as_text(Asked("alt").answer, Ink())
    assert page.startswith(PAGE)
    assert page.endswith("✓ resolves\n")
    assert "\x1b" not in page


def test_a_terminal_gets_colours_and_a_plain_one_ascii():
    answer = Asked("alt").answer
    assert "\x1b[32m✓\x1b[0m" in as_text(answer, Ink(colour=True))
    assert as_text(answer, Ink(unicode=False)).isascii()


def test_json_tells_the_same():
    told = as_json(Asked("split", offline=True).answer)
    assert told["resolves"] is True
    assert told["name"] == "/svc/split"
    assert [one["share"] for one in told["destinations"]] == [0.3, 0.7]
    assert told["destinations"][0]["addr"]["addrs"] == [{"ip": "127.0.0.1", "port": 3, "meta": {}}]
    assert told["delegation"]["type"] == "alt"
    assert told["service"]["policies"]["totalTimeoutMs"] == {"value": 5000, "at": "f.yml:19"}
    assert told["problem"] is None
