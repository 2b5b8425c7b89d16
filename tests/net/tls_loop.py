"""TLS between two protocols of one reactor, and reactors that make it of every connection."""

from linkerpy.net.connect import connect
from linkerpy.net.listen import listen
from linkerpy.net.tls_context import LiveTls, TlsCalling, TlsServing, make_calling
from linkerpy.net.tls_failures import TlsFailures
from linkerpy.net.tls_handshake import ClientTls, Handshakes, ServerTls, verify
from linkerpy.telemetry.metrics import Metrics
from tests.net.wire import PATIENCE, Recorder, factory


def server_tls(loop, identity, **settings):
    """A server's TLS."""
    reactor = loop.reactor
    return ServerTls(reactor, TlsServing(identity, **settings), handshakes(reactor, "server"))


def client_tls(loop, name=None, **settings):
    """A client's TLS; `trust` is a list of files."""
    reactor = loop.reactor
    if "trust" in settings:
        settings["trust"] = tuple(settings["trust"])
    live = LiveTls(reactor, TlsCalling(**settings), make_calling, verify)
    return ClientTls(live, name, handshakes(reactor, "client"))


def handshakes(reactor, side):
    """Handshakes whose failures are listed as `listed`."""
    listed = TlsFailures()
    made = Handshakes(Metrics(), reactor, listed.teller(reactor, "web", side, "127.0.0.1:0"))
    made.listed = listed
    return made


class TlsPair:
    """A client and a server protocol joined by TLS on loopback, or why they are not."""

    def __init__(self, loop, server, client, server_protocol=Recorder, client_protocol=Recorder):
        self.loop = loop
        self.server = self.client = self.failed = None

        def build():
            self.server = server_protocol()
            return self.server

        self.server_tls, self.client_tls = server, client
        self.port = listen(loop.reactor, factory(build), "127.0.0.1", 0, tls=server)
        self.number = self.port.getHost().port
        self.attempt = self.dial(client_protocol)

    def dial(self, client_protocol=Recorder, number=None):
        """One more connection; the latest is `client`."""
        self.client = self.failed = None
        return connect(
            self.loop.reactor,
            "127.0.0.1",
            number or self.number,
            client_protocol,
            PATIENCE,
            tls=self.client_tls,
            on_connected=lambda made: setattr(self, "client", made),
            on_failed=lambda error: setattr(self, "failed", error),
        )

    def stand(self):
        """Wait until both protocols are connected."""
        self.loop.until(lambda: (self.client and self.server) or self.failed, "the handshake")
        assert self.failed is None, self.failed
        return self

    def failure(self):
        """Wait until the client has failed; why, in words."""
        self.loop.until(lambda: self.failed, "the failure")
        return self.failed.reason

    def server_failure(self):
        """Wait until the server has told of a failure; cause and text."""
        return self._told(self.server_tls, "server")

    def client_failure(self):
        """The same of the client."""
        return self._told(self.client_tls, "client")

    def _told(self, tls, side):
        listed = tls.handshakes.listed
        self.loop.until(lambda: listed, f"the {side}'s failure")
        latest = next(iter(listed))
        assert (latest.side, latest.router) == (side, "web")
        return latest.cause, latest.message


class EveryConnectionTls:
    """Mixed into a reactor: what it listens and connects by TCP is TLS in truth."""

    authority = identity = None

    def listenTCP(self, port, factory, backlog=50, interface=""):
        found = Handshakes(Metrics(), self)
        tls = ServerTls(self, TlsServing(self.identity), found)
        return listen(self, factory, interface, port, tls=tls)

    def connectTCP(self, host, port, factory, timeout=30, bindAddress=None):  # noqa: N803
        settings = TlsCalling(trust=(self.authority.bundle,))
        live = LiveTls(self, settings, make_calling, verify)
        tls = ClientTls(live, "server.test", Handshakes(Metrics(), self))

        def failed(error):
            raise AssertionError(error)

        def build():
            return factory.buildProtocol(None)

        told = {"on_connected": lambda _: None, "on_failed": failed}
        return connect(self, host, port, build, timeout, tls=tls, **told)
