import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.telemetry.help import help_of


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rt:server:requests", "Requests answered."),
        ("rt:client:status:5XX", "Responses of status 5XX."),
        ("rt:client:time:error", "Milliseconds until responses of status error."),
        ("rt:server:request_latency_ms", "Milliseconds until the response."),
        (
            "rt:server:request_latency_ms_avg",
            "Milliseconds until the response. The mean of the last whole minute.",
        ),
        ("rt:something", "linkerd's metric something."),
    ],
)
def test_what_a_name_means(name, text):
    assert help_of(name) == text


@given(st.text("abc_:12", min_size=1))
def test_every_name_has_a_line(name):
    assert help_of(name).strip()
    assert "\n" not in help_of(name)
