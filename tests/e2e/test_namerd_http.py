"""A linkerd file whose names a namerd binds, watched over HTTP."""

import json

import pytest

from tests.e2e.tcp_sessions import Backend, connect, talk, until
from tests.support.namerd import leaf, namerd_in_thread, replicas

CONFIG = """\
admin: {{port: {admin}}}
routers:
- protocol: tcp
  label: out
  dtab: /extra => /$/nil
  interpreter:
    kind: io.l5d.namerd.http
    experimental: true
    dst: /$/inet/localhost/{namerd}
    namespace: web
    retry: {{baseSeconds: 1, maxSeconds: 2}}
  servers:
  - {{port: {port}, dstName: /svc/db}}
"""

NAME, ID = "/svc/db", "/#/io.l5d.fs/db"
STATE = "/out/interpreter_state/io.l5d.namerd.http/web.json"


class World:
    """The router process and its namerd."""

    def __init__(self, twistd, free_port, namerd):
        self.namerd, self.port = namerd, free_port()
        admin = free_port()
        text = CONFIG.format(admin=admin, port=self.port, namerd=namerd.port)
        self.daemon = twistd(text, admin_port=admin)

    def ask(self):
        with connect(self.port) as sock:
            return talk(sock, b"hi")

    def page(self, path):
        return json.loads(self.daemon.admin(path))


@pytest.fixture
def backend(cleanup):
    def start(name):
        made = Backend(name)
        cleanup.callback(made.stop)
        return made

    return start


@pytest.fixture
def world(twistd, free_port, cleanup):
    return World(twistd, free_port, cleanup.enter_context(namerd_in_thread()))


def test_names_and_replicas_follow_namerd_at_once(world, backend):
    blue, green = backend(b"blue:"), backend(b"green:")
    world.namerd.say("bind", NAME, leaf(ID))
    world.namerd.say("addr", ID, replicas(blue.port))
    assert world.ask() == b"blue:"
    world.namerd.say("addr", ID, replicas(green.port))
    until(lambda: world.ask() == b"green:")
    world.namerd.say("addr", "/#/other", replicas(blue.port))
    world.namerd.say("bind", NAME, leaf("/#/other"))
    until(lambda: world.ask() == b"blue:")
    assert world.namerd.api.asked[:2] == [f"bind/web {NAME} /extra=>/$/nil", f"addr/web {ID}"]


def test_sessions_go_on_while_namerd_breaks_off_and_its_answers_count_again_after(world, backend):
    blue, green = backend(b"blue:"), backend(b"green:")
    world.namerd.say("bind", NAME, leaf(ID))
    world.namerd.say("addr", ID, replicas(blue.port))
    assert world.ask() == b"blue:"
    world.namerd.call("refuse", 503)
    world.namerd.call("break_off")
    until(lambda: "503 Service Unavailable" in json.dumps(world.page(STATE)))
    for _ in range(20):
        assert world.ask() == b"blue:"
    world.namerd.call("refuse", None)
    world.namerd.say("addr", ID, replicas(green.port))
    until(lambda: world.ask() == b"green:")
    until(lambda: "answers again" in world.daemon.output)


def test_the_playground_shows_what_namerd_explains(world):
    tree = {"type": "neg", "path": NAME}
    world.namerd.say("delegate", NAME, tree)
    query = f"/delegator.json?namespace=out&path={NAME}&dtab=/a=>/b"
    assert world.page(query) == tree
    assert world.namerd.api.asked == [f"delegate/web {NAME} /a=>/b"]
