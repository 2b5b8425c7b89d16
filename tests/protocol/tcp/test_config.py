"""The keys of tcp routers."""

import pytest

from linkerpy.app import schema
from linkerpy.app.schema import check, loads
from linkerpy.config.report import ConfigError
from linkerpy.naming.path import Path

FILE = """\
routers:
- protocol: tcp
  servers: [{{port: 3306{server}}}]
  client: {{{client}}}
"""


def mistakes(server="", client=""):
    """What is wrong with a file of these keys."""
    text = FILE.format(server=server and ", " + server, client=client)
    return [mistake.message for mistake in check("test.yml", text).mistakes]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"server": "timeoutMs: 5"}, "`timeoutMs` means nothing for TCP"),
        ({"server": "clearContext: true"}, "`clearContext` means nothing for TCP"),
        ({"server": "dstName: svc"}, "'/' expected"),
        ({"server": "defaultDstName: /x"}, "only with `{sni}`"),
        (
            {"server": "acceptProxyProtocol: true, tls: {certPath: a, keyPath: b}"},
            "`acceptProxyProtocol` together with `tls` is not supported yet",
        ),
        ({"client": "requestAttemptTimeoutMs: 5"}, "`requestAttemptTimeoutMs` means nothing"),
        ({"client": "requeueBudget: {}"}, "`requeueBudget` means nothing for TCP"),
        ({"client": "hostConnectionPool: {minSize: 1}"}, "`hostConnectionPool.minSize` means"),
        ({"client": "hostConnectionPool: {idleTimeMs: 1}"}, "`hostConnectionPool.idleTimeMs`"),
        ({"client": "connectTimeoutMs: 0"}, "connectTimeoutMs"),
        ({"client": "sendProxyProtocol: v3"}, "v2"),
        (
            {"client": "sendProxyProtocol: v2, tls: {commonName: db}"},
            "`sendProxyProtocol` together with `tls` is not supported yet",
        ),
    ],
)
def test_what_means_nothing_is_refused_with_what_to_do(keys, said):
    (message,) = mistakes(**keys)
    assert said in message


def test_a_router_for_tcp_has_no_services():
    text = FILE.format(server="", client="") + "  service: {totalTimeoutMs: 1}\n"
    (mistake,) = check("test.yml", text).mistakes
    assert "service" in mistake.message


def test_a_server_must_have_a_port():
    with pytest.raises(ConfigError, match="port"):
        loads("test.yml", "routers: [{protocol: tcp, servers: [{ip: 0.0.0.0}]}]")


def test_entries_of_a_static_client_are_laid_over_each_other():
    schema.install()
    text = """\
routers:
- protocol: tcp
  servers: [{port: 3306}]
  client:
    kind: io.l5d.static
    configs:
    - {prefix: /#/io.l5d.fs, connectTimeoutMs: 200, sendProxyProtocol: v1}
    - {prefix: /#/io.l5d.fs/db, connectTimeoutMs: 700}
"""
    (router,) = loads("test.yml", text).config.routers
    keys = router.client.for_name(Path.parse("/#/io.l5d.fs/db"))
    assert (keys.connect_timeout, keys.send_proxy_protocol) == (0.7, "v1")
    keys = router.client.for_name(Path.parse("/#/io.l5d.fs/x"))
    assert (keys.connect_timeout, keys.send_proxy_protocol) == (0.2, "v1")
    assert router.client.for_name(Path.parse("/$/inet/x/1")).connect_timeout == 1
