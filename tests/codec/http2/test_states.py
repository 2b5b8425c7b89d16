"""The tables of a stream's halves say something about every move, and nothing leads back."""

from linkerpy.codec.http2 import states


def test_every_state_has_a_word_on_every_move():
    assert len(states.RECEIVING) == len(states.STATES)
    assert {len(row) for row in states.RECEIVING} == {len(states.MOVES)}


def test_whatever_is_wrong_has_a_code_and_words():
    wrong = {move for row in states.RECEIVING for move in row if move < 0}
    assert wrong == set(states.WRONG)


def test_a_half_only_goes_forward():
    for state, row in enumerate(states.RECEIVING):
        assert all(after >= state for after in row if after >= 0)


def test_nothing_follows_the_end():
    assert all(after < 0 for after in states.RECEIVING[states.DONE])


def test_what_ends_a_stream_leads_to_done_or_is_wrong():
    for row in states.RECEIVING:
        assert row[states.HEADERS_END] in (states.DONE, row[states.HEADERS])
        assert row[states.DATA_END] == states.DONE or row[states.DATA_END] < 0
