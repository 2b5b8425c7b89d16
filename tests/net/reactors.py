"""Reactors whose `listenTCP` and `connectTCP` make linkerpy's transports.

Both the conformance tests here and Twisted's own tests run against them.
"""

import asyncio

from twisted.internet import asyncioreactor, epollreactor, selectreactor, tcp

from linkerpy.net.reactor import DirectEPollReactor
from linkerpy.net.transport import Client, Server


class _NamedClient(Client):
    """Twisted's tests connect to host names too."""

    def resolveAddress(self):
        tcp.Client.resolveAddress(self)


class _Port(tcp.Port):
    transport = Server


class _Connector(tcp.Connector):
    def _makeTransport(self):
        return _NamedClient(self.host, self.port, self.bindAddress, self, self.reactor)


class _OurTransports:
    def listenTCP(self, port, factory, backlog=50, interface=""):
        listening = _Port(port, factory, backlog, interface, self)
        listening.startListening()
        return listening

    def connectTCP(self, host, port, factory, timeout=30, bindAddress=None):  # noqa: N803
        connector = _Connector(host, port, factory, timeout, bindAddress, self)
        connector.connect()
        return connector


class DirectWithOurs(_OurTransports, DirectEPollReactor):
    """Everything of ours."""


class DirectWithStock(DirectEPollReactor):
    """Twisted's transports on our reactor."""


class EPollWithOurs(_OurTransports, epollreactor.EPollReactor):
    """Our transports on the reactor that ours is made of."""


class SelectWithOurs(_OurTransports, selectreactor.SelectReactor):
    """Our transports where there is no epoll."""


class AsyncioWithOurs(_OurTransports, asyncioreactor.AsyncioSelectorReactor):
    """Our transports on asyncio's loop."""

    def __init__(self):
        super().__init__(asyncio.new_event_loop())


class EPollWithStock(epollreactor.EPollReactor):
    """Nothing of ours: what the promises are measured by."""
