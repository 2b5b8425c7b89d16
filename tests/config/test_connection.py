import pytest
from pydantic import ValidationError

from linkerpy.config.connection import HostConnectionPool, RetryBudget


def test_idle_time_is_in_seconds_inside():
    assert HostConnectionPool.model_validate({"idleTimeMs": 1500}).idle_time == 1.5
    assert HostConnectionPool().idle_time is None


@pytest.mark.parametrize(
    "value", [{"ttlSecs": 0}, {"ttlSecs": 61}, {"minRetriesPerSec": -1}, {"percentCanRetry": 1001}]
)
def test_a_budget_is_within_its_ranges(value):
    with pytest.raises(ValidationError):
        RetryBudget.model_validate(value)


def test_a_whole_number_of_retries_per_request_is_taken():
    assert RetryBudget.model_validate({"percentCanRetry": 5}).percent_can_retry == 5.0
