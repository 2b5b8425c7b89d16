"""compose, and durations as linkerd writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.core.drive import drive
from linkerpy.core.duration import parse_duration, show_duration
from linkerpy.core.service import compose


def run(coroutine):
    told = []
    drive(coroutine, lambda result, error: told.append((result, error)))
    result, error = told[0]
    if error:
        raise error
    return result


def tagging(name):
    async def tag(service, request):
        return [name, *await service([*request, name])]

    return tag


async def echo(request):
    return ["|", *request]


def test_the_first_layer_sees_the_request_first_and_the_response_last():
    assert run(compose(tagging("a"), tagging("b"), echo)([])) == ["a", "b", "|", "a", "b"]


def test_a_layer_that_is_none_is_dropped():
    assert compose(None, echo) is echo
    assert run(compose(None, tagging("a"), None, echo)([])) == ["a", "|", "a"]


def test_a_filter_may_answer_without_asking():
    async def refuse(service, request):
        return "no"

    assert run(compose(refuse, echo)([])) == "no"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (10, "10.seconds"),
        (1.5, "1.seconds+500.milliseconds"),
        (0, "0.seconds"),
        (3661, "1.hours+1.minutes+1.seconds"),
        (86400, "1.days"),
    ],
)
def test_durations_print_as_plural_units(seconds, text):
    assert show_duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5.seconds", 5), ("1.minute", 60), ("1.second+500.milliseconds", 1.5), ("2.days", 172800)],
)
def test_durations_parse_singular_and_plural(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "5s", "seconds", "5.parsecs", "1.second+"])
def test_other_text_is_no_duration(text):
    with pytest.raises(ValueError, match="is not a valid duration"):
        parse_duration(text)


@given(st.integers(0, 10**9))
def test_what_is_printed_parses_back(millis):
    assert parse_duration(show_duration(millis / 1000)) == pytest.approx(millis / 1000)
