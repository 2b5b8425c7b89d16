"""What a client tells its balancer of requests, whichever way they end."""

import pytest

from linkerpy.app import schema
from linkerpy.codec.body import Stream
from linkerpy.config.kinds import REGISTRY
from linkerpy.core.errors import Cancelled, NoHosts
from linkerpy.naming.addr import ADDR_NEG, Address, bound
from linkerpy.policy.balance import BUSY
from tests.router.endpoints import Balanced, addresses

schema.install()
KINDS = ("p2c", "ewma", "aperture", "heap", "roundRobin")
OBSERVED = ("ewma", "aperture", "heap")


def algorithm(kind, **keys):
    value = {"kind": kind, **keys}
    config = REGISTRY.find("balancer", kind)
    return config.model_validate(value, by_alias=True, by_name=False).build


@pytest.fixture(params=KINDS)
def balanced(request):
    return Balanced(algorithm(request.param), addresses(1, 2, 3))


@pytest.fixture(params=OBSERVED)
def observed(request):
    return Balanced(algorithm(request.param), addresses(1))


def pending(observed):
    return [node.pending for node in observed.nodes], observed.figures()["load"]


def test_a_request_is_told_where_it_goes_and_gets_the_answer(balanced):
    _, told = balanced.send()
    (asked,) = [endpoint for endpoint in balanced.made.values() if endpoint.asked]
    assert told == []
    asked.answer()
    assert told[0].body.over


def test_without_an_endpoint_there_is_no_host(balanced):
    balanced.addr.update(ADDR_NEG)
    assert [type(error) for error in balanced.send()[1]] == [NoHosts]


def test_a_removed_endpoint_gets_nothing_more_and_a_new_one_gets_something(balanced):
    balanced.asked(30)
    balanced.addr.update(addresses(2, 3, 4))
    found = balanced.asked(300)
    assert 1 not in found
    # An aperture is as wide as its load has been for a while, and that was none.
    if balanced.figures().get("logical_aperture") is None:
        assert set(found) == {2, 3, 4}


def test_a_request_is_under_way_until_its_response_has_ended(observed):
    _, told = observed.send()
    assert pending(observed) == ([1], 1)
    body = Stream()
    observed.made[1].answer(body)
    assert len(told) == 1
    assert pending(observed) == ([1], 1)
    body.end()
    assert pending(observed) == ([0], 0)


def test_a_response_that_is_all_there_ends_at_once(observed):
    observed.send()
    observed.made[1].answer()
    assert pending(observed) == ([0], 0)


@pytest.mark.parametrize("end", ["fail", "cancel"])
def test_a_response_that_breaks_off_ends(observed, end):
    observed.send()
    body = Stream()
    observed.made[1].answer(body)
    getattr(body, end)(RuntimeError("boom"))
    assert pending(observed) == ([0], 0)


def test_a_request_that_fails_ends(observed):
    _, told = observed.send()
    error = RuntimeError("boom")
    observed.made[1].fail(error)
    assert told == [error]
    assert pending(observed) == ([0], 0)


def test_a_request_that_is_cancelled_ends(observed):
    sending, told = observed.send()
    sending.cancel()
    assert [type(error) for error in told] == [Cancelled]
    assert pending(observed) == ([0], 0)


def test_a_request_that_is_never_begun_counts_nothing(observed):
    observed.client.send(None).close()
    assert pending(observed) == ([0], 0)


def test_requests_of_an_endpoint_that_has_gone_end_without_harm(observed):
    _, told = observed.send()
    (node,) = observed.nodes
    gone = observed.made[1]
    observed.addr.update(addresses(2))
    gone.answer()
    assert len(told) == 1
    assert node.pending == 0
    observed.send()
    observed.client.close()
    observed.made[2].answer()
    assert observed.made[2].load == 0


def test_what_is_known_of_an_endpoint_outlives_changes_of_the_others(observed):
    observed.send()
    (node,) = observed.nodes
    observed.addr.update(addresses(1, 2))
    observed.addr.update(bound(Address("10.0.0.1", 80, (("endpoint_addr_weight", 2.0),))))
    assert observed.nodes == [node]
    observed.made[1].answer()
    assert pending(observed) == ([0], 0)


@pytest.mark.parametrize("streamed", [False, True])
def test_ewma_measures_from_the_request_to_the_end_of_the_response(streamed):
    ewma = Balanced(algorithm("ewma", decayTimeMs=2000), addresses(1))
    ewma.send()
    ewma.env.clock.advance(0.25)
    body = Stream()
    ewma.made[1].answer(body)
    if streamed:
        ewma.env.clock.advance(0.5)
    body.end()
    (node,) = ewma.nodes
    assert node.cost == pytest.approx(0.75e9 if streamed else 0.25e9)
    ewma.env.clock.advance(2)
    assert node.load == pytest.approx(node.cost)
    assert node.cost == pytest.approx((0.75e9 if streamed else 0.25e9) / 2.718281828)


def test_ewma_sends_more_to_the_faster():
    ewma = Balanced(algorithm("ewma"), addresses(1, 2))
    took = {1: 0.001, 2: 0.2}
    picked = {1: 0, 2: 0}
    for _ in range(300):
        ewma.send()
        (number,) = [n for n, endpoint in ewma.made.items() if endpoint.asked]
        picked[number] += 1
        ewma.env.clock.advance(took[number])
        ewma.made[number].answer()
    assert picked[1] > 290


def test_heap_levels_the_load():
    heap = Balanced(algorithm("heap"), addresses(1, 2, 3, 4))
    assert heap.asked(40) == {1: 10, 2: 10, 3: 10, 4: 10}


def test_round_robin_takes_turns_whatever_the_load():
    turns = Balanced(algorithm("roundRobin"), addresses(1, 2, 3))
    turns.made[1].load = 50
    assert turns.asked(30) == {1: 10, 2: 10, 3: 10}


def hold(balanced, concurrency):
    """Ten seconds with so many requests under way."""
    for _ in range(100):
        for _ in range(concurrency):
            balanced.send()
        balanced.env.clock.advance(0.1)
        for endpoint in balanced.made.values():
            while endpoint.asked:
                endpoint.answer()


def test_aperture_follows_the_load():
    aperture = Balanced(
        algorithm("aperture", smoothWindowMs=1000, minAperture=2), addresses(*range(1, 11))
    )
    assert len(aperture.asked(100)) == 2
    hold(aperture, 9)
    figures = aperture.figures()
    assert figures["logical_aperture"] >= 4
    assert figures["loadband/offered_load_ema"] == pytest.approx(9, abs=0.1)
    assert aperture.counts()["loadband/widen"] >= 2
    hold(aperture, 1)
    assert aperture.figures()["logical_aperture"] == 2


@pytest.mark.parametrize(
    ("keys", "width"),
    [
        ({"smoothWindowMs": 100, "highLoad": 20.0}, 1),  # 9 / 1 < 20
        ({"smoothWindowMs": 100, "highLoad": 4.0}, 3),  # 9 / 3 < 4 <= 9 / 2
        ({"smoothWindowMs": 10_000_000}, 1),
    ],
)
def test_the_band_is_what_was_configured(keys, width):
    aperture = Balanced(algorithm("aperture", **keys), addresses(*range(1, 11)))
    hold(aperture, 9)
    assert aperture.figures()["logical_aperture"] == width


def test_an_aperture_narrows_where_the_configured_band_ends():
    aperture = Balanced(
        algorithm("aperture", smoothWindowMs=100, lowLoad=0.2, highLoad=2.0),
        addresses(*range(1, 11)),
    )
    hold(aperture, 9)
    hold(aperture, 1)
    assert aperture.figures()["logical_aperture"] == 4  # 1 / 5 <= 0.2 < 1 / 4


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("p2c", "p2c_least_loaded"),
        ("ewma", "p2c_peak_ewma"),
        ("aperture", "aperture_least_loaded"),
        ("heap", "heap_least_loaded"),
        ("roundRobin", "round_robin"),
    ],
)
def test_the_figures_name_the_algorithm(kind, name):
    figures = Balanced(algorithm(kind), addresses(1, 2)).figures()
    assert {key: value for key, value in figures.items() if "algorithm" in key} == {
        f"algorithm/{name}": 1.0
    }
    assert figures["num_weight_classes"] == figures["meanweight"] == 1
    assert (figures["size"], figures["available"]) == (2, 2)


def test_the_figures_tell_of_weights(balanced):
    heavy = Address("10.0.0.1", 80, (("endpoint_addr_weight", 3.0),))
    balanced.addr.update(bound(heavy, Address("10.0.0.2", 80)))
    figures = balanced.figures()
    assert (figures["num_weight_classes"], figures["meanweight"]) == (2, 2.0)
    balanced.addr.update(ADDR_NEG)
    figures = balanced.figures()
    assert (figures["num_weight_classes"], figures["meanweight"]) == (0, 0)


@pytest.mark.parametrize("kind", ["p2c", "ewma", "roundRobin"])
def test_an_effort_in_vain_is_counted_and_a_busy_endpoint_tried(kind):
    balanced = Balanced(algorithm(kind, maxEffort=2), addresses(1, 2, 3))
    for endpoint in balanced.made.values():
        endpoint.status = BUSY
    assert sum(balanced.asked(10).values()) == 10
    counted = balanced.counts()
    assert counted["max_effort_exhausted"] == 10
    assert counted["rebuilds"] == 11


@pytest.mark.parametrize("kind", KINDS)
def test_every_counter_is_there_from_the_start(kind):
    balanced = Balanced(algorithm(kind), addresses(1))
    names = {"/".join(names[1:]) for names, _ in balanced.env.metrics.walk()}
    assert names >= {
        "adds",
        "removes",
        "updates",
        "rebuilds",
        "max_effort_exhausted",
        "busy_weight_classes",
    }
    assert ("loadband/widen" in names) == (kind == "aperture")
