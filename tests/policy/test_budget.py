"""Budget: what requests earn, what retries cost, and when both are forgotten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.policy.budget import Budget, BudgetRule
from tests.support.names import vectors


class Time:
    now = 1000.0

    def __call__(self):
        return self.now


def play(budget, time, step):
    action, _, times = step.partition("*")
    if action[0] == "=":
        assert budget.balance == int(action[1:]), step
    elif action[0] == "+":
        time.now += float(action[1:])
    for _ in range(int(times or 1)):
        if action == "d":
            budget.deposit()
        elif action in ("w", "x"):
            assert budget.withdraw() is (action == "w"), step


@pytest.mark.parametrize("row", vectors("budget"), ids=str)
def test_vectors(row):
    """`d` deposits, `w` pays, `x` cannot; `+` lets seconds pass, `=` looks at the balance."""
    rule, script = row
    time = Time()
    budget = Budget(BudgetRule(**rule), time)
    for step in script.split():
        play(budget, time, step)


class Ledger:
    """The same by its definition: every entry is kept, and counts while it is young."""

    def __init__(self, rule):
        self.cost = int(1000 / rule.per_request) if rule.per_request else 1
        self.earned = 1000 if rule.per_request else 0
        self.reserve = rule.min_per_second * rule.ttl * self.cost
        self.width = rule.ttl / 10
        self.entries = []

    def tokens(self, now):
        slice_ = int(now / self.width)
        return self.reserve + sum(n for when, n in self.entries if slice_ - when < 10)

    def enter(self, now, amount):
        self.entries.append((int(now / self.width), amount))


STEPS = st.lists(
    st.one_of(st.just("d"), st.just("w"), st.sampled_from([0.0, 0.3, 1.0, 4.9, 9.9, 10.0, 75.0])),
    max_size=60,
)
RULES = st.builds(
    BudgetRule,
    ttl=st.integers(1, 60),
    min_per_second=st.integers(0, 3),
    per_request=st.one_of(st.just(0), st.floats(0.01, 1000)),
)


@given(rule=RULES, steps=STEPS)
def test_a_budget_is_the_sum_of_what_is_young_enough(rule, steps):
    time, ledger = Time(), Ledger(rule)
    budget = Budget(rule, time)
    for step in steps:
        if step == "d":
            budget.deposit()
            ledger.enter(time.now, ledger.earned)
        elif step == "w":
            affordable = ledger.tokens(time.now) >= ledger.cost
            assert budget.withdraw() is affordable
            if affordable:
                ledger.enter(time.now, -ledger.cost)
        else:
            time.now += step
        assert budget.balance == max(ledger.tokens(time.now) // ledger.cost, 0)
