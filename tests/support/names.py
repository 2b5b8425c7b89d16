"""Naming without the world: a resolver that answers when told, namers over fixed names."""

import json
from pathlib import Path as File

from twisted.internet.task import Clock

from linkerpy.core.activity import Activity, Failed, Ok, Pending
from linkerpy.core.closable import OnClose
from linkerpy.core.var import Source
from linkerpy.naming import nametree
from linkerpy.naming.addr import Address, bound
from linkerpy.naming.bound import Bound
from linkerpy.naming.inet import Inet
from linkerpy.naming.nametree import NEG, Leaf
from linkerpy.naming.path import Path
from linkerpy.naming.system import SystemNamer

VECTORS = File(__file__).parent.parent / "vectors"


def vectors(name):
    """The rows of a vector file."""
    return [
        json.loads(line) for line in (VECTORS / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]


class FakeResolver:
    """Answers a look-up when `answer` is called; `asked` lists every host that was looked up."""

    def __init__(self):
        self.asked = []
        self.waiting = {}

    def resolve(self, host, on_result):
        self.asked.append(host)
        waiters = self.waiting.setdefault(host, [])
        waiters.append(on_result)
        return OnClose(lambda: on_result in waiters and waiters.remove(on_result))

    def answer(self, host, result):
        waiters, self.waiting[host] = self.waiting[host], []
        for waiter in waiters:
            waiter(result)


def make_inet():
    """An Inet, its resolver and its clock."""
    resolver, clock = FakeResolver(), Clock()
    return Inet(resolver, clock), resolver, clock


def system_namer():
    """A system namer of which no host is ever resolved."""
    return SystemNamer(make_inet()[0])


class FileNamer:
    """What `io.l5d.fs` answers over these files, with ids below `prefix`."""

    def __init__(self, prefix, files):
        self.prefix = Path.parse(prefix)
        self.files = [Path.parse(file) for file in files]

    def lookup(self, path):
        for file in self.files:
            if path.starts_with(file):
                addr = Source(bound(Address("127.0.0.1", 1)))
                return Activity.value(Leaf(Bound(self.prefix + file, addr, path.drop(len(file)))))
        return Activity.value(NEG)

    def names(self):
        return Activity.value(frozenset(self.prefix + file for file in self.files))


class SourceNamer:
    """Answers with states set from outside; a path not set yet is pending."""

    def __init__(self):
        self.sources = {}

    def lookup(self, path):
        return Activity(self.source(path.show()))

    def source(self, path):
        return self.sources.setdefault(path, Source(Pending()))

    def leaf(self, path, id_=None):
        """Bind `path`."""
        id_ = Path.parse(id_ or path)
        self.source(path).update(Ok(Leaf(Bound(id_, Source(bound(Address("127.0.0.1", 1)))))))

    def tree(self, path, text):
        """Answer with a tree of paths."""
        self.source(path).update(Ok(nametree.parse(text)))

    def fail(self, path, text="boom"):
        """Fail for `path`."""
        self.source(path).update(Failed(RuntimeError(text)))


class ConstantNamer:
    """The same answer for every path."""

    def __init__(self, activity):
        self.activity = activity

    def lookup(self, path):
        return self.activity


def shown(state):
    """A state of a bound tree as the vectors write it: (state, text)."""
    match state:
        case Ok(tree):
            return "ok", nametree.show(tree)
        case Failed(error):
            return "failed", str(error)
        case _:
            return "pending", None


class Follow:
    """The states of an activity, in the vectors' writing, while it is observed."""

    def __init__(self, activity):
        self.states = []
        self.handle = activity.observe(lambda state: self.states.append(shown(state)))

    @property
    def last(self):
        return self.states[-1]
