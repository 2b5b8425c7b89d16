"""A program that runs a script of HTTP requests with treq; see `clients.with_treq`."""

import json
import sys
from pathlib import Path

import treq
from twisted.internet.defer import ensureDeferred, succeed
from twisted.internet.task import react
from twisted.web.client import Agent, HTTPConnectionPool
from twisted.web.iweb import UNKNOWN_LENGTH, IBodyProducer
from zope.interface import implementer


@implementer(IBodyProducer)
class Unsized:
    """A body whose length is not told, so that it is sent in chunks."""

    length = UNKNOWN_LENGTH

    def __init__(self, data):
        self._data = data

    def startProducing(self, consumer):
        for start in range(0, len(self._data), 65536):
            consumer.write(self._data[start : start + 65536])
        return succeed(None)

    def pauseProducing(self):
        """Everything was written at once."""

    def resumeProducing(self):
        """See above."""

    def stopProducing(self):
        """See above."""


async def run(reactor):
    base, steps = json.load(sys.stdin)
    client = treq.client.HTTPClient(Agent(reactor, pool=HTTPConnectionPool(reactor)))
    found = []
    for step in steps:
        data = Path(step["upload"]).read_bytes() if step["upload"] else None
        if step["chunked"]:
            data = Unsized(data)
        answer = await client.request(
            step["method"], base + step["path"], headers=step["headers"], data=data
        )
        body = await answer.content()
        headers = {
            name.decode("latin-1").lower(): values[-1].decode("latin-1")
            for name, values in answer.headers.getAllRawHeaders()
        }
        found.append((answer.code, headers, body.hex()))
    json.dump(found, sys.stdout)


react(lambda reactor: ensureDeferred(run(reactor)))
