"""Parts of one configuration after another: what is kept, what is built, what is left behind."""

from pathlib import Path

import pytest
from twisted.internet.task import Clock

from linkerpy.app.parts import Parts, PartsError
from linkerpy.app.program import program_of
from linkerpy.app.reload import Reloads, changes, left_out
from linkerpy.app.schema import check, loads
from linkerpy.net.inherited import Inherited
from linkerpy.net.listen import bind
from linkerpy.telemetry.metrics import Metrics
from tests.support.env import fake_env

ROOT = Path(__file__).parents[2]
LOCAL = "127.0.0.1"

FILE = """\
admin: {port: 9990}
namers: [{kind: io.l5d.fs, rootDir: .}]
telemetry:
- kind: io.l5d.prometheus
routers:
- protocol: http
  label: web
  dtab: /svc => /#/io.l5d.fs
  servers: [{port: 4140}]
- protocol: tcp
  label: db
  servers: [{port: 4141}]
"""


class FakeReactor(Clock):
    """Nothing is bound: parts are only built."""

    def addSystemEventTrigger(self, *_args):
        """Not used."""


@pytest.fixture
def build():
    """Makes the parts of a file, in place of those made before."""
    env = fake_env(FakeReactor())
    made = []

    def make(text=FILE):
        before = made[-1] if made else None
        program = program_of(loads("test.yml", text).config, lambda: None)
        made.append(Parts(program, before.env if before else env, lambda _grace: None, before))
        return made[-1]

    make.metrics = env.metrics
    yield make
    for parts in reversed(made):
        parts.discard()


def files():
    return [
        path
        for pattern in ("conf/**/*.yml", "tests/compat/*.yml")
        for path in sorted(ROOT.glob(pattern))
    ]


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_a_file_that_has_not_changed_is_the_same(path, monkeypatch):
    """Otherwise a reload would build anew what could stay."""
    monkeypatch.chdir(path.parent)
    text = path.read_text("utf-8")
    assert check("x.yml", text).model == check("x.yml", text).model


def test_nothing_is_built_anew_where_nothing_has_changed(build):
    before, after = build(), build()
    assert after.routers == before.routers
    assert after.exporters == before.exporters
    assert after.namers is before.namers
    assert after.admin_metrics is before.admin_metrics
    assert list(changes(before, after)) == []


@pytest.mark.parametrize(
    ("old", "new", "kept", "said"),
    [
        ("label: db", "label: sql", ["web"], ["router sql: added", "router db: removed"]),
        ("/svc => /#/io.l5d.fs", "/svc => /nowhere", ["db"], ["router web: changed"]),
        ("port: 4141", "port: 4142", ["web"], ["router db: changed"]),
        (
            "rootDir: .",
            "rootDir: /",
            [],
            [
                "namers: changed, and with them every router's names",
                "router web: rebuilt",
                "router db: rebuilt",
            ],
        ),
        (
            "- kind: io.l5d.prometheus",
            "- kind: io.l5d.statsd\n  experimental: true",
            ["web", "db"],
            ["telemetry: changed"],
        ),
        (
            "- kind: io.l5d.prometheus",
            "- {kind: io.l5d.recentRequests, sampleRate: 1.0}",
            [],
            ["telemetry: changed", "router web: rebuilt", "router db: rebuilt"],
        ),
        ("port: 9990", "port: 9991", ["web", "db"], ["admin: now on 127.0.0.1:9991"]),
        (
            "admin: {port: 9990}",
            "admin: {port: 9990, shutdownGraceMs: 5}",
            ["web", "db"],
            ["admin: changed"],
        ),
    ],
    ids=["label", "dtab", "server", "namer", "telemeter", "tracer", "admin port", "admin"],
)
def test_only_what_a_change_concerns_is_built_anew(build, old, new, kept, said):
    assert old in FILE
    before, after = build(), build(FILE.replace(old, new))
    assert [r.config.name for r in after.routers if r in before.routers] == kept
    assert list(changes(before, after)) == said


def test_options_of_a_bound_address_are_left_out(build):
    other = "port: 4140, socketOptions: {reusePort: true, noDelay: false}"
    before, after = build(), build(FILE.replace("port: 4140", other))
    assert list(left_out(before, after)) == ["server 127.0.0.1:4140: socketOptions.reusePort"]


def test_all_that_the_machine_lacks_is_told_and_nothing_is_left(build):
    build()
    tls = "port: 4140, tls: {certPath: /no/cert, keyPath: /no/key}"
    broken = FILE.replace("label: web", "label: other").replace("port: 4140", tls)
    broken = broken.replace("port: 9990", tls.replace("4140", "9990"))
    with pytest.raises(PartsError) as refused:
        build(broken)
    told = str(refused.value).splitlines()
    assert len(told) == 2
    assert all("/no/cert" in line for line in told)
    assert sorted(build.metrics.scope("rt").node.children) == ["db", "web"]


class TestSockets:
    """Every address is bound before anything is touched."""

    @pytest.fixture
    def given(self):
        """Sockets that were there before."""
        made = Inherited()
        yield made
        made.close()

    def test_new_ones_are_bound_and_given_ones_taken(self, build, given):
        sock = bind(LOCAL, 0)
        port = sock.getsockname()[1]
        given.add(LOCAL, port, sock)
        text = FILE.replace("9990", "0").replace("4140", "0").replace("4141", str(port))
        ready = build(text).sockets([], given)
        addresses = [(one.host, one.port) for one in ready]
        assert addresses == [(LOCAL, 0), (LOCAL, 0), (LOCAL, port)]
        assert ready.take(LOCAL, port) is sock
        sock.close()
        ready.close()

    def test_all_that_are_taken_are_told_and_the_others_closed(self, build, given):
        with bind(LOCAL, 0) as one, bind(LOCAL, 0) as two:
            ports = [sock.getsockname()[1] for sock in (one, two)]
            text = FILE.replace("4140", str(ports[0])).replace("4141", str(ports[1]))
            with pytest.raises(PartsError) as refused:
                build(text.replace("9990", "0")).sockets([], given)
        assert [line.partition(" in use")[0] for line in str(refused.value).splitlines()] == [
            f"cannot listen on 127.0.0.1:{port}: address already" for port in ports
        ]


def test_reloads_are_counted_and_dated():
    metrics, now = Metrics(), [100.0]
    reloads = Reloads(metrics, lambda: now[0])

    def figures():
        return {names[1]: metric.value for names, metric in metrics.walk()}

    assert figures() == {
        "reloads": 0,
        "failed_reloads": 0,
        "last_reload_successful": 1,
        "applied_timestamp_seconds": 100,
    }
    now[0] = 200
    reloads.failed()
    assert (figures()["last_reload_successful"], figures()["applied_timestamp_seconds"]) == (0, 100)
    reloads.good()
    assert figures() == {
        "reloads": 1,
        "failed_reloads": 1,
        "last_reload_successful": 1,
        "applied_timestamp_seconds": 200,
    }
