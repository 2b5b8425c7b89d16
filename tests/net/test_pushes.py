"""Rounds of a long text to a collector."""

from twisted.internet.task import Clock

from linkerpy.net.collector import Outcome
from linkerpy.net.pushes import Pushes
from tests.net.test_reports import Script


def pushing(*outcomes, pieces=("a", "", "b")):
    clock, collector = Clock(), Script(*outcomes)
    return clock, collector, Pushes(collector, lambda: iter(pieces), ("[", "]"), clock, 10.0)


def test_every_interval_everything_is_told():
    clock, collector, pushes = pushing(Outcome.TAKEN)
    pushes.start()
    assert collector.seen == []
    clock.advance(10)
    clock.advance(10)
    assert collector.seen == [b"[a,b]", b"[a,b]"]
    pushes.close()
    assert clock.getDelayedCalls() == []


def test_a_long_text_goes_in_several_reports():
    long = "x" * (1 << 19)
    clock, collector, pushes = pushing(Outcome.TAKEN, pieces=(long, "b", long))
    pushes.start()
    clock.advance(10)
    assert [len(body) for body in collector.seen] == [len(long) + 2, len(long) + 4]
    pushes.close()


def test_a_report_that_was_not_taken_ends_its_round():
    long = "x" * (1 << 19)
    clock, collector, pushes = pushing(Outcome.LATER, Outcome.TAKEN, pieces=(long, "b"))
    pushes.start()
    clock.advance(10)
    assert len(collector.seen) == 1
    clock.advance(10)
    assert len(collector.seen) == 3
    pushes.close()


def test_no_round_begins_while_one_is_under_way():
    clock, collector, pushes = pushing(None)
    pushes.start()
    clock.advance(10)
    clock.advance(10)
    assert len(collector.seen) == 1
    pushes.close()


def test_the_end_tells_what_has_happened_since():
    clock, collector, pushes = pushing(Outcome.TAKEN)
    pushes.start()
    told = []
    pushes.drain(lambda: told.append(None))
    assert (told, collector.seen) == ([None], [b"[a,b]"])
    pushes.close()
    assert clock.getDelayedCalls() == []


def test_what_was_made_of_a_text_that_broke_off_is_no_part_of_the_next():
    def broken():
        yield "a"
        raise RuntimeError("no more")

    clock, collector, pushes = pushing(Outcome.TAKEN)
    whole, pushes._make = pushes._make, broken
    pushes.start()
    clock.advance(10)
    assert collector.seen == []
    pushes._make = whole
    clock.advance(10)
    assert collector.seen == [b"[a,b]"]
    pushes.close()
