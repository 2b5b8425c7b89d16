"""A transport in memory whose two directions end one by one."""

from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IHalfCloseableDescriptor, IHalfCloseableProtocol
from zope.interface import implementer

from tests.protocol.http.transports import MemoryTransport


@implementer(IHalfCloseableDescriptor)
class StreamTransport(MemoryTransport):
    """As the other; `hang_up` is the end of what the other end says, as a FIN is."""

    @property
    def connected(self):
        return not self.lost

    def reset(self):
        """The other end breaks off."""
        if not self.lost:
            self.end = self.end or "gone"
            self._lose(ConnectionLost())

    def _deliver(self):
        while self.reading and self._incoming and not self.lost:
            data = self._incoming.popleft()
            if data is not None:
                self.delivered += len(data)
                self.protocol.dataReceived(data)
            elif IHalfCloseableProtocol.providedBy(self.protocol):
                self._incoming.appendleft(None)  # the end stays the end, however often one reads
                self.reading = False
                self.protocol.readConnectionLost()
            else:
                self._lose(ConnectionLost())
