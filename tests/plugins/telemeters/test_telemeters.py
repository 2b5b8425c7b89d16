"""What the telemeters that are fetched from serve, by an admin server in a thread."""

import socket

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from linkerpy.app import schema
from linkerpy.config.kinds import REGISTRY
from tests.admin.serving import serving

schema.install()

OM = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
PATH = "/admin/metrics/prometheus"


def config(kind, **keys):
    chosen = REGISTRY.find("telemeter", kind)
    return chosen.model_validate({"kind": kind, **keys}, by_alias=True, by_name=False)


def asked(path, *configs, **headers):
    with serving(telemeters=configs) as running:
        running.world.metrics.counter("rt", "http", "server", "s", "requests").incr(3)
        return running.ask(path, headers=headers)


def test_prometheus_is_served_as_text():
    status, headers, body = asked(PATH, config("io.l5d.prometheus"))
    assert status == 200
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'rt:server:requests{rt="http", server="s"} 3\n' in body
    assert "# TYPE rt:server:requests counter\n" in body


def test_open_metrics_is_served_to_who_likes_it_best():
    status, headers, body = asked(PATH, config("io.l5d.prometheus"), Accept=OM)
    assert status == 200
    assert headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert list(text_string_to_metric_families(body))


@pytest.mark.parametrize(
    ("format_", "content_type"),
    [
        ("text", "text/plain; version=0.0.4; charset=utf-8"),
        ("openmetrics", "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        ("linkerd", "text/plain"),
    ],
)
def test_a_format_that_is_chosen_is_served_whatever_is_asked_for(format_, content_type):
    telemeter = config("io.l5d.prometheus", format=format_)
    for accept in (OM, "*/*"):
        assert asked(PATH, telemeter, Accept=accept)[1]["Content-Type"] == content_type


def test_prometheus_in_linkerds_format():
    telemeter = config("io.l5d.prometheus", format="linkerd", prefix="l5d_", path="/metrics")
    body = asked("/metrics", telemeter)[2]
    assert 'l5d_rt:server:requests{rt="http", server="s"} 3\n' in body
    assert "#" not in body


def test_prometheus_can_be_served_elsewhere_under_other_names():
    body = asked("/metrics", config("io.l5d.prometheus", path="/metrics", prefix="l5d_"))[2]
    assert 'l5d_rt:server:requests{rt="http", server="s"} 3\n' in body
    assert asked(PATH, config("io.l5d.prometheus", path="/metrics"))[0] == 404


@pytest.mark.parametrize(
    "keys", [{"path": "metrics"}, {"path": ""}, {"format": "protobuf"}], ids=str
)
def test_what_cannot_be_served_is_refused(keys):
    with pytest.raises(ValueError, match=next(iter(keys))):
        config("io.l5d.prometheus", **keys)


def test_influxdb_is_tagged_with_the_host_it_was_asked_of():
    status, headers, body = asked(
        "/admin/metrics/influxdb", config("io.l5d.influxdb"), Host="l5d.example:9990"
    )
    assert (status, headers["Content-Type"]) == (200, "text/plain")
    assert "rt:server,host=l5d.example:9990,rt=http,server=s requests=3\n" in body


def test_without_telemeters_the_pages_are_not_there():
    assert asked(PATH)[0] == 404
    assert asked("/admin/metrics/influxdb")[0] == 404


def test_the_index_names_the_pages():
    assert PATH in asked("/admin/index.txt", config("io.l5d.prometheus"))[2].splitlines()


def fill(metrics):
    for n in range(20_000):
        metrics.counter("rt", "http", "client", f"#/io.l5d.fs/web{n}", "requests").incr(n)


def test_a_long_text_arrives_whole_at_a_slow_caller_and_at_others_meanwhile():
    with serving(telemeters=[config("io.l5d.prometheus")]) as running:
        fill(running.world.metrics)
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.settimeout(10)
            slow.connect(("127.0.0.1", running.port))
            slow.sendall(f"GET {PATH} HTTP/1.0\r\n\r\n".encode())
            head = slow.recv(1)
            body = running.ask(PATH)[2]
            whole = (head + b"".join(iter(lambda: slow.recv(65536), b""))).decode()
        assert len(body) > 1_000_000
        assert 'rt:client:requests{rt="http", client="#/io.l5d.fs/web19999"} 19999\n' in body
        assert len(whole.partition("\r\n\r\n")[2]) > 1_000_000
        assert whole.endswith(body[-1000:])


def test_a_caller_that_leaves_in_the_middle_harms_nobody():
    with serving(telemeters=[config("io.l5d.prometheus")]) as running:
        fill(running.world.metrics)
        with socket.create_connection(("127.0.0.1", running.port)) as leaving:
            leaving.sendall(f"GET {PATH} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            leaving.recv(1)
        assert running.ask(PATH)[0] == 200


def test_a_head_has_the_length_and_no_body():
    with serving(telemeters=[config("io.l5d.influxdb")]) as running:
        fill(running.world.metrics)
        status, headers, body = running.ask("/admin/metrics/influxdb", "HEAD")
        length = len(running.ask("/admin/metrics/influxdb")[2])
        assert (status, body) == (200, "")
        assert abs(int(headers["Content-Length"]) - length) < 100
