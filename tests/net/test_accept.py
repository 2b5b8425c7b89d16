import pytest

from linkerpy.net.accept import quality

OM = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"
PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


@pytest.mark.parametrize(
    ("accept", "open_metrics", "text"),
    [
        (PROMETHEUS, 1.0, 0.5),
        ("", 1.0, 1.0),
        ("*/*", 1.0, 1.0),
        ("text/html,application/xml;q=0.9,*/*;q=0.8", 0.8, 0.8),
        ("text/*;q=0.3, */*;q=0.1", 0.1, 0.3),
        ("text/plain", 0.0, 1.0),
        ('Application/OpenMetrics-Text; Version="1.0.0"; q=0.2', 0.2, 0.0),
        ("application/openmetrics-text;version=0.0.1,*/*;q=0.1", 0.1, 0.1),
        ("application/openmetrics-text;q=0,*/*", 0.0, 1.0),
        ("application/openmetrics-text;q=much,text/plain;q=7", 0.0, 1.0),
    ],
)
def test_how_much_a_caller_likes_a_type(accept, open_metrics, text):
    assert (quality(accept, OM), quality(accept, TEXT)) == (open_metrics, text)
