import pytest
from twisted.internet.defer import CancelledError

from linkerpy.app.place import LONGEST_PAUSE, SETTLED, Place, WorkerGone
from linkerpy.net.channel import Message


class FakeChannel:
    def __init__(self):
        self.sent = []

    def send(self, body, payload=b"", descriptors=()):
        self.sent.append((body, payload, tuple(descriptors)))


@pytest.fixture
def place():
    made = Place(2)
    made.channel = FakeChannel()
    return made


def test_answers_find_their_calls(place):
    first, second = place.call({"tell": True}), place.call({"ask": 1}, b"body", 7)
    (_, _, _), (body, payload, descriptors) = place.channel.sent
    assert (body["ask"], payload, descriptors) == (1, b"body", (7,))
    for number, word in ((body["id"], "two"), (place.channel.sent[0][0]["id"], "one")):
        place.answered(Message({"id": number, "word": word}))
    assert [call.result.body["word"] for call in (first, second)] == ["one", "two"]
    place.answered(Message({"id": body["id"]}))  # again: nobody waits


def test_a_call_that_is_cancelled_is_forgotten_there_too(place):
    call = place.call({"ask": 1})
    number = place.channel.sent[0][0]["id"]
    failures = []
    call.addErrback(failures.append)
    call.cancel()
    assert failures[0].check(CancelledError)
    assert place.channel.sent[1][0] == {"forget": number}
    place.answered(Message({"id": number}))


def test_calls_fail_when_the_worker_ends_or_is_not_there(place):
    failures = []
    place.call({}).addErrback(failures.append)
    place.hung_up()
    place.call({}).addErrback(failures.append)
    assert [failure.type for failure in failures] == [WorkerGone, WorkerGone]
    place.send({"level": 1})  # nobody hears it


def test_replacements_wait_longer_and_longer_while_they_fail(place):
    pauses = []
    for _ in range(40):
        place.ended_after(1, drained=False)
        pauses.append(place.pause)
    assert pauses[:5] == [0, 0.5, 1, 2, 4]
    assert max(pauses) == pauses[-1] == LONGEST_PAUSE
    assert place.restarts == 40


@pytest.mark.parametrize(
    "end", [{"seconds": 1, "drained": True}, {"seconds": SETTLED, "drained": False}]
)
def test_who_has_settled_or_was_asked_to_end_is_replaced_at_once(place, end):
    for _ in range(5):
        place.ended_after(1, drained=False)
    place.ended_after(**end)
    assert place.pause == 0
