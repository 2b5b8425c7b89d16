import os

import pytest

from linkerpy.app.supervisor import count_of


@pytest.mark.parametrize(
    ("quota", "most"),
    [
        ("max 100000", None),
        ("150000 100000", 2),
        ("100000 100000", 1),
        ("5000 100000", 1),
        ("", None),
    ],
)
def test_auto_is_the_processors_that_the_process_may_use(tmp_path, quota, most):
    file = tmp_path / "cpu.max"
    file.write_text(quota)
    processors = len(os.sched_getaffinity(0))
    assert count_of("auto", file) == (processors if most is None else min(processors, most))


def test_auto_without_a_container(tmp_path):
    assert count_of("auto", tmp_path / "none") == len(os.sched_getaffinity(0))


def test_a_number_is_that_number():
    assert count_of(7) == 7
