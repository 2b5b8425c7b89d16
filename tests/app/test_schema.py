import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkerpy.app import schema
from linkerpy.app.schema import Linker, LinkerTcp, Loaded, Namerd, load, loads, shape_of, to_json
from linkerpy.config.report import ConfigError
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.path import Path
from linkerpy.plugins import BUILTIN

WEB = """\
admin:
  ip: 0.0.0.0
  port: 9990
routers:
- protocol: http
  label: webtest
  dtab: /svc => /$/inet/127.0.0.1/8888;
  servers:
  - ip: 0.0.0.0
    port: 8080
"""


def web(**router):
    """The smallest configuration with something more in its router."""
    return {"routers": [{"protocol": "http", "servers": [{}], **router}]}


def only_router(text):
    return loads("f", text).config.routers[0]


def test_a_file_becomes_a_model():
    config = loads("f", WEB).config
    (router,) = config.routers
    assert (config.admin.ip, config.admin.port, config.admin.shutdown_grace) == (
        "0.0.0.0",
        9990,
        10,
    )
    assert router.name == "webtest"
    assert router.dtab == Dtab.parse("/svc => /$/inet/127.0.0.1/8888")
    assert router.dst_prefix == Path.parse("/svc")
    assert (router.servers[0].ip, router.servers[0].port) == ("0.0.0.0", 8080)


def test_what_a_file_leaves_out_has_linkerd_s_defaults():
    router = only_router("routers: [{protocol: http, servers: [{}]}]")
    assert (router.name, router.servers[0].ip, router.servers[0].port) == (
        "http",
        "127.0.0.1",
        4140,
    )
    assert (router.binding_timeout, router.binding_cache.idle_ttl_secs) == (10, 600)
    assert (router.max_headers_bytes, router.max_initial_line_bytes) == (8192, 4096)
    assert router.max_err_response_bytes == 5120 * 1024
    assert router.client.for_name(Path.parse("/#/x")).host_connection_pool.max_size == 2**31 - 1
    assert router.identifier is router.interpreter is None


def test_objects_keep_the_defaults_of_what_they_leave_out():
    text = (
        "{protocol: http, bindingCache: {trees: 999}, servers: [{socketOptions: {backlog: 128}}]}"
    )
    router = only_router(f"routers: [{text}]")
    options = router.servers[0].socket_options
    assert (router.binding_cache.paths, router.binding_cache.trees) == (1000, 999)
    assert (options.no_delay, options.reuse_addr, options.reuse_port, options.backlog) == (
        True,
        True,
        False,
        128,
    )


STATIC = """\
routers:
- protocol: http
  servers: [{}]
  client:
    kind: io.l5d.static
    configs:
    - prefix: /#/io.l5d.fs
      hostConnectionPool: {maxSize: 5, minSize: 1}
      loadBalancer: {kind: p2c, maxEffort: 7}
    - prefix: /#/*/{name}
      hostConnectionPool: {maxSize: 6}
"""


def test_of_the_static_entries_that_match_the_last_to_set_a_parameter_counts():
    client = only_router(STATIC).client
    web = client.for_name(Path.parse("/#/io.l5d.fs/web"))
    assert (web.host_connection_pool.max_size, web.host_connection_pool.min_size) == (6, 0)
    assert web.load_balancer.max_effort == 7
    only_first = client.for_name(Path.parse("/#/io.l5d.fs"))
    assert only_first.host_connection_pool.max_size == 5
    none = client.for_name(Path.parse("/$/inet/1/2"))
    assert (none.host_connection_pool.max_size, none.load_balancer) == (2**31 - 1, None)


def test_captures_are_put_into_the_common_name():
    text = STATIC + "      tls: {commonName: '{name}.example.org'}\n"
    client = loads("f", text).config.routers[0].client
    assert client.for_name(Path.parse("/#/x/web")).tls.common_name == "web.example.org"


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ({}, Linker),
        ({"routers": None, "storage": {}}, Linker),
        (web(), Linker),
        ({"routers": [{"servers": [{"port": 1}]}]}, Linker),
        ({"storage": {}}, Namerd),
        ({"interfaces": []}, Namerd),
        ({"routers": [], "bufferSizeBytes": 1}, LinkerTcp),
        ({"proxies": []}, LinkerTcp),
        ({"routers": [{"servers": [{"dstName": "/x"}]}]}, LinkerTcp),
        ({"routers": [{"interpreter": {"baseUrl": "x"}}]}, LinkerTcp),
        ({"routers": [{"protocol": "tcp", "servers": [{"dstName": "/x"}]}]}, Linker),
        ({"routers": "x"}, Linker),
        ({"routers": [1, {"servers": [2], "interpreter": 3}]}, Linker),
    ],
)
def test_a_file_s_program_is_told_by_its_shape(value, shape):
    assert shape_of(value) is shape


def test_a_configuration_is_shown_as_it_was_written_with_kinds_explicit():
    text = """\
routers:
- protocol: http
  client: {failFast: false}
  identifier: {kind: io.l5d.static, path: /x}
  servers: [{ip: 127.0.0.1, port: 80}]
"""
    assert to_json(loads("f", text).config) == {
        "routers": [
            {
                "protocol": "http",
                "client": {"kind": "io.l5d.global", "failFast": False},
                "identifier": [{"kind": "io.l5d.static", "path": "/x"}],
                "servers": [{"ip": "localhost", "port": 80}],
            }
        ]
    }


def test_keys_of_older_releases_are_warned_of_and_left_out():
    loaded = loads("f.yml", "routers:\n- protocol: http\n  engine: {}\n  servers: [{}]\n")
    assert [warning.show("f.yml") for warning in loaded.warnings] == [
        "f.yml:3:3: `engine` was removed: there is only one"
    ]
    assert "engine" not in to_json(loaded.config)["routers"][0]


@pytest.mark.parametrize("name", ["absent.yml", "."])
def test_a_file_that_cannot_be_opened_is_one_mistake(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=f"{name}:1:1: cannot be read: "):
        load(name)


def test_json_is_read_as_yaml_is():
    loaded = loads("f", '{"routers": [{"protocol": "http", "servers": [{"port": 1}]}]}')
    assert loaded.config.routers[0].servers[0].port == 1


KEYS = [
    "routers",
    "protocol",
    "label",
    "dtab",
    "servers",
    "port",
    "client",
    "kind",
    "configs",
    "prefix",
    "tls",
    "identifier",
    "namers",
    "storage",
    "interfaces",
    "interpreter",
    "dstName",
]
SCALARS = st.sampled_from(
    [
        "http",
        "h2",
        "tcp",
        "/svc",
        "/svc => /a | ",
        80,
        -1,
        1.5,
        True,
        None,
        "io.l5d.global",
        "io.l5d.static",
        "io.l5d.consul",
        "default",
        "io.l5d.namerd.http",
    ]
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=25,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), TREES))
def test_whatever_a_file_holds_it_is_a_configuration_or_mistakes(value):
    def spelled(value):
        match value:
            case dict():
                return "{" + ", ".join([f"{k}: {spelled(v)}" for k, v in value.items()]) + "}"
            case list():
                return "[" + ", ".join(map(spelled, value)) + "]"
            case str():
                return f'"{value}"'
        return "~" if value is None else str(value).lower()

    lines = "\n".join([f"{key}: {spelled(item)}" for key, item in value.items()])
    check_text(lines)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_whatever_text_a_file_holds_it_is_a_configuration_or_mistakes(text):
    check_text(text)
    check_text(f"routers:\n- {text}")


def check_text(text):
    try:
        loaded = loads("f", text)
    except ConfigError as error:
        loaded = error
        places = [(mistake.spot, mistake.message) for mistake in error.mistakes]
        assert places
        assert places == sorted(places)
    assert isinstance(loaded, (Loaded, ConfigError))


def test_installing_kinds_again_changes_nothing():
    schema.install.cache_clear()
    schema.install()
    assert set(BUILTIN) >= {("protocol", "http")}
