"""The modules behind the pages, each for itself."""

import pytest

from tests.admin.serving import serving


@pytest.fixture(scope="module")
def blank(browser):
    """A quiet page from which the modules can be imported."""
    with serving() as server:
        page = browser.new_page()
        page.goto(f"{server.url}help")
        yield page
        page.close()


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("success(10, 10)", {"text": "50.00%", "judgement": "bad"}),
        ("success(0, 0)", {"text": "N/A", "judgement": ""}),
        ("success(17, 2)", {"text": "89.47%", "judgement": "bad"}),
        ("success(87, 2)", {"text": "97.75%", "judgement": "poor"}),
        ("success(9990, 5)", {"text": "99.95%", "judgement": "good"}),
        ("success(1e6, 1)", {"text": "99.99%", "judgement": "good"}),
        ("bytes(1024)", "1.0KB"),
        ("bytes(-1)", "–"),
        ("span(50 * 3600e3)", "2d 2h 0m"),
        ("span(366 * 86400e3)", "1y 0d 18h"),
        ("span(0)", "0s"),
        ("latency(1250)", "1.25 s"),
        ("latency(0)", "<1 ms"),
    ],
)
def test_numbers_are_written_for_people(blank, call, expected):
    assert blank.evaluate(f"async () => (await import('./files/format.js')).{call}") == expected


HISTORY = """async ([readings, all]) => {
    const { History } = await import('./files/history.js');
    const history = new History();
    for (const [now, value] of readings) { history.begin(now); history.note('n', value, all); }
    return [history.rate('n'), history.rates('n')];
}"""


@pytest.mark.parametrize(
    ("readings", "rate", "rates"),
    [
        ([[1, 0], [2, 10], [12, 110]], 10, [10, 10]),  # a stalled poll makes no spike
        ([[1, 50], [2, 60], [3, 3], [4, 5]], 2, [2]),  # removed, and made anew
        ([[90, 50], [91, 60], [1, 1], [2, 4]], 3, [3]),  # another process
    ],
)
def test_rates_follow_the_servers_own_time(blank, readings, rate, rates):
    for every in (False, True):
        assert blank.evaluate(HISTORY, [readings, every]) == [rate, rates]


APPEARS = """async () => {
    const { History } = await import('./files/history.js');
    const history = new History();
    history.begin(1);
    history.begin(3);
    history.note('n', 8, true);
    return history.rate('n');
}"""


def test_what_was_not_there_a_round_ago_has_grown_from_nothing(blank):
    assert blank.evaluate(APPEARS) == 4


SERIES = """async (rows) => {
    const { Series } = await import('./files/series.js');
    const series = new Series();
    for (const row of rows) series.add(['at', 'requests', 'success', 'failures'], [row]);
    return [series.rate('requests'), series.outcome(), series.rates('requests')];
}"""


@pytest.mark.parametrize(
    ("rows", "rate", "outcome", "rates"),
    [
        ([[0, 0, 0, 0], [1, 10, 8, 2], [2, 30, 28, 2]], 15, [28, 2], [10, 20]),
        ([[0, 0, 0, 0], [10, 100, 90, 10]], 10, [90, 10], [10]),
        ([[5, 70, 70, 0], [6, 3, 3, 0], [7, 5, 5, 0]], 2, [2, 0], [2]),  # another process
    ],
)
def test_a_router_is_told_by_its_points(blank, rows, rate, outcome, rates):
    assert blank.evaluate(SERIES, rows) == [rate, outcome, rates]


@pytest.mark.parametrize(
    ("value", "unit", "top"),
    [(0, 1, 1), (3, 1, 4), (10, 1, 10), (11, 1, 20), (1500, 1024, 2048), (3e6, 1024, 4 << 20)],
)
def test_a_scale_ends_where_its_half_is_round_too(blank, value, unit, top):
    call = f"async () => (await import('./files/chart.js')).ceiling({value}, {unit})"
    assert blank.evaluate(call) == top


BEGIN = """async ([told, now, value]) => {
    const { History } = await import('./files/history.js');
    const { begin } = await import('./files/members.js');
    const history = new History();
    begin(told, history);
    history.begin(now);
    history.note('web service svc/a requests', value, true);
    const name = 'web service svc/a requests';
    return [history.lately(name), history.rates(name), history.times(name)];
}"""


def test_what_a_member_did_before_the_page_was_opened_counts(blank):
    told = {
        "counters": ["requests", "received_bytes"],
        "times": [0, 5, 10],
        "members": [["web", "service", "svc/a", [7, 1], [10, 1]]],  # it came with the second
    }
    lately, rates, times = blank.evaluate(BEGIN, [told, 11, 20])
    assert (lately, rates, times) == (13, [2, 3], [10, 11])


PATH = """async ([values, kept, times]) => {
    const { path } = await import('./files/spark.js');
    return path(values, kept, times);
}"""


def test_a_line_has_its_points_where_their_times_are(blank):
    assert blank.evaluate(PATH, [[1, 1, 1], 61, [0, 50, 60]]) == "M0.0,1.0L100.0,1.0L120.0,1.0"
