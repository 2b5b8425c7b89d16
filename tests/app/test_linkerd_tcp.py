"""linkerd-tcp's files, and the linkerd files that mean the same."""

import pytest
from twisted.internet.task import Clock

from linkerpy.app.build import Linkerd
from linkerpy.app.linkerd_tcp import as_linker, linkerd_tcp
from linkerpy.app.schema import load, loads
from linkerpy.config.report import ConfigError
from linkerpy.naming.path import Path
from linkerpy.net.tls_files import Identity
from linkerpy.router.tls import calling, serving
from tests.admin.test_linkerd_tcp import asked
from tests.support.env import fake_env

FILE = """\
routers:
- label: redis
  interpreter:
    kind: io.l5d.namerd.http
    baseUrl: http://namerd:4180
    namespace: web
    periodSecs: 20
  servers:
  - {port: 7474, ip: 0.0.0.0, dstName: /svc/redis%s}
%s"""

ID = Path.parse("/#/io.l5d.namerd.http/web/svc/redis")


def linker(client="", server=""):
    return as_linker(loads("l5d.yml", FILE % (server, client)).config)


def router(client="", server=""):
    (only,) = linker(client, server).routers
    return only


def keys(client, name=ID):
    return router(client).client.for_name(name)


def test_a_router_polls_namerd_for_its_names():
    made = router()
    asked = made.interpreter
    assert (made.protocol, made.name) == ("tcp", "redis")
    assert (asked.base_url, asked.namespace, asked.period_secs) == (
        "http://namerd:4180",
        "web",
        20.0,
    )
    assert asked.prefix + Path.parse("/svc/redis") == ID
    assert made.binding_cache.idle_ttl_secs > 365 * 86_400


def test_a_server_goes_to_its_name_with_its_limits():
    more = ", connectTimeoutMs: 500, connectionLifetimeSecs: 60, maxConcurrency: 1000"
    (server,) = router(server=more).servers
    assert (server.ip, server.port, str(server.dst_name)) == ("0.0.0.0", 7474, "/svc/redis")
    assert server.connect_timeout_ms == 500
    assert server.connection_lifetime_secs == 60
    assert server.max_concurrency == 1000
    assert not server.dst_name.wants_sni
    (bare,) = router().servers
    assert (bare.connect_timeout_ms, bare.connection_lifetime_secs) == (None, None)
    assert (bare.max_concurrency, bare.max_waiters) == (100_000, 1_000_000)


@pytest.mark.parametrize(("limit", "patience"), [(None, 10_000), (500, 10_000), (30_000, 30_000)])
def test_a_caller_waits_as_long_as_its_server_lets_it(limit, patience):
    made = router(server="" if limit is None else f", connectTimeoutMs: {limit}")
    assert made.binding_timeout_ms == patience
    assert made.client.for_name(ID).connect_timeout_ms == patience


def shown(accrual):
    return accrual.failures, accrual.backoff.ms


def test_without_a_client_linkerd_tcp_s_defaults_hold():
    assert shown(keys("").failure_accrual) == (5, 60_000)
    assert keys("").fail_fast is False


def test_a_global_client_is_for_all_names():
    client = """\
  client:
    kind: io.l5d.global
    connectTimeoutMs: 400
    maxWaiters: 10
    minConnections: 2
    failFast: {maxConsecutiveFailures: 3, failurePenaltySecs: 10}
"""
    assert keys(client).connect_timeout_ms == 400
    assert keys(client).min_connections == 2
    assert keys("").min_connections == 0
    assert shown(keys(client).failure_accrual) == (3, 10_000)
    assert router(client).servers[0].max_waiters == 10


STATIC = """\
  client:
    kind: io.l5d.static
    configs:
    - {prefix: /, connectTimeoutMs: 400, maxWaiters: 10}
    - {prefix: /svc/redis, failFast: {maxConsecutiveFailures: 3}}
    - {prefix: /svc/redis/more, connectTimeoutMs: 1}
    - {prefix: /svc/red, connectTimeoutMs: 2}
    - {prefix: /svc, maxWaiters: 20}
"""


def test_static_clients_are_matched_by_whole_elements_and_all_that_match_count():
    assert keys(STATIC).connect_timeout_ms == 400
    assert shown(keys(STATIC).failure_accrual) == (3, 60_000)
    assert router(STATIC).servers[0].max_waiters == 20
    other = Path.parse("/#/io.l5d.namerd.http/web/svc/other")
    assert shown(keys(STATIC, other).failure_accrual) == (5, 60_000)
    assert keys(STATIC, ID + Path.of("more")).connect_timeout_ms == 1


TLS = """, tls: {
    alpnProtocols: [h2],
    defaultIdentity: {certs: [leaf.pem, between.pem], privateKey: key.pem},
    identities: {Shop.test: {certs: [shop.pem], privateKey: shop.key}}}"""


def test_tls_of_callers_ends_at_a_server_with_the_certificate_they_ask_for():
    settings = serving(router(server=TLS).servers[0].tls)
    assert settings.identity == Identity("leaf.pem", "key.pem", ("between.pem",))
    assert settings.by_name == (("shop.test", Identity("shop.pem", "shop.key")),)
    assert router(server=TLS).servers[0].tls.alpn_protocols == ("h2",)
    assert router().servers[0].tls is None


@pytest.mark.parametrize(
    ("said", "trust"), [("", None), (", trustCerts: [a.pem, b.pem]", ("a.pem", "b.pem"))]
)
def test_tls_to_replicas_asks_for_the_name_and_believes_only_these_cas(said, trust):
    client = f"  client: {{kind: io.l5d.global, tls: {{dnsName: web.test{said}}}}}\n"
    asked = keys(client).tls
    assert (asked.common_name, asked.enabled) == ("web.test", True)
    settings = calling(asked)
    assert (settings.verify, settings.trust) == (True, trust)
    assert keys("").tls is None


def test_the_admin_server_has_its_address_and_grace():
    assert (linker().admin.ip, linker().admin.port, linker().admin.shutdown_grace) == (
        "127.0.0.1",
        9989,
        10.0,
    )
    text = "admin: {ip: 0.0.0.0, port: 9992, graceSecs: 3}\n" + FILE % ("", "")
    admin = as_linker(loads("l5d.yml", text).config).admin
    assert (admin.ip, admin.port, admin.shutdown_grace) == ("0.0.0.0", 9992, 3.0)


def test_json_is_read_too(tmp_path):
    file = tmp_path / "l5d.json"
    file.write_text(
        '{"routers": [{"label": "a", "servers": [{"port": 1, "dstName": "/a"}], "interpreter": '
        '{"kind": "io.l5d.namerd.http", "baseUrl": "http://n:1", "namespace": "d", "periodSecs": 1'
        "}}]}"
    )
    assert as_linker(load(str(file)).config).routers[0].name == "a"


@pytest.mark.parametrize(
    ("client", "server", "said"),
    [
        ("", ", tls: {identities: {}}", "NoIdentities"),
        ("", ", tls: {defaultIdentity: {certs: [], privateKey: k}}", "`certs`"),
        ("  client: {kind: io.l5d.global, tls: {}}\n", "", "`dnsName` is a required field"),
        ("  client: {kind: io.l5d.global, prefix: /x}\n", "", "GlobalWithPrefix"),
        ("  client: {connectTimeoutMs: 1}\n", "", "`kind` is a required field"),
        ("", ", timeoutMs: 1", "unknown key `timeoutMs`"),
    ],
)
def test_what_cannot_be_is_refused_in_words(client, server, said):
    with pytest.raises(ConfigError) as caught:
        loads("l5d.yml", FILE % (server, client))
    assert said in str(caught.value)


# -- the process ----------------------------------------------------------------------------------


class FakeReactor(Clock):
    """Nothing is bound: the process is only built."""

    def addSystemEventTrigger(self, *_args):
        """Not used."""


@pytest.fixture
def process():
    """A process that was built, and what it was told to do."""
    done = []
    env = fake_env(FakeReactor())
    file = loads("l5d.yml", FILE % ("", "")).config
    program = linkerd_tcp(file, lambda: done.append("code 1"))
    made = Linkerd(program, env, lambda: done.append("end"))
    return made, env, done


def pages(made):
    return {
        path: page
        for exporter in made._parts.exporters
        for path, page in exporter.telemeter.pages.items()
    }


def test_its_pages_see_the_file_as_it_is_with_the_protocol(process):
    shown = process[0]._parts.program.shown()
    (router,) = shown["routers"]
    assert (router["protocol"], router["label"]) == ("tcp", "redis")
    assert router["interpreter"]["periodSecs"] == 20.0


def test_abort_ends_the_process_at_once_with_failure(process):
    made, _, done = process
    pages(made)["/shutdown"](asked("POST", "/shutdown"))
    assert done == ["end"]
    pages(made)["/abort"](asked("POST", "/abort"))
    assert done == ["end", "code 1", "end"]
    assert made._grace == 0


def test_its_metrics_name_names_and_not_ids(process):
    made, env, _ = process
    env.metrics.counter("rt", "redis", "client", ID.show()[1:], "connects").incr()
    (telemeter,) = [exporter.telemeter for exporter in made._parts.exporters]
    telemeter.run()
    env.clock.advance(60)
    text = telemeter.pages["/metrics"](asked("GET", "/metrics")).body.decode()
    assert 'l5d:balancer:connection:connects{dst="/svc/redis", rt="redis"} 1\n' in text
