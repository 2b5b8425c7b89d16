"""What is soaked: a router with two workers and two replicas of a backend, and their troubles."""

import json
import os
import random
import signal
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.load import LOAD_CORE
from bench.processes import BenchError, directory, free_port, running
from bench.soak.ledger import Ledger
from bench.soak.traffic import Ports
from bench.subjects import backend, command_of
from linkerpy.app.place import SETTLED
from linkerpy.app.throwaway_ca import make_certificates

_CONFIG = """\
workers: 2
admin: {{ip: 127.0.0.1, port: {admin}}}
namers:
- {{kind: io.l5d.fs, rootDir: {disco}}}
routers:
- protocol: http
  label: web
  dtab: {dtab}
  servers:
  - {{ip: 127.0.0.1, port: {ports.http}}}
  - ip: 127.0.0.1
    port: {ports.https}
    tls: {{certPath: {certs}/localhost.pem, keyPath: {certs}/localhost.key}}
- protocol: tcp
  label: stream
  dtab: {dtab}
  servers:
  - {{ip: 127.0.0.1, port: {ports.tcp}, dstName: /svc/web}}
"""
_DTABS = ("/svc => /#/io.l5d.fs", "/all => /#/io.l5d.fs ; /svc => /all")
_DEADLINE = 30.0
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Replica:
    """A backend that is killed now and then, and comes back at the same port."""

    def __init__(self) -> None:
        """Begin to serve."""
        self.port = free_port()
        self._stack = ExitStack()
        self._start()

    def _start(self) -> None:
        root = directory(self._stack)
        command = backend(self.port, root)
        self._pid = self._stack.enter_context(running(command, self.port, root, LOAD_CORE))

    def kill(self) -> None:
        """End without a word, and come back."""
        os.kill(self._pid, signal.SIGKILL)
        self._stack.close()
        self._start()

    def close(self) -> None:
        """End for good."""
        self._stack.close()


class World:
    """Everything that runs; what it says of itself."""

    def __init__(self, stack: ExitStack, ledger: Ledger) -> None:
        """Start everything; it ends with `stack`.

        Raises: BenchError when something does not come up.
        """
        self._ledger = ledger
        self._chance = random.Random(7)
        self.ports = Ports(free_port(), free_port(), free_port())
        self.certs = directory(stack)
        make_certificates(self.certs, ["localhost"])
        self._replicas = [Replica(), Replica()]
        for replica in self._replicas:
            stack.callback(replica.close)
        self._root = directory(stack)
        (self._root / "disco").mkdir()
        self._list(self._replicas)
        self._admin, self._dtab, self._next_kill = free_port(), 0, 0.0
        self._write()
        command = command_of(str(self._config))
        self.pid = stack.enter_context(running(command, self._admin, self._root, LOAD_CORE))
        self._until(lambda: len(self.workers()) == 2)

    @property
    def _config(self) -> Path:
        return self._root / "l5d.yml"

    @property
    def output(self) -> str:
        """What the router has said."""
        return (self._root / "output.log").read_text("utf-8", "replace")

    def workers(self) -> dict[int, int]:
        """The process ids of those that serve, by number."""
        told = self._asked("admin/workers.json")["workers"]
        return {one["worker"]: one["pid"] for one in told if one["state"] == "serving"}

    def _asked(self, path: str) -> Any:
        with _DIRECT.open(f"http://127.0.0.1:{self._admin}/{path}", timeout=_DEADLINE) as answer:
            return json.load(answer)

    def _until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _DEADLINE
        while not condition():
            if time.monotonic() > deadline:
                raise BenchError(f"a worker did not come (back):\n{self.output[-2000:]}")
            time.sleep(0.1)  # noqa: TID251 - no event loop here

    def _write(self) -> None:
        places = {"certs": self.certs, "disco": self._root / "disco", "admin": self._admin}
        text = _CONFIG.format(ports=self.ports, dtab=_DTABS[self._dtab], **places)
        self._config.write_text(text, "utf-8")

    def _list(self, replicas: list[Replica]) -> None:
        new = self._root / "disco" / ".new"
        new.write_text("".join(f"127.0.0.1 {one.port}\n" for one in replicas), "utf-8")
        new.rename(self._root / "disco" / "web")

    # -- what happens -----------------------------------------------------------------------------

    def disturb(self) -> None:
        """Do one of the things that a router must bear."""
        names = ["reload", "endpoints", "backend"]
        if time.monotonic() >= self._next_kill:
            names.append("worker")
        name = self._chance.choice(names)
        getattr(self, f"_{name}")()
        self._ledger.did(name)

    def _reload(self) -> None:
        """The configuration changes: the name goes another way."""
        self._dtab = 1 - self._dtab
        self._write()
        os.kill(self.pid, signal.SIGHUP)

    def _endpoints(self) -> None:
        """One replica is taken out of discovery, and put back."""
        self._list([self._chance.choice(self._replicas)])
        time.sleep(0.5)  # noqa: TID251 - the time in which it is out
        self._list(self._replicas)

    def _backend(self) -> None:
        began = time.monotonic()
        self._chance.choice(self._replicas).kill()
        self._ledger.killed(began)

    def _worker(self) -> None:
        """The second worker is killed; the first lives on, so that it shows what it takes."""
        began = time.monotonic()
        old = self.workers().get(2)
        if old is not None:
            os.kill(old, signal.SIGKILL)
            self._until(lambda: self.workers().get(2, old) != old)
        self._next_kill = time.monotonic() + SETTLED + 1  # one that dies sooner is waited with
        self._ledger.killed(began)
