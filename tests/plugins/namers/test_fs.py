"""Namer `io.l5d.fs`: binding, what files say, and what happens on the disk."""

import os
from types import SimpleNamespace

import pytest
from twisted.internet.epollreactor import EPollReactor

from linkerpy.core.activity import Failed, Ok
from linkerpy.naming.addr import ADDR_NEG, ADDR_PENDING, WEIGHT, Address, AddrFailed, bound
from linkerpy.naming.bound import Bound
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.interpreter import DtabInterpreter
from linkerpy.naming.namer import Enumerable
from linkerpy.naming.nametree import NEG, Leaf
from linkerpy.naming.path import Path
from linkerpy.net.live_files import LiveFiles
from linkerpy.plugins.namers.fs import FsConfig, FsNamer
from tests.support.disk import FakeWatch
from tests.support.names import Follow, make_inet, shown, system_namer, vectors
from tests.support.reactors import end_reactor

PREFIX = Path.parse("/#/io.l5d.fs")


class World:
    """A namer over a directory of files."""

    def __init__(self, root):
        self.root = root
        self.watch = FakeWatch()
        self.inet, self.resolver, self.clock = make_inet()
        self.namer = FsNamer(str(root), PREFIX, LiveFiles(self.watch), self.inet)
        self.interpreter = DtabInterpreter([(PREFIX, self.namer)], system_namer())

    def write(self, name, text, changed=True):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        if changed:
            self.watch.changed(path.parent)

    def follow(self, path):
        return Follow(self.interpreter.bind(Dtab.EMPTY, PREFIX + Path.parse(path)))

    def lookup(self, path):
        return self.namer.lookup(Path.parse(path)).sample()

    def addr(self, path):
        state = self.lookup(path)
        assert isinstance(state.value, Leaf)
        seen = []
        handle = state.value.value.addr.observe(seen.append)
        return seen, handle


@pytest.fixture
def world(tmp_path):
    (tmp_path / "root").mkdir()
    return World(tmp_path / "root")


def test_it_is_built_from_its_configuration(tmp_path, world):
    config = FsConfig.model_validate({"kind": "io.l5d.fs", "rootDir": str(tmp_path)})
    namer = config.build(SimpleNamespace(reactor=None, clock=None, inet=world.inet))
    assert config.full_prefix == PREFIX
    assert isinstance(namer, FsNamer)
    assert isinstance(namer, Enumerable)


OTHER_NAMERS = ("/#/p", "/#/b")
BIND = [row for row in vectors("bind") if not any(name in row[0] for name in OTHER_NAMERS)]


@pytest.mark.parametrize("row", BIND, ids=lambda row: f"{row[0]}  {row[1]}")
def test_binding_vector(row, tmp_path):
    world = World(tmp_path)
    for name in ("web", "web2", "users/v1"):
        world.write(name, "127.0.0.1 8080\n")
    dtab, path, state, *tree = row
    prefix = Path.parse("/#/fs")
    namer = FsNamer(str(tmp_path), prefix, LiveFiles(world.watch), world.inet)
    subject = DtabInterpreter([(prefix, namer)], system_namer())
    found = shown(subject.bind(Dtab.parse(dtab), Path.parse(path)).sample())
    assert found == (state, tree[0] if tree else None)


# -- what files say


def test_weights_comments_and_ipv6(world):
    world.write("web", "# web\n127.0.0.1 8080\n127.0.0.1 8081 * 0.23 # canary\n\n[::1] 8082\n")
    seen, _ = world.addr("/web")
    assert seen == [
        bound(
            Address("127.0.0.1", 8080),
            Address("127.0.0.1", 8081, ((WEIGHT, 0.23),)),
            Address("::1", 8082),
        )
    ]


def test_an_empty_file_is_a_name_without_replicas(world):
    world.write("web", "")
    assert world.addr("/web")[0] == [bound()]


@pytest.mark.parametrize("text", ["nonsense", "127.0.0.1 80\nh eighty\n"])
def test_a_malformed_line_fails_the_replicas_and_says_where(world, text):
    world.write("a/web", text)
    seen, _ = world.addr("/a/web")
    bad = text.strip().split("\n")
    assert isinstance(seen[0], AddrFailed)
    assert str(seen[0].error) == f"malformed address: {bad[-1]} (line {len(bad)} of /a/web)"
    world.write("a/web", "127.0.0.1 80")
    assert seen[1] == bound(Address("127.0.0.1", 80))


def test_a_file_of_more_than_500_kilobytes_fails(world):
    world.write("web", "#" * 512_001)
    seen, _ = world.addr("/web")
    assert "is 512001 bytes long" in str(seen[0].error)


def test_host_names_are_resolved_again_while_the_file_stays_as_it_is(world):
    world.write("web", "a.example 80\n10.0.0.9 80\nb.example 81 * 2\n")
    seen, handle = world.addr("/web")
    world.resolver.answer("a.example", ["10.0.0.1"])
    world.resolver.answer("b.example", ["10.0.0.2", "10.0.0.3"])
    world.clock.advance(5)
    world.resolver.answer("a.example", ["10.0.0.4"])
    weight = ((WEIGHT, 2.0),)
    fixed = [
        Address("10.0.0.9", 80),
        Address("10.0.0.2", 81, weight),
        Address("10.0.0.3", 81, weight),
    ]
    assert seen[0] == bound(Address("10.0.0.9", 80))
    assert seen[-1] == bound(Address("10.0.0.4", 80), *fixed)
    handle.close()
    assert world.clock.getDelayedCalls() == []
    assert world.watch.directories == []


def test_when_no_host_has_an_address_the_reason_is_given(world):
    world.write("web", "a.example 80\nb.example 80\n")
    seen, _ = world.addr("/web")
    world.resolver.answer("a.example", None)
    world.resolver.answer("b.example", OSError("server failure"))
    world.clock.advance(5)
    world.resolver.answer("b.example", None)
    kinds = [type(addr) for addr in seen]
    assert kinds == [type(ADDR_PENDING), AddrFailed, type(ADDR_NEG)]


# -- what happens on the disk


def test_a_tree_follows_its_file_and_says_nothing_of_its_content(world):
    view = world.follow("/web/r")
    world.write("web", "10.0.0.1 80")
    world.write("web", "10.0.0.2 80")
    (world.root / "web").unlink()
    world.watch.changed(world.root)
    world.write("web", "10.0.0.3 80")
    assert view.states == [
        ("ok", "~"),
        ("ok", "/#/io.l5d.fs/web[/r]"),
        ("ok", "~"),
        ("ok", "/#/io.l5d.fs/web[/r]"),
    ]


def test_replicas_follow_a_file_that_is_written_replaced_removed_and_made_again(world):
    world.write("web", "10.0.0.1 80")
    seen, handle = world.addr("/web")
    world.write("web", "10.0.0.2 80")
    world.write("new", "10.0.0.3 80", changed=False)
    (world.root / "new").rename(world.root / "web")
    world.watch.changed(world.root)
    (world.root / "web").unlink()
    world.watch.changed(world.root)
    world.write("web", "10.0.0.4 80")
    (world.root / "web").unlink()
    world.write("web", "10.0.0.5 80")
    assert seen == [
        bound(Address("10.0.0.1", 80)),
        bound(Address("10.0.0.2", 80)),
        bound(Address("10.0.0.3", 80)),
        ADDR_NEG,
        bound(Address("10.0.0.4", 80)),
        bound(Address("10.0.0.5", 80)),
    ]
    handle.close()
    assert world.watch.directories == []


def test_directories_come_go_and_are_exchanged(world):
    view = world.follow("/users/v1/x")
    world.write("users/v1", "10.0.0.1 80", changed=False)
    world.watch.changed(world.root)
    seen, _ = world.addr("/users/v1")
    (world.root / "users").rename(world.root / "old")
    world.watch.changed(world.root)
    world.write("users/v1", "10.0.0.2 80", changed=False)
    world.watch.changed(world.root)
    world.write("users/v1", "10.0.0.3 80")
    assert [text for _, text in view.states] == [
        "~",
        "/#/io.l5d.fs/users/v1[/x]",
        "~",
        "/#/io.l5d.fs/users/v1[/x]",
    ]
    assert seen == [
        bound(Address("10.0.0.1", 80)),
        ADDR_NEG,
        bound(Address("10.0.0.2", 80)),
        bound(Address("10.0.0.3", 80)),
    ]


def test_the_root_itself_may_be_exchanged(world):
    world.write("web", "10.0.0.1 80")
    view = world.follow("/web")
    seen, _ = world.addr("/web")
    world.root.rename(world.root.parent / "old")
    world.watch.changed(world.root.parent)
    world.write("web", "10.0.0.2 80", changed=False)
    world.watch.changed(world.root.parent)
    assert [text for _, text in view.states] == ["/#/io.l5d.fs/web", "~", "/#/io.l5d.fs/web"]
    assert seen[-1] == bound(Address("10.0.0.2", 80))


def test_a_file_takes_the_place_of_a_directory_and_back(world):
    world.write("a/b", "10.0.0.1 80")
    view = world.follow("/a/b")
    (world.root / "a" / "b").unlink()
    (world.root / "a").rmdir()
    world.write("a", "10.0.0.2 80")
    assert [text for _, text in view.states] == ["/#/io.l5d.fs/a/b", "/#/io.l5d.fs/a[/b]"]


# -- names that lead nowhere


@pytest.mark.parametrize(
    "elements",
    [
        (),
        (b"none",),
        (b"dir",),
        (b".",),
        (b"..",),
        (b"..", b"secret"),
        (b"dir", b"..", b"web"),
        (b"../secret",),
        (b"dir/x",),
        (b"web\0",),
        (b"x" * 300,),
        (b"fifo",),
    ],
)
def test_no_such_name(world, elements):
    world.write("web", "10.0.0.1 80")
    world.write("dir/x", "10.0.0.1 80")
    (world.root.parent / "secret").write_text("10.0.0.1 80", "utf-8")
    os.mkfifo(world.root / "fifo")
    assert world.namer.lookup(Path(elements)).sample() == Ok(NEG)


def test_what_follows_a_files_name_may_be_anything(world):
    world.write("web", "10.0.0.1 80")
    state = world.namer.lookup(Path((b"web", b"..", b"a/b", b"\0"))).sample()
    assert state.value.value.residual == Path((b"..", b"a/b", b"\0"))


def test_names_that_are_no_text_are_file_names_all_the_same(world):
    name = b"w\xff b"
    with open(os.fsencode(world.root) + b"/" + name, "wb") as file:
        file.write(b"\xef\xbb\xbf10.0.0.1 80\n")
    state = world.namer.lookup(Path((name,))).sample()
    assert state.value.value.id == PREFIX + Path((name,))
    assert state.value.value.addr.sample() == bound(Address("10.0.0.1", 80))


def test_symbolic_links_are_followed(world):
    (world.root.parent / "outside").write_text("10.0.0.1 80", "utf-8")
    (world.root / "web").symlink_to("../outside")
    assert world.addr("/web")[0] == [bound(Address("10.0.0.1", 80))]


def test_what_cannot_be_looked_at_fails(world, monkeypatch):
    world.write("web", "10.0.0.1 80")
    leaf = world.lookup("/web").value
    assert isinstance(leaf.value, Bound)

    def refuse(path, *args, **kwargs):
        raise PermissionError(13, "Permission denied", path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        assert isinstance(leaf.value.addr.sample(), AddrFailed)
    monkeypatch.setattr(os, "stat", refuse)
    assert isinstance(world.lookup("/web"), Failed)
    assert isinstance(leaf.value.addr.sample(), AddrFailed)
    assert world.namer.names().sample() == Ok(frozenset())


# -- enumeration and state


def test_names_are_all_files_and_follow_the_disk(world):
    world.write("web", "")
    (world.root / "loop").symlink_to(".")
    seen = []
    handle = world.namer.names().observe(seen.append)
    world.write("users/v1", "", changed=False)
    world.watch.changed(world.root)
    world.write("users/v2", "")
    expected = [{"web"}, {"web", "users/v1"}, {"web", "users/v1", "users/v2"}]
    assert [{p.drop(2).show()[1:] for p in state.value} for state in seen] == expected
    handle.close()
    assert world.watch.directories == []


def test_a_directory_that_vanishes_while_it_is_listed_is_empty(world, monkeypatch):
    def gone(path):
        raise FileNotFoundError(path)

    monkeypatch.setattr(os, "listdir", gone)
    assert world.namer.names().sample() == Ok(frozenset())


def test_the_state_shows_the_files_that_are_observed(world):
    assert world.namer.snapshot() == {"events": {}, "state": {"running": False, "value": {}}}
    world.write("web", "10.0.0.1 80")
    world.write("a/b/c", "10.0.0.2 80")
    _, web = world.addr("/web")
    world.addr("/a/b/c")
    state = world.namer.snapshot()
    assert state["state"]["running"] is True
    assert state["state"]["value"] == {"web": "10.0.0.1 80"}
    assert state["a"]["b"]["state"]["value"] == {"c": "10.0.0.2 80"}
    (world.root / "web").unlink()
    world.watch.changed(world.root)
    assert world.namer.snapshot()["state"]["value"] == {}
    web.close()
    assert world.namer.snapshot()["state"]["running"] is False


# -- with a real watch


def until(reactor, condition):
    """Turn a reactor of our own until something holds; each turn waits for an event."""
    for _ in range(50):
        if condition():
            return
        reactor.iterate(0.2)
    assert condition()


def test_changes_on_a_real_disk_are_noticed(tmp_path):
    reactor = EPollReactor()
    inet = make_inet()[0]
    config = FsConfig.model_validate({"kind": "io.l5d.fs", "rootDir": str(tmp_path)})
    namer = config.build(SimpleNamespace(reactor=reactor, clock=reactor, inet=inet))
    subject = DtabInterpreter([(PREFIX, namer)], system_namer())
    view = Follow(subject.bind(Dtab.EMPTY, PREFIX + Path.parse("/web")))
    (tmp_path / "web").write_text("10.0.0.1 80", "utf-8")
    until(reactor, lambda: view.last == ("ok", "/#/io.l5d.fs/web"))
    seen = []
    handle = namer.lookup(Path.parse("/web")).sample().value.value.addr.observe(seen.append)
    (tmp_path / "web").write_text("10.0.0.2 80", "utf-8")
    until(reactor, lambda: seen[-1] == bound(Address("10.0.0.2", 80)))
    (tmp_path / "new").write_text("10.0.0.3 80", "utf-8")
    (tmp_path / "new").rename(tmp_path / "web")
    until(reactor, lambda: seen[-1] == bound(Address("10.0.0.3", 80)))
    (tmp_path / "web").unlink()
    until(reactor, lambda: seen[-1] == ADDR_NEG and view.last == ("ok", "~"))
    handle.close()
    view.handle.close()
    end_reactor(reactor)
