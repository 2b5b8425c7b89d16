"""HTTP GETs of the control plane: from one of the addresses of a service, the body as it comes.

The client that discovery backends are asked with. Each GET has a connection of its own, to
whichever address can be connected to. The data path does not use this module.
"""

# mypy: disallow-untyped-calls=False
import socket
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.client import Agent, ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from linkerpy.codec.json_lines import quote
from linkerpy.core.closable import NOTHING, Closable
from linkerpy.core.var import Var
from linkerpy.naming.addr import Addr, AddrBound, Address, AddrFailed, AddrPending
from linkerpy.net.connect import connect
from linkerpy.net.errors import ConnectFailed
from linkerpy.net.options import SocketOptions
from linkerpy.net.tls_handshake import ClientTls

CONNECT_TIMEOUT: Final = 5.0
"""Seconds for a connection to one address."""

_OPTIONS = SocketOptions(keep_alive=True)

_KEEP_ALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
"""A peer that vanished is noticed within a minute: watches are silent while nothing changes."""

_MOST_OF_AN_ERROR = 2048
_OK = 200


class FetchFailed(Exception):
    """A GET has failed; the text says what was asked, of whom, and why there is no answer."""


class Listener(Protocol):
    """Who wants the answer to a GET."""

    def began(self) -> None:
        """The answer's status is 200."""

    def received(self, data: bytes) -> None:
        """A part of its body."""

    def ended(self, error: FetchFailed | None) -> None:
        """The last word: None after a whole body."""


@dataclass(frozen=True, slots=True)
class HttpService:
    """A service that is asked by HTTP: where it is, and what it is called."""

    reactor: Any
    addresses: Var[Addr]
    """Where it is at present; any of them will do."""
    authority: str
    """Its `Host`, and what errors call it."""
    random: Random
    tls: ClientTls | None = None

    def url(self, target: str) -> str:
        """The URL of a path and query."""
        return f"{'http' if self.tls is None else 'https'}://{self.authority}{target}"

    def get(
        self, target: str, listener: Listener, patience: float, *, whole: bool = False
    ) -> Closable:
        """Ask for `target`, a path and query; closing gives up, and nothing more is told.

        The answer must have begun within `patience` seconds, or be there with `whole`.
        """
        return _Get(self, target, listener, patience, whole=whole)


class _Get:
    """One GET: finds out addresses, connects, asks, and passes the answer on."""

    def __init__(
        self,
        service: HttpService,
        target: str,
        listener: Listener,
        patience: float,
        *,
        whole: bool,
    ) -> None:
        self._service = service
        self._target = target
        self._listener: Listener | None = listener
        self._whole = whole
        self._asking: Deferred[Any] | None = None
        self._connection: Any = None
        self._naming: Closable = NOTHING
        late = FetchFailed(f"{service.url(target)}: no answer within {patience:g} s")
        self._timer = service.reactor.callLater(patience, self._end, late)
        # Later, so that nothing is told before the caller has its handle.
        self._start: Any = service.reactor.callLater(0, self._find)

    # -- where ------------------------------------------------------------------------------------

    def _find(self) -> None:
        naming = self._service.addresses.observe(self._found)
        if self._asking is None and self._listener is not None:
            self._naming = naming
        else:
            naming.close()

    def _found(self, addr: Addr) -> None:
        if self._asking is not None or self._listener is None or isinstance(addr, AddrPending):
            return
        naming, self._naming = self._naming, NOTHING
        naming.close()
        if isinstance(addr, AddrBound) and addr.addresses:
            candidates = sorted(addr.addresses)
            self._service.random.shuffle(candidates)
            self._ask(candidates)
        else:
            why = str(addr.error) if isinstance(addr, AddrFailed) else "the name has no address"
            self._end(FetchFailed(f"{self._service.authority} cannot be found: {why}"))

    # -- asking -----------------------------------------------------------------------------------

    def _ask(self, candidates: list[Address]) -> None:
        service = self._service
        endpoint = _FirstThatAnswers(service, candidates, self._connected)
        agent = Agent.usingEndpointFactory(service.reactor, _Always(endpoint))
        headers = Headers({"Accept": ["application/json"], "User-Agent": ["linkerpy"]})
        url = service.url(self._target).encode("ascii")
        self._asking = agent.request(b"GET", url, headers)
        self._asking.addCallbacks(self._answered, self._failed)

    def _connected(self, protocol: Any) -> None:
        self._connection = protocol

    def _failed(self, failure: Failure) -> None:
        self._end(FetchFailed(f"{self._service.url(self._target)}: {_reason(failure.value)}"))

    def _answered(self, response: Any) -> None:
        listener = self._listener
        if listener is None:
            return
        if response.code == _OK:
            if not self._whole:
                self._stop_timer()
            listener.began()
            response.deliverBody(_Body(self._received, self._body_ended))
        else:
            phrase = response.phrase.decode("latin-1")
            refused = _Refused(
                f"{self._service.url(self._target)}: {response.code} {phrase}", self._end
            )
            response.deliverBody(_Body(refused.received, refused.over))

    def _received(self, data: bytes) -> None:
        if self._listener is not None:
            self._listener.received(data)

    def _body_ended(self, reason: BaseException | None) -> None:
        if isinstance(reason, ResponseDone | PotentialDataLoss):
            self._end(None)
        else:
            text = f"{self._service.url(self._target)}: the answer broke off: {_reason(reason)}"
            self._end(FetchFailed(text))

    # -- the end ----------------------------------------------------------------------------------

    def _end(self, error: FetchFailed | None) -> None:
        listener = self._listener
        self.close()
        if listener is not None:
            listener.ended(error)

    def close(self) -> None:
        """See `Closable`."""
        if self._listener is None:
            return
        self._listener = None
        self._stop_timer()
        self._naming.close()
        if self._start.active():
            self._start.cancel()
        if self._asking is not None:
            self._asking.cancel()
        if self._connection is not None:
            self._connection.transport.abortConnection()

    def _stop_timer(self) -> None:
        if self._timer.active():
            self._timer.cancel()


class _Refused:
    """Gathers the words of an answer that is not a 200, until it ends or they are enough."""

    def __init__(self, what: str, told: Callable[[FetchFailed], None]) -> None:
        self._what = what
        self._told = told
        self._words = b""

    def received(self, data: bytes) -> None:
        """A part of the body."""
        self._words += data
        if len(self._words) > _MOST_OF_AN_ERROR:
            self.over(None)

    def over(self, _reason: object) -> None:
        """That is all."""
        words = quote(self._words)
        self._told(FetchFailed(f"{self._what}: {words}" if words else self._what))


class _Body(TwistedProtocol):
    """Passes a body on."""

    def __init__(
        self, received: Callable[[bytes], None], ended: Callable[[BaseException | None], None]
    ) -> None:
        self._received = received
        self._ended = ended

    def dataReceived(self, data: bytes) -> None:
        """See `Protocol`."""
        self._received(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `Protocol`."""
        self._ended(reason.value)


@implementer(IAgentEndpointFactory)
class _Always:
    """Gives one endpoint, whatever the URL."""

    def __init__(self, endpoint: "_FirstThatAnswers") -> None:
        self._endpoint = endpoint

    def endpointForURI(self, _uri: object) -> "_FirstThatAnswers":
        """See `IAgentEndpointFactory`."""
        return self._endpoint


@implementer(IStreamClientEndpoint)
class _FirstThatAnswers:
    """Connects to the first address, in order, to which that is possible."""

    def __init__(
        self, service: HttpService, candidates: list[Address], connected: Callable[[Any], None]
    ) -> None:
        self._service = service
        self._candidates = candidates
        self._told = connected
        self._attempt: Any = None

    def connect(self, factory: Any) -> Deferred[Any]:
        """See `IStreamClientEndpoint`."""
        made: Deferred[Any] = Deferred(lambda _: self._attempt.cancel())
        rest = iter(self._candidates)

        def connected(protocol: Any) -> None:
            _keep_alive(protocol.transport)
            self._told(protocol)
            made.callback(protocol)

        def attempt(last: ConnectFailed | None) -> None:
            address = next(rest, None)
            if address is None:
                made.errback(Failure(last))
                return
            self._attempt = connect(
                self._service.reactor,
                address.ip,
                address.port,
                lambda: factory.buildProtocol(None),
                CONNECT_TIMEOUT,
                _OPTIONS,
                on_connected=connected,
                on_failed=attempt,
                tls=self._service.tls,
            )

        attempt(None)
        return made


def _keep_alive(transport: Any) -> None:
    for name, value in _KEEP_ALIVE:
        option = getattr(socket, name, None)  # the names are Linux's
        if option is not None:
            transport.getHandle().setsockopt(socket.IPPROTO_TCP, option, value)


def _reason(error: BaseException | None) -> str:
    """What came first of the reasons that Twisted's client wraps up."""
    reasons = getattr(error, "reasons", None)
    if reasons:
        return _reason(reasons[0].value)
    return str(error) or type(error).__name__
