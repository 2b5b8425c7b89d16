"""A channel between two of our processes: messages over a Unix socket pair.

A message is a JSON object; a payload of bytes and file descriptors may come with it. On the wire it
is the lengths of both and the number of descriptors, four bytes each in network order, and then
both. The descriptors come with the first bytes of their message.

`Frames` is the format alone, for a process without a reactor.
"""

# mypy: disallow-untyped-calls=False
import json
import os
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from twisted.internet import unix
from twisted.internet.interfaces import IFileDescriptorReceiver
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from linkerpy.net.log import logger

_log = logger("linkerpy.net")

Json = dict[str, Any]

_HEAD = struct.Struct("!III")

LONGEST: Final = 1 << 28
"""Bytes of a message: more is taken for a defect."""


class ChannelError(Exception):
    """What came is no message."""


@dataclass(frozen=True, slots=True)
class Message:
    """What came."""

    body: Json
    payload: bytes = b""
    descriptors: tuple[int, ...] = ()
    """The receiver's own from now on."""


def frame(body: Json, payload: bytes = b"", descriptors: int = 0) -> bytes:
    """The bytes of a message with so many descriptors."""
    text = json.dumps(body).encode()
    return _HEAD.pack(len(text), len(payload), descriptors) + text + payload


class Frames:
    """Makes messages of what is received, in pieces of any size."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._descriptors: deque[int] = deque()

    def feed(self, data: bytes, descriptors: Sequence[int] = ()) -> Iterator[Message]:
        """The messages that are whole now.

        Raises: ChannelError.
        """
        self._data += data
        self._descriptors += descriptors
        while len(self._data) >= _HEAD.size:
            body, payload, count = _HEAD.unpack_from(self._data)
            if body + payload > LONGEST:
                raise ChannelError(f"a message of {body + payload} bytes is too long")
            end = _HEAD.size + body + payload
            if len(self._data) < end:
                return
            whole = bytes(self._data[_HEAD.size : end])
            del self._data[:end]
            yield self._message(whole[:body], whole[body:], count)

    def _message(self, text: bytes, payload: bytes, count: int) -> Message:
        if count > len(self._descriptors):
            raise ChannelError(f"a message came without its {count} descriptors")
        try:
            body = json.loads(text)
        except ValueError as error:
            raise ChannelError(f"a message cannot be read: {error}") from error
        return Message(body, payload, tuple(self._descriptors.popleft() for _ in range(count)))

    def close(self) -> None:
        """Close the descriptors that no message came with."""
        while self._descriptors:
            os.close(self._descriptors.popleft())


@implementer(IFileDescriptorReceiver)
class Channel(Protocol):
    """One end, within a reactor. `received` takes each message, `lost` is told of the end."""

    transport: Any

    def __init__(self, received: Callable[[Message], None], lost: Callable[[], None]) -> None:
        self._received = received
        self._lost = lost
        self._frames = Frames()
        self._descriptors: list[int] = []

    def buildProtocol(self, _addr: object) -> "Channel":
        """Be the factory of oneself, once."""
        return self

    def start(self, sock: socket.socket, reactor: Any) -> None:
        """Begin; the socket is the channel's from now on."""
        sock.setblocking(False)
        os.set_inheritable(sock.fileno(), False)
        with sock:
            unix.Server._fromConnectedSocket(sock.fileno(), self, reactor)

    def send(self, body: Json, payload: bytes = b"", descriptors: Sequence[int] = ()) -> None:
        """Send a message, in the order of the calls. The descriptors must stay open for a while.

        When the other end has gone this does nothing.
        """
        if self.connected:
            for descriptor in descriptors:
                self.transport.sendFileDescriptor(descriptor)
            self.transport.write(frame(body, payload, len(descriptors)))

    def fileDescriptorReceived(self, descriptor: int) -> None:
        """Keep it for the message that it came with."""
        os.set_inheritable(descriptor, False)
        self._descriptors.append(descriptor)

    def dataReceived(self, data: bytes) -> None:
        """Hand on what is whole."""
        descriptors, self._descriptors = self._descriptors, []
        try:
            for message in self._frames.feed(data, descriptors):
                self._received(message)
        except ChannelError as error:
            _log.error("a channel between our own processes broke: {error}", error=error)
            self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell."""
        self.connected = 0
        self._frames.close()
        self._lost()

    def close(self) -> None:
        """End it when everything was sent."""
        if self.connected:
            self.transport.loseConnection()
