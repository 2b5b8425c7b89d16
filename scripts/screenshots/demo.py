"""A small mesh with real traffic, to look at: fast, slow and failing backends, HTTP and TCP.

    python scripts/screenshots/demo.py

prints the address of its admin pages and goes on until it is interrupted. Everything runs on
loopback, on ports that are free; nothing stays behind.
"""

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

CONFIG = """\
admin:
  ip: 127.0.0.1
  port: {admin}

telemetry:
- kind: io.l5d.prometheus
- kind: io.l5d.recentRequests
  sampleRate: 1.0
  capacity: 200

namers:
- kind: io.l5d.fs
  rootDir: {disco}

routers:
- protocol: http
  label: web
  dtab: |
    /svc      => /#/io.l5d.fs ;
    /svc/shop => 9 * /#/io.l5d.fs/shop-v1 & 1 * /#/io.l5d.fs/shop-v2 ;
    /svc/news => /#/io.l5d.fs/news | /#/io.l5d.fs/shop-v1 ;
  servers:
  - port: {web}
  service:
    responseClassifier: {{kind: io.l5d.http.retryableRead5XX}}
  client:
    loadBalancer: {{kind: ewma}}

- protocol: http
  label: vault
  dtab: /svc => /#/io.l5d.fs
  servers:
  - port: {vault}
  client:
    tls: {{commonName: vault.mesh.test}}

- protocol: tcp
  label: db
  dtab: /svc => /#/io.l5d.fs
  servers:
  - port: {db}
    dstName: /svc/db
"""

FAST, SLOW, POOR = (0.002, 0.0), (0.12, 0.0), (0.01, 0.25)
"""Seconds that an answer takes on average, and the share of answers that are failures."""

SERVICES = {
    "shop-v1": [FAST, FAST, FAST],
    "shop-v2": [FAST],
    "cart": [FAST, POOR],
    "search": [SLOW, SLOW],
    "pay": [FAST, None],  # nobody serves the second one
}
TRAFFIC = {"shop": 40, "cart": 15, "search": 6, "pay": 8, "news": 3, "unknown": 1}
"""Requests per second, by Host."""


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# -- backends ---------------------------------------------------------------------------------


async def backend(port: int, behaviour: tuple[float, float]) -> None:
    """Serve HTTP on a port, as slow and as unreliable as asked for."""
    mean, failing = behaviour

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if (await reader.readexactly(1)) == b"\x16":  # TLS, to a backend that speaks none
                writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                return
            while await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(random.expovariate(1 / mean))
                status = "503 Overloaded" if random.random() < failing else "200 OK"
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 6\r\n\r\nhello\n".encode())
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    await asyncio.start_server(serve, "127.0.0.1", port)


async def echo(port: int) -> None:
    """Send back what comes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
        except (asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    await asyncio.start_server(serve, "127.0.0.1", port)


# -- callers ----------------------------------------------------------------------------------


async def request(port: int, host: str, path: str) -> None:
    """One request, whatever comes of it."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        await asyncio.wait_for(reader.read(), 30)
        writer.close()
    except (OSError, TimeoutError):
        pass


async def session(port: int) -> None:
    """One conversation over TCP, of a second or so."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(random.randint(2, 12)):
            writer.write(os.urandom(random.randint(200, 6000)))
            await reader.read(65536)
            await asyncio.sleep(0.15)
        writer.close()
    except OSError:
        pass


async def keep_calling(call: Callable[[], Coroutine[Any, Any, None]], per_second: float) -> None:
    """Call again and again, at random times."""
    running = set()
    while True:
        await asyncio.sleep(random.expovariate(per_second))
        task = asyncio.create_task(call())
        running.add(task)
        task.add_done_callback(running.discard)


async def traffic(ports: dict[str, int], addresses: dict[str, list[int]], scale: float) -> None:
    """All backends and all callers."""
    for service, behaviours in SERVICES.items():
        for port, behaviour in zip(addresses[service], behaviours, strict=True):
            if behaviour is not None:
                await backend(port, behaviour)
    for port in addresses["db"][:2]:
        await echo(port)
    for port in addresses["vault"]:
        await backend(port, FAST)  # in plain HTTP, where its router expects TLS
    callers = [
        keep_calling(
            lambda host=host: request(ports["web"], host, f"/items/{random.randint(1, 99)}"),
            rate * scale,
        )
        for host, rate in TRAFFIC.items()
    ]
    await asyncio.gather(
        *callers,
        keep_calling(lambda: request(ports["vault"], "vault", "/secret"), 0.5),
        keep_calling(lambda: session(ports["db"]), 4 * scale),
    )


# -- the router -------------------------------------------------------------------------------


def write_names(disco: Path) -> dict[str, list[int]]:
    """A file for each service, an address for each of its backends."""
    wanted = {name: len(behaviours) for name, behaviours in SERVICES.items()}
    addresses: dict[str, list[int]] = {}
    for name, count in {**wanted, "db": 3, "vault": 1}.items():
        addresses[name] = [free_port() for _ in range(count)]
        lines = [f"127.0.0.1 {port}\n" for port in addresses[name]]
        if name == "shop-v1":
            lines[0] = lines[0].rstrip() + " * 2.0\n"
        (disco / name).write_text("".join(lines), "utf-8")
    return addresses


@contextmanager
def router(config: Path) -> Iterator[subprocess.Popen]:
    """The router as a process of its own."""
    twistd = str(Path(sys.executable).with_name("twistd"))
    command = [sys.executable, twistd, "-n", "--pidfile=", "linkerpy", "-c", str(config)]
    log = (config.parent / "log").open("wb")
    process = subprocess.Popen(
        command,
        cwd=config.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=log,
        stdout=log,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


async def wait_ready(url: str, process: subprocess.Popen) -> None:
    """Until the router takes requests."""
    while process.poll() is None:
        try:
            await asyncio.to_thread(lambda: urllib.request.urlopen(f"{url}admin/ready", timeout=5))
        except OSError:
            await asyncio.sleep(0.1)
        else:
            return
    raise SystemExit("the router did not start")


@contextmanager
def mesh() -> Iterator[tuple[str, dict[str, int], dict[str, list[int]], subprocess.Popen]]:
    """The files and the process; the address of its admin pages, and the ports."""
    with tempfile.TemporaryDirectory() as folder:
        disco = Path(folder, "disco")
        disco.mkdir()
        addresses = write_names(disco)
        ports = {name: free_port() for name in ("admin", "web", "vault", "db")}
        config = Path(folder, "mesh.yml")
        config.write_text(CONFIG.format(disco=disco, **ports), "utf-8")
        with router(config) as process:
            yield f"http://127.0.0.1:{ports['admin']}/", ports, addresses, process


async def run(scale: float) -> None:
    """Until interrupted."""
    with mesh() as (url, ports, addresses, process):
        calling = asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, calling.cancel)
        try:
            await wait_ready(url, process)
            sys.stdout.write(json.dumps({"url": url, **ports}) + "\n")
            sys.stdout.flush()
            await traffic(ports, addresses, scale)
        except asyncio.CancelledError:
            pass


if __name__ == "__main__":
    asyncio.run(run(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
