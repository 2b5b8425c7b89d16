"""A collector of traces and metrics: twisted.web in a thread, keeping what it is sent."""

import gzip
import json
import threading

from twisted.internet.selectreactor import SelectReactor
from twisted.web.resource import Resource
from twisted.web.server import Site


class _Taking(Resource):
    isLeaf = True  # noqa: N815 - Twisted's name

    def __init__(self, collector):
        super().__init__()
        self._collector = collector

    def render_POST(self, request):
        body = request.content.read()
        if request.getHeader("content-encoding") == "gzip":
            body = gzip.decompress(body)
        headers = {
            k.decode().lower(): v[0].decode() for k, v in request.requestHeaders.getAllRawHeaders()
        }
        with self._collector.changed:
            self._collector.reports.append((request.path.decode(), headers, json.loads(body)))
            self._collector.changed.notify_all()
        request.setResponseCode(self._collector.status)
        return b"{}"


class Collector:
    """Listens on a port of 127.0.0.1 and answers every report with `status`."""

    def __init__(self, port=0):
        self.status = 200
        self.reports = []
        self.changed = threading.Condition()
        self._reactor = SelectReactor()
        site = Site(_Taking(self), reactor=self._reactor)
        listening = self._reactor.listenTCP(port, site, interface="127.0.0.1")
        self.port = listening.getHost().port
        self._thread = threading.Thread(
            target=self._reactor.run, kwargs={"installSignalHandlers": False}
        )
        self._thread.start()

    def wait(self, wanted, seconds=20):
        """What `wanted` makes of the reports, once that is anything."""
        with self.changed:
            assert self.changed.wait_for(lambda: wanted(self.reports), seconds), self.reports
            return wanted(self.reports)

    def stop(self):
        self._reactor.callFromThread(self._reactor.stop)
        self._thread.join(10)
        for selectable in self._reactor.removeAll():
            if hasattr(selectable, "socket"):
                selectable.socket.close()
