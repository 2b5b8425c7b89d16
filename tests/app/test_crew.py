"""When workers are asked for their news, and who is told of it."""

import pytest
from twisted.internet.defer import succeed
from twisted.internet.task import Clock

from linkerpy.app.crew import Crew
from linkerpy.app.place import Place
from linkerpy.net.channel import Message
from linkerpy.telemetry.merging import Merged
from linkerpy.telemetry.metrics import Metrics

NEWS = {"counters": [], "gauges": [], "stats": [], "gone": []}


class Worker(Place):
    """Tells its news at once, and says how long that took."""

    def __init__(self, took, clock):
        super().__init__(1, "serving")
        self.took, self.clock, self.asked = took, clock, []

    def call(self, body, payload=b"", *descriptors):
        self.asked.append(self.clock.seconds())
        return succeed(Message({"news": NEWS, "took": self.took}))


class Workers:
    def __init__(self, place):
        self.places = {1: place}
        self.serving = [place]


@pytest.mark.parametrize(
    ("took", "asked"), [(0.001, [1, 2, 3, 4, 5, 6]), (0.01, [1, 2, 3, 4, 5, 6]), (0.03, [1, 4])]
)
def test_a_worker_tells_its_news_each_second_or_less_often_if_that_is_work(took, asked):
    clock = Clock()
    worker = Worker(took, clock)
    crew = Crew(Workers(worker), Merged(Metrics()), lambda: None, clock)
    for _ in range(6):
        worker.heard = clock.seconds()
        clock.advance(1)
    assert worker.asked == asked
    crew.close()


def test_who_wants_every_round_is_called_before_it():
    clock, rounds = Clock(), []
    worker = Worker(0.001, clock)
    crew = Crew(Workers(worker), Merged(Metrics()), lambda: None, clock)
    crew.before_rounds(lambda: rounds.append((clock.seconds(), len(worker.asked))))
    clock.pump([1, 1, 1])
    assert rounds == [(1, 0), (2, 1), (3, 2)]
    crew.close()
