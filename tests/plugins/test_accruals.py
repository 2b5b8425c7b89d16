"""Failure accruals as they are configured: when an endpoint is alive, dead, open or probed."""

import json
from pathlib import Path as File
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from linkerpy.app import schema
from linkerpy.config.kinds import REGISTRY
from linkerpy.policy.accrual import ALIVE, PROBING, Accrual, default_rule
from linkerpy.policy.balance import OPEN
from tests.policy.watchers import Seen

schema.install()
VECTORS = File(__file__).parent.parent / "vectors" / "accrual.jsonl"
LOWEST = SimpleNamespace(uniform=lambda low, _high: low)


class Script:
    """An endpoint that does as it is told."""

    def __init__(self, rule):
        self.now = 100.0
        self.seen = Seen()
        self.accrual = Accrual(rule, lambda: self.now, self.seen)

    @property
    def state(self):
        if self.accrual.state in (ALIVE, PROBING):
            return "alive" if self.accrual.state == ALIVE else "probing"
        return "open" if self.accrual.status == OPEN else "dead"

    def step(self, what):
        match what:
            case "f":
                self.accrual.failed()
            case "s":
                self.accrual.succeeded()
            case "a":
                self.accrual.acquired()
            case seconds:
                self.now = round(self.now + float(seconds), 6)

    def play(self, text):
        """`step:state` after `step:state`; `*n` repeats a step; the states as they were."""
        played = []
        for token in text.split():
            step, expected = token.split(":")
            what, _, times = step.partition("*")
            for _ in range(int(times or 1)):
                self.step(what)
                if self.state != expected:
                    return " ".join([*played, f"{step}:{self.state}"])
            played.append(token)
        return " ".join(played)


def accrual_config(**value):
    return REGISTRY.find("accrual", value["kind"]).model_validate(
        value, by_alias=True, by_name=False
    )


@pytest.mark.parametrize(
    ("config", "text"),
    [json.loads(line) for line in VECTORS.read_text().splitlines()],
    ids=lambda value: value if isinstance(value, str) else value["kind"],
)
def test_an_endpoint_is_taken_out_and_tried_again_as_its_kind_says(config, text):
    rule = accrual_config(**config).build(LOWEST)
    assert Script(rule).play(text) == text


def test_the_default_is_five_failures_in_a_row_and_the_default_backoff():
    text = "f*4:alive f:dead 4.9:dead 0.1:open a:probing f:dead 5:open a:probing s:alive"
    assert Script(default_rule(LOWEST)).play(text) == text


def test_none_has_no_rule_even_with_a_backoff():
    config = accrual_config(kind="none", backoff={"kind": "constant", "ms": 100})
    assert config.build(LOWEST) is None


@pytest.mark.parametrize(
    "value",
    [
        {"kind": "io.l5d.consecutiveFailures"},
        {"kind": "io.l5d.consecutiveFailures", "failures": 0},
        {"kind": "io.l5d.successRate", "successRate": 0.5},
        {"kind": "io.l5d.successRate", "successRate": 0.5, "requests": 0},
        {"kind": "io.l5d.successRate", "successRate": 1.1, "requests": 1},
        {"kind": "io.l5d.successRateWindowed", "window": 1},
        {"kind": "io.l5d.successRateWindowed", "successRate": 0.5, "window": 0},
    ],
)
def test_a_number_that_is_missing_or_means_nothing_is_refused(value):
    with pytest.raises(ValidationError):
        accrual_config(**value)
