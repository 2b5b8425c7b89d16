"""The pipes of a process: lent, given back, bounded."""

import os

import pytest

from linkerpy.net import pipes
from linkerpy.net.pipes import LARGE, SIZE, Pipes


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def test_an_empty_pipe_is_lent_again_and_one_with_bytes_in_it_is_not():
    kept = Pipes(kept=2)
    first = kept.take()
    kept.give(first, empty=True)
    assert kept.take() is first
    os.write(first.write, b"left")
    kept.give(first, empty=False)
    assert (kept.lent, kept.idle) == (0, 0)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(first.read)


def test_no_more_are_lent_than_there_may_be_and_none_leaks():
    before = descriptors()
    few = Pipes(kept=1, most=2, most_large=1)
    lent = [few.take(), few.take()]
    assert few.take() is None
    assert [pipe.size for pipe in lent] == [LARGE, SIZE]
    assert few.large == 1
    for pipe in lent:
        few.give(pipe, empty=True)
    assert (few.lent, few.idle, descriptors()) == (0, 1, before + 2)
    few.give(few.take(), empty=False)
    assert (few.large, descriptors()) == (0, before)


def test_a_process_without_descriptors_gets_none(monkeypatch):
    def none_left(_flags):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(pipes.os, "pipe2", none_left)
    assert Pipes().take() is None


def test_a_pipe_that_may_not_be_large_is_a_common_one(monkeypatch):
    def refused(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(pipes, "fcntl", refused)
    common = Pipes(kept=0)
    pipe = common.take()
    assert (pipe.size, common.large) == (SIZE, 0)
    common.give(pipe, empty=True)
