"""Steps: calls, results and errors of generators run by a loop."""

import pytest

from linkerpy.core.steps import run_steps


def test_a_step_gets_the_result_of_the_one_it_yields():
    def add(n):
        return 0 if n == 0 else n + (yield add(n - 1))

    assert run_steps(add(10_000)) == 50_005_000


def test_an_error_rises_to_the_step_that_catches_it():
    def fail():
        raise ValueError("deep")
        yield

    def between():
        yield fail()
        raise AssertionError("not reached")

    def catch():
        try:
            yield between()
        except ValueError as error:
            return (yield value(str(error)))

    def value(text):
        return text
        yield

    assert run_steps(catch()) == "deep"
    with pytest.raises(ValueError, match="deep"):
        run_steps(between())
