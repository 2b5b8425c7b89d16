import random
from itertools import islice, pairwise

import pytest
from pydantic import ValidationError

from linkerpy.plugins.backoffs import ConstantConfig, JitteredConfig


def test_constant_waits_are_all_the_same_number_of_seconds():
    waits = ConstantConfig(kind="constant", ms=250).build(random.Random(1))
    assert list(islice(waits, 3)) == [0.25, 0.25, 0.25]


def test_jittered_waits_begin_with_the_shortest_and_grow_at_most_threefold_to_the_longest():
    waits = JitteredConfig(kind="jittered", min_ms=100, max_ms=5000).build(random.Random(1))
    seen = list(islice(waits, 200))
    assert seen[0] == 0.1
    for last, wait in pairwise(seen):
        assert last <= wait <= min(5.0, 3 * last)
    assert seen[-1] == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"maxMs": 1}, "'minMs' must be specified"),
        ({"minMs": 1}, "'maxMs' must be specified"),
        ({"minMs": 0, "maxMs": 1}, "minMs"),
        ({"minMs": 2, "maxMs": 1}, "must not be above"),
    ],
)
def test_jitter_needs_a_range(value, message):
    with pytest.raises(ValidationError, match=message):
        JitteredConfig.model_validate({"kind": "jittered", **value})
