"""The configurations of interpreters that ask a namerd, built and asked."""

import pytest

from linkerpy.app.schema import loads
from linkerpy.config.report import ConfigError
from linkerpy.core.activity import Activity
from linkerpy.core.var import Source
from linkerpy.naming.addr import Address, bound
from linkerpy.naming.bound import Bound
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.inet import Inet
from linkerpy.naming.nametree import Leaf
from linkerpy.naming.path import Path
from linkerpy.net.tls_files import TlsConfigError
from linkerpy.plugins.interpreters.namerd import NamerdHttpConfig, NamerdPollConfig
from tests.net.conftest import loop, make_loop
from tests.net.tls_loop import server_tls
from tests.support.certs import Authority
from tests.support.env import fake_env
from tests.support.namerd import Double, leaf, replicas
from tests.support.names import ConstantNamer, FakeResolver, Follow

__all__ = ["loop", "make_loop"]

WEB = Path.parse("/svc/web")


@pytest.fixture
def env(loop):
    """An Env of the loop, for a router called `out`; host names are not resolved."""
    made = fake_env(loop.reactor)
    made.clock = loop.reactor
    made.inet = Inet(FakeResolver(), loop.reactor)
    made.within = ("rt", "out")
    return made


def bind(config, env, namers=()):
    interpreter = config.build(env, list(namers))
    return Follow(interpreter.bind(Dtab.EMPTY, WEB))


def http(dst, **more):
    keys = {"kind": "io.l5d.namerd.http", "experimental": True, "dst": dst, **more}
    return NamerdHttpConfig.model_validate(keys)


def test_namerd_is_where_dst_names_it(loop, env):
    double = Double(loop.reactor)
    double.api.say("bind", "/svc/web", leaf("/#/a"))
    follow = bind(http(f"/$/inet/127.0.0.1/{double.port}", namespace="a b"), env)
    loop.until(lambda: follow.last == ("ok", "/#/a"))
    assert double.api.asked == ["bind/a%20b /svc/web"]
    follow.handle.close()


def test_dst_may_be_a_name_of_a_configured_namer(loop, env):
    double = Double(loop.reactor)
    double.api.say("bind", "/svc/web", leaf("/#/a"))
    where = Bound(Path.parse("/#/x/namerd"), Source(bound(Address("127.0.0.1", double.port))))
    namer = ConstantNamer(Activity.value(Leaf(where)))
    follow = bind(http("/#/x/namerd"), env, [(Path.parse("/#/x"), namer)])
    loop.until(lambda: follow.last == ("ok", "/#/a"))
    follow.handle.close()


def test_its_state_has_a_page_and_its_figures_a_scope_of_the_router(loop, env):
    http("/$/inet/127.0.0.1/1", namespace="web").build(env, [])
    (path,) = env.states
    assert path == "/out/interpreter_state/io.l5d.namerd.http/web.json"
    assert env.states[path]() == {"bind": {}, "addr": {}}
    names = {"/".join(names[:4]) for names, _ in env.metrics.walk() if names[0] == "rt"}
    assert names >= {"rt/out/interpreter/io.l5d.namerd.http"}


def test_tls_is_spoken_and_checked_where_it_is_asked_for(loop, env, tmp_path):
    ca = Authority(tmp_path)
    double = Double(loop.reactor, tls=server_tls(loop, ca.issue("namerd.test")))
    double.api.say("bind", "/svc/web", leaf("/#/a"))
    dst = f"/$/inet/127.0.0.1/{double.port}"
    keys = {"commonName": "namerd.test", "trustCertsBundle": ca.bundle}
    follow = bind(http(dst, tls=keys), env)
    loop.until(lambda: follow.last == ("ok", "/#/a"))
    follow.handle.close()
    wrong = http(dst, tls={**keys, "commonName": "other.test"}).build(env, [])
    refused = Follow(wrong.bind(Dtab.EMPTY, WEB))
    loop.until(lambda: "error" in str(wrong.snapshot()))
    error = wrong.snapshot()["bind"]["/svc/web"][""]["watch"]["error"]
    assert "other.test" in error
    assert refused.last == ("pending", None)
    refused.handle.close()


def test_a_bundle_that_is_not_there_is_known_when_it_is_built(env):
    keys = {"commonName": "namerd", "trustCertsBundle": "/nowhere.pem"}
    with pytest.raises(TlsConfigError, match="nowhere"):
        http("/$/inet/127.0.0.1/1", tls=keys).build(env, [])


def poll(url):
    keys = {
        "kind": "io.l5d.namerd.http",
        "baseUrl": url,
        "namespace": "default",
        "periodSecs": 60.0,
    }
    return NamerdPollConfig.model_validate(keys)


def test_a_poll_asks_below_its_base_url(loop, env):
    double = Double(loop.reactor)
    double.api.say("resolve", "/svc/web", replicas(1))
    interpreter = poll(f"http://127.0.0.1:{double.port}/").build(env, [])
    follow = Follow(interpreter.bind(Dtab.EMPTY, WEB))
    assert follow.last == ("ok", "/#/io.l5d.namerd.http/default/svc/web")
    (path,) = env.states
    assert path == "/out/interpreter_state/io.l5d.namerd.http/default.json"
    follow.handle.close()


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://127.0.0.1:4180", "http://127.0.0.1:4180/api/1/"),
        ("http://[::1]:4180/", "http://[::1]:4180/api/1/"),
        ("http://127.0.0.1/mesh/", "http://127.0.0.1/mesh/api/1/"),
        ("https://127.0.0.1", "https://127.0.0.1/api/1/"),
    ],
)
def test_any_base_url_is_asked_as_it_is_written(env, url, asked):
    interpreter = poll(url).build(env, [])
    tree = Follow(interpreter.bind(Dtab.EMPTY, WEB))
    name = interpreter.bind(Dtab.EMPTY, WEB).sample().value.value
    handle = name.addr.observe(lambda _: None)
    request = interpreter.snapshot()["resolve"]["/svc/web"]["poll"]["request"]
    assert request == f"{asked}resolve/default?path=%2Fsvc%2Fweb"
    handle.close()
    tree.handle.close()


def test_the_keys_of_linkerd_tcp_s_form_are_explained_in_linkerd_s():
    text = """\
routers:
- protocol: tcp
  servers: [{port: 1}]
  interpreter: {kind: io.l5d.namerd.http, experimental: true, baseUrl: http://n:1, periodSecs: 2}
"""
    with pytest.raises(ConfigError) as caught:
        loads("l5d.yml", text)
    assert "`dst` is a required field" in str(caught.value)
    assert "write `dst: /$/inet/HOST/PORT`" in str(caught.value)
    assert "leave it out: namerd is watched" in str(caught.value)
