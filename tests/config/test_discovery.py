import pytest
from pydantic import ValidationError

from linkerpy.config.discovery import (
    FailureThreshold,
    MeshFailureThreshold,
    MeshRetry,
    Retry,
    ZkAddress,
    ZkAddressWithDefault,
)


def test_namerd_s_interpreters_differ_in_their_defaults():
    assert (Retry().base_seconds, MeshRetry().base_seconds) == (5, 1)
    assert Retry().max_seconds == MeshRetry().max_seconds == 600
    assert FailureThreshold().close_timeout_ms == 4000
    assert MeshFailureThreshold().close_timeout_ms == 6000


@pytest.mark.parametrize("value", [{"baseSeconds": 0}, {"baseSeconds": 9, "maxSeconds": 8}])
def test_waits_must_be_a_range(value):
    with pytest.raises(ValidationError, match="illegal retry values: baseSeconds="):
        Retry.model_validate(value)


def test_only_some_kinds_have_a_default_zookeeper_port():
    assert ZkAddressWithDefault.model_validate({"host": "zk"}).port == 2181
    with pytest.raises(ValidationError, match="port must be specified"):
        ZkAddress.model_validate({"host": "zk"})
    with pytest.raises(ValidationError, match="host must be specified"):
        ZkAddressWithDefault.model_validate({})
