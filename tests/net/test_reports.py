"""The queue before a collector: batches, losses, the end."""

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from linkerpy.net.collector import Outcome
from linkerpy.net.reports import BATCH, CAPACITY, INTERVAL, Reports
from linkerpy.telemetry.metrics import Metrics
from tests.support.env import counts


class Script:
    """A collector that answers each report in turn, the last way for ever; None is not at all."""

    def __init__(self, *outcomes):
        self._outcomes = list(outcomes)
        self.seen = []
        self.open = True

    def post(self, body):
        self.seen.append(body)
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        return Deferred() if outcome is None else succeed(outcome)

    def close(self):
        self.open = False


class Reporting:
    def __init__(self, *outcomes):
        self.clock, self.metrics = Clock(), Metrics()
        self.collector = Script(*outcomes)
        self.reports = Reports(self.collector, list, self.metrics, self.clock)

    def add(self, *records):
        for record in records:
            self.reports.add(record)

    @property
    def seen(self):
        return self.collector.seen

    @property
    def counts(self):
        return counts(self.metrics)


@pytest.fixture
def reporting():
    return Reporting


def test_records_are_sent_together_after_a_moment(reporting):
    made = reporting(Outcome.TAKEN)
    made.add(1, 2)
    assert made.seen == []
    made.clock.advance(INTERVAL)
    assert made.seen == [[1, 2]]
    assert made.counts == {"sent": 2}
    assert made.clock.getDelayedCalls() == []


def test_full_batches_follow_at_once_and_the_rest_a_moment_later(reporting):
    made = reporting(Outcome.TAKEN)
    made.add(*range(2 * BATCH + 1))
    made.clock.advance(INTERVAL)
    assert [len(batch) for batch in made.seen] == [BATCH, BATCH]
    made.clock.advance(INTERVAL)
    assert made.seen[2] == [2 * BATCH]


def test_only_one_report_is_under_way(reporting):
    made = reporting(None)
    made.add(1)
    made.clock.advance(INTERVAL)
    made.add(2)
    made.clock.advance(100)
    assert made.seen == [[1]]


def test_what_was_not_taken_is_sent_again_in_order_less_and_less_often(reporting):
    made = reporting(Outcome.LATER, Outcome.LATER, Outcome.LATER, Outcome.TAKEN)
    made.add(1, 2)
    made.clock.advance(INTERVAL)
    made.add(3)
    made.clock.advance(INTERVAL)
    made.clock.advance(INTERVAL)
    assert len(made.seen) == 2
    made.clock.advance(INTERVAL)
    made.clock.advance(4 * INTERVAL)
    assert made.seen == [[1, 2], [1, 2, 3], [1, 2, 3], [1, 2, 3]]
    assert made.counts == {"sent": 3}


def test_what_is_refused_is_dropped_and_counted(reporting):
    made = reporting(Outcome.REFUSED, Outcome.TAKEN)
    made.add(1, 2)
    made.clock.advance(INTERVAL)
    made.add(3)
    made.clock.advance(INTERVAL)
    assert made.seen == [[1, 2], [3]]
    assert made.counts == {"dropped": 2, "sent": 1}


def test_the_queue_is_bounded(reporting):
    made = reporting(Outcome.LATER)
    made.add(*range(CAPACITY + 10))
    assert made.counts == {"dropped": 10}
    made.clock.advance(INTERVAL)
    assert made.counts == {"dropped": 10}


def test_a_batch_that_comes_back_to_a_full_queue_loses_its_oldest(reporting):
    made = reporting(None)
    made.add(1, 2)
    made.clock.advance(INTERVAL)
    made.add(*range(CAPACITY - 1))
    made.reports._answered(Outcome.LATER, [1, 2])
    assert made.counts == {"dropped": 1}
    assert made.reports._queue[0] == 2


def test_the_end_sends_everything_first(reporting):
    made = reporting(Outcome.TAKEN)
    made.add(*range(BATCH + 1))
    told = []
    made.reports.drain(lambda: told.append(None))
    assert told == [None]
    assert made.counts == {"sent": BATCH + 1}
    made.reports.close()
    assert not made.collector.open
    assert made.clock.getDelayedCalls() == []


def test_the_end_waits_for_a_report_under_way(reporting):
    made = reporting(None)
    made.add(1)
    made.clock.advance(INTERVAL)
    told = []
    made.reports.drain(lambda: told.append(None))
    assert told == []
    made.reports._answered(Outcome.TAKEN, [1])
    assert told == [None]


def test_a_collector_that_fails_holds_nobody_up_at_the_end(reporting):
    made = reporting(Outcome.LATER)
    made.add(*range(2 * BATCH))
    told = []
    made.reports.drain(lambda: told.append(None))
    assert told == [None]
    assert made.counts == {"dropped": 2 * BATCH}


def test_what_comes_after_the_end_is_dropped(reporting):
    made = reporting(Outcome.TAKEN)
    made.reports.close()
    made.add(1)
    assert made.counts == {"dropped": 1}
    assert made.clock.getDelayedCalls() == []
