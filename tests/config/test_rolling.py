import pytest
from pydantic import TypeAdapter, ValidationError

from linkerpy.config.rolling import RollPolicy

POLICY = TypeAdapter(RollPolicy)


@pytest.mark.parametrize(
    "policy",
    ["never", "Hourly", "daily", "weekly(1)", "weekly(7)", "SIGHUP", "3.megabytes", "1.gigabyte"],
)
def test_linkerd_s_policies_are_taken_in_any_case(policy):
    assert POLICY.validate_python(policy) == policy


@pytest.mark.parametrize("policy", ["", "monthly", "weekly(0)", "weekly(8)", "weekly", "3.miles"])
def test_other_policies_are_refused(policy):
    with pytest.raises(ValidationError, match="Invalid log roll policy"):
        POLICY.validate_python(policy)
