"""What a right file probably gets wrong: each hint says where, why and what to do."""

import pytest

from linkerpy.app.hints import hints, in_container
from linkerpy.app.schema import loads

HTTP = "routers:\n- protocol: http\n"
SERVED = "  servers: [{port: 4140}]\n"


def told(text, **options):
    """The hints for a text, as `line: message`."""
    found = hints(loads("f", text), **{"container": False, **options})
    return [f"{hint.spot.line}: {hint.message}" for hint in found]


FS = "namers: [{kind: io.l5d.rewrite, prefix: /rw, pattern: /x, name: /y}]\n"
DTAB = "  dtab: /svc => /$/inet/127.0.0.1/1\n"


@pytest.mark.parametrize(
    ("text", "line", "what", "cure"),
    [
        (
            "admin: {ip: 0.0.0.0}\n" + HTTP + DTAB + SERVED,
            1,
            "whoever reaches 0.0.0.0:9990 can see the configuration:",
            "write `ip: 127.0.0.1`, or `admin.tls`",
        ),
        (
            "admin: {ip: 0.0.0.0, security: {controlEnabled: true}}\n" + HTTP + DTAB + SERVED,
            1,
            "whoever reaches 0.0.0.0:9990 can see the configuration and shut the router down",
            "write `ip: 127.0.0.1`, or take out `admin.security.controlEnabled: true`",
        ),
        (
            "admin: {ip: '::', security: {controlEnabled: false}}\n" + HTTP + DTAB + SERVED,
            1,
            "whoever reaches :::9990 can see the configuration:",
            "write `ip: 127.0.0.1`, or `admin.tls`",
        ),
        (
            HTTP + DTAB + "  servers:\n  - port: 4140\n  - port: 4140\n    ip: 0.0.0.0\n",
            6,
            "0.0.0.0:4140 cannot be bound beside 127.0.0.1:4140, which another server",
            "choose another port",
        ),
        (
            HTTP + DTAB + "  servers:\n  - port: 9990\n",
            5,
            "127.0.0.1:9990 cannot be bound beside 127.0.0.1:9990, which the admin server",
            "choose another port",
        ),
        (
            HTTP + "  dtab: |\n    /http => /$/inet/127.0.0.1/1 ;\n" + SERVED,
            3,
            "every name here begins with /svc (dstPrefix), and no dentry of the dtab does",
            "write a dentry such as `/svc => …`, or `dstPrefix: /http`",
        ),
        (
            HTTP + "  dstPrefix: /a/b\n  dtab: /a/c => /$/nil\n" + SERVED,
            4,
            "every name here begins with /a/b (dstPrefix)",
            "write a dentry such as `/a/b => …`",
        ),
        (
            HTTP + SERVED,
            2,
            "every name here begins with /svc (dstPrefix), and there is no dtab",
            "write a dentry such as `/svc => …`",
        ),
        (
            "routers:\n- protocol: tcp\n" + DTAB + "  servers:\n  - port: 1\n    dstName: /db/x\n",
            6,
            "every name here begins with /db/x (dstName), and no dentry of the dtab does",
            "write a dentry such as `/db/x => …`",
        ),
        (
            HTTP + "  dtab: |\n    /x   => /$/nil ;\n    /svc => /#/io.l5d.f5/a ;\n" + SERVED,
            5,
            "there is no namer for /#/io.l5d.f5/a, so that names end there",
            "did you mean /#/io.l5d.fs? (not configured either)",
        ),
        (
            HTTP + "  dtab: /svc => ! | 2 * /$/inte/h/1 & 3 * /$/inet/h/1\n" + SERVED,
            3,
            "there is no namer for /$/inte/h/1",
            "did you mean /$/inet?",
        ),
        (
            FS + HTTP + DTAB + SERVED,
            1,
            "no dtab leads to /#/rw, so that this namer is never asked",
            "write a dentry such as `/svc => /#/rw ;`",
        ),
    ],
)
def test_a_classic_mistake_is_hinted_at(text, line, what, cure):
    (hint,) = told(text)
    assert hint.startswith(f"{line}: {what}")
    assert cure in hint


def test_a_name_in_a_dtab_is_pointed_at():
    text = HTTP + "  dtab: /svc/#/x => /$/nil ; /svc => /#/x/y | /#/x\n" + SERVED
    spots = [
        (hint.spot.line, hint.spot.column) for hint in hints(loads("f", text), container=False)
    ]
    line = text.splitlines()[2]
    assert spots == [(3, line.index("/#/x/y") + 1), (3, line.rindex("/#/x") + 1)]


@pytest.mark.parametrize(
    "text",
    [
        HTTP + DTAB + SERVED,
        HTTP + "  dtab: /*/web => /$/nil\n" + SERVED,
        HTTP + "  dtab: /svc/web/x => /$/nil\n" + SERVED,
        HTTP + "  dstPrefix: /$/inet\n" + SERVED,
        HTTP + "  interpreter: {kind: default}\n" + DTAB + SERVED,
        HTTP + DTAB + "  servers: [{port: 0}, {port: 0, ip: 127.0.0.2}]\n",
        HTTP + DTAB + "  servers: [{port: 1, ip: 127.0.0.1}, {port: 1, ip: 127.0.0.2}]\n",
        HTTP + DTAB + "  servers: [{port: 1, ip: 0.0.0.0}, {port: 1, ip: '::1'}]\n",
        FS + HTTP + "  dtab: /svc => /#/rw/x\n" + SERVED,
        FS + HTTP + "  dtab: /a => /# ; /svc => /a/rw\n" + SERVED,
        FS + "routers:\n- protocol: tcp\n  servers: [{port: 1, dstName: /#/rw/db}]\n",
        "routers:\n- protocol: tcp\n" + DTAB + "  servers: [{port: 1}]\n",
    ],
)
def test_what_is_right_or_may_be_is_left_alone(text):
    assert told(text) == []


def test_servers_with_the_same_port_and_reuse_port_are_left_alone():
    server = "socketOptions: {reusePort: true}"
    servers = f"  servers: [{{port: 1, {server}}}, {{port: 1, ip: 0.0.0.0, {server}}}]\n"
    assert told(HTTP + DTAB + servers) == []


def test_a_server_of_a_container_that_only_the_container_reaches_is_hinted_at():
    text = HTTP + DTAB + "  servers:\n  - port: 4140\n  - port: 4141\n    ip: 0.0.0.0\n"
    (hint,) = told(text, container=True)
    assert hint.startswith("5: the server on 127.0.0.1:4140 can only be reached from inside this")
    assert "write `ip: 0.0.0.0`" in hint


def test_a_socket_that_systemd_holds_for_the_same_port_is_hinted_at():
    text = HTTP + DTAB + "  servers: [{port: 4140, ip: 0.0.0.0}, {port: 4141}]\n"
    (hint,) = told(text, given=[("::", 4140), ("127.0.0.1", 4141), ("::", 1)])
    assert hint == (
        "4: 0.0.0.0:4140 is not [::]:4140, for which there is a socket from outside: "
        "write `ListenStream=0.0.0.0:4140` in the socket unit, or `ip: '::'`"
    )
    assert told(text, given=[("::", 4140), ("0.0.0.0", 4140)]) == []
    (hint,) = told(HTTP + DTAB + SERVED, given=[("::1", 9990)])
    assert "127.0.0.1:9990 is not [::1]:9990" in hint


@pytest.mark.parametrize(
    ("files", "environment", "is_one"),
    [
        ([".dockerenv"], {}, True),
        (["run/.containerenv"], {}, True),
        ([], {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, True),
        ([], {"container": "podman"}, True),
        ([], {"container": ""}, False),
    ],
)
def test_a_container_is_known_by_what_its_makers_leave(tmp_path, files, environment, is_one):
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert in_container(tmp_path, environment) is is_one
