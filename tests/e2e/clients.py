"""Real HTTP clients that run a script of steps over one session, and tell what each step got.

Each client is a function of a base URL and steps. All of a session's steps share its connections.
"""

import asyncio
import json
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import aiohttp
import httpx
import requests

TIMEOUT = 60
PIECE = 65536


@dataclass
class Step:
    """One request."""

    method: str
    path: str
    headers: dict = field(default_factory=dict)
    upload: str | None = None
    """A file that is the body."""
    chunked: bool = False


@dataclass
class Got:
    """A response; header names in lower case, the body as it came but for `Content-Encoding`."""

    status: int
    headers: dict
    body: bytes


def lower(headers):
    return {name.lower(): value for name, value in headers}


def in_pieces(path):
    with Path(path).open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def with_requests(base, steps):
    found = []
    with requests.Session() as session:
        session.trust_env = False
        for step in steps:
            data = None
            if step.upload:
                data = in_pieces(step.upload) if step.chunked else Path(step.upload).read_bytes()
            answer = session.request(
                step.method, base + step.path, headers=step.headers, data=data, timeout=TIMEOUT
            )
            found.append(Got(answer.status_code, lower(answer.headers.items()), answer.content))
    return found


def with_httpx(base, steps):
    found = []
    with httpx.Client(trust_env=False, timeout=TIMEOUT) as session:
        for step in steps:
            content = None
            if step.upload:
                content = in_pieces(step.upload) if step.chunked else Path(step.upload).read_bytes()
            answer = session.request(
                step.method, base + step.path, headers=step.headers, content=content
            )
            found.append(Got(answer.status_code, lower(answer.headers.items()), answer.content))
    return found


def with_aiohttp(base, steps):
    async def run():
        found = []
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(TIMEOUT)) as session:
            for step in steps:
                data = Path(step.upload).read_bytes() if step.upload else None
                options = {"chunked": True} if step.chunked else {}
                async with session.request(
                    step.method, base + step.path, headers=step.headers, data=data, **options
                ) as answer:
                    body = await answer.read()
                    found.append(Got(answer.status, lower(answer.headers.items()), body))
        return found

    return asyncio.run(run())


def with_treq(base, steps):
    """In a process of its own: Twisted's reactor cannot be started twice."""
    script = json.dumps([base, [asdict(step) for step in steps]])
    run = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("treq_client.py"))],
        input=script.encode(),
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert run.returncode == 0, run.stderr.decode()
    return [
        Got(status, headers, bytes.fromhex(body))
        for status, headers, body in json.loads(run.stdout)
    ]


def with_curl(base, steps, directory):
    """One run of curl for all steps, so that it keeps its connection."""
    command = ["curl"]
    for index, step in enumerate(steps):
        command += ["--next"] if index else []
        command += ["-sS", "--noproxy", "*", "--max-time", str(TIMEOUT)]
        command += ["-D", f"{directory}/{index}.head", "-o", f"{directory}/{index}.body"]
        command += ["--head"] if step.method == "HEAD" else ["-X", step.method]
        for name, value in step.headers.items():
            command += ["-H", f"{name}: {value}"]
        if "Accept-Encoding" in step.headers:
            command += ["--compressed"]
        if step.upload:
            command += ["-T", step.upload]
            command += ["-H", "Transfer-Encoding: chunked"] if step.chunked else []
        command.append(base + step.path)
    run = subprocess.run(command, capture_output=True, timeout=TIMEOUT, check=False)
    assert run.returncode == 0, run.stderr.decode()
    return [_read_curl(Path(directory), index, step) for index, step in enumerate(steps)]


def _read_curl(directory, index, step):
    # Interim responses stand in front of the final head.
    head = (directory / f"{index}.head").read_bytes().decode("latin-1").split("\r\n\r\n")[-2]
    start, *lines = head.split("\r\n")
    body = directory / f"{index}.body"
    read = body.read_bytes() if body.exists() and step.method != "HEAD" else b""
    return Got(int(start.split(" ")[1]), lower(line.split(": ", 1) for line in lines), read)
