"""Header blocks to heads of messages, worked out once for blocks that come again.

On a kept connection most blocks repeat byte by byte. What a block means is remembered until the
peer changes its table, and with it the meaning of the bytes. A block that changes the table, or
holds a secret that no table may hold, is not remembered. Where only the path or an id differs,
the fields that do not are found again, by what they say, for all connections together.

Whatever was remembered has been found good: rules are checked on a miss only.

Source: RFC 9113, section 8.3; RFC 8441; RFC 7541, section 7.1.3.
"""

import re
from functools import lru_cache
from typing import TypeVar

from linkerpy.codec.body import Trailers
from linkerpy.codec.fields import Fields
from linkerpy.codec.http2.errors import HeadTooLarge, Malformed
from linkerpy.codec.http2.fields import check, content_length, joined_cookies
from linkerpy.codec.http2.hpack_decode import ENTRY_OVERHEAD, Decoder
from linkerpy.codec.http2.hpack_tables import Pair, Sensitive

RequestHead = tuple[bytes, bytes, Fields, bytes | None, bytes | None, int]
"""Method, target, fields, scheme, protocol of an extended CONNECT, declared length or -1."""
ResponseHead = tuple[int, Fields, int]
"""Status, fields, declared length or -1."""

MAX_REMEMBERED = 128
"""Heads of a connection, and as many trailers."""
_WORTH_REMEMBERING = 2048
"""Bytes of a block, and of what it means."""

_Meaning = TypeVar("_Meaning")

_REQUEST = frozenset((b":method", b":scheme", b":authority", b":path", b":protocol"))
_RESPONSE = frozenset((b":status",))
_METHOD = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TARGET = re.compile(rb"/[\x21-\x7e]*|[A-Za-z][A-Za-z0-9+.-]*://[\x21-\x7e]+")
_AUTHORITY = re.compile(rb"[^\x00-\x20\x7f-\xff/?#@\\]+")
_SCHEME = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*")
_STATUS = re.compile(rb"[1-9][0-9][0-9]")


class HeadReader:
    """Reads the blocks of one connection, every one of them, in order."""

    __slots__ = ("_connect_protocol", "_decoder", "_heads", "_limit", "_trailers", "_worth")

    def __init__(self, decoder: Decoder, limit: int, *, connect_protocol: bool = False) -> None:
        self._decoder = decoder
        self._limit = limit
        self._connect_protocol = connect_protocol
        self._heads: dict[bytes, RequestHead | ResponseHead] = {}
        self._trailers: dict[bytes, Trailers] = {}
        self._worth = False

    def __repr__(self) -> str:
        return f"<HeadReader {len(self._heads)} heads, {len(self._trailers)} trailers>"

    def limit_table(self, size: int) -> None:
        """The peer has acknowledged our setting of the size of its table."""
        self._decoder.set_limit(size)
        self._forget()

    def request(self, block: bytes) -> RequestHead:
        """The head of a request.

        Raises: Malformed, HeadTooLarge, CompressionFailure.
        """
        head = self._heads.get(block)
        if head is None:
            head = read_request(self._pairs(block), self._worth, self._connect_protocol)
            if self._worth:
                _remember(self._heads, block, head)
        return head  # type: ignore[return-value]  # a server reads requests only

    def response(self, block: bytes) -> ResponseHead:
        """The head of a response.

        Raises: Malformed, HeadTooLarge, CompressionFailure.
        """
        head = self._heads.get(block)
        if head is None:
            head = read_response(self._pairs(block), self._worth)
            if self._worth:
                _remember(self._heads, block, head)
        return head  # type: ignore[return-value]  # a client reads responses only

    def trailers(self, block: bytes) -> Trailers:
        """The fields behind a body.

        Raises: Malformed, HeadTooLarge, CompressionFailure.
        """
        trailers = self._trailers.get(block)
        if trailers is None:
            pairs = self._pairs(block)
            check(pairs)
            trailers = tuple(pairs)
            if self._worth:
                _remember(self._trailers, block, trailers)
        return trailers

    def skip(self, block: bytes) -> None:
        """A block of a stream that is no more: only what it does to the table counts.

        Raises: CompressionFailure.
        """
        if block in self._heads or block in self._trailers:
            return
        self._decoder.decode(block)
        if self._decoder.changed:
            self._forget()

    def _pairs(self, block: bytes) -> list[Pair]:
        decoder = self._decoder
        pairs = decoder.decode(block)
        if decoder.changed:
            self._forget()
        size = sum([len(name) + len(value) for name, value in pairs])
        size += len(pairs) * ENTRY_OVERHEAD
        if size > self._limit:
            raise HeadTooLarge(f"headers of {size} bytes, where {self._limit} are allowed")
        worth = size <= _WORTH_REMEMBERING and len(block) <= _WORTH_REMEMBERING
        self._worth = worth and not decoder.sensitive and not decoder.changed
        return pairs

    def _forget(self) -> None:
        self._heads.clear()
        self._trailers.clear()


def _remember(memory: dict[bytes, _Meaning], block: bytes, meaning: _Meaning) -> None:
    if len(memory) >= MAX_REMEMBERED:
        del memory[next(iter(memory))]
    memory[block] = meaning


def read_request(pairs: list[Pair], shared: bool, connect_protocol: bool) -> RequestHead:
    """The head of a request from the fields of a block; `shared` if they may be kept.

    Raises: Malformed.
    """
    pseudo, rest = _split(pairs, _REQUEST)
    method = pseudo.get(b":method")
    scheme = pseudo.get(b":scheme")
    path = pseudo.get(b":path")
    authority = pseudo.get(b":authority")
    protocol = pseudo.get(b":protocol")
    if method is None or not _METHOD.fullmatch(method):
        raise Malformed("a request without a proper :method")
    if authority is not None and not _AUTHORITY.fullmatch(authority):
        raise Malformed("a request with a bad :authority")
    if protocol is not None:
        if not connect_protocol or method != b"CONNECT" or not _METHOD.fullmatch(protocol):
            raise Malformed("a :protocol where extended CONNECT is not spoken")
    elif method == b"CONNECT":
        if scheme is not None or path is not None or authority is None:
            raise Malformed("CONNECT has an :authority, and neither :scheme nor :path")
        path = authority
        fields, length = _fields(tuple(rest), shared)
        return method, path, fields, None, None, length
    if scheme is None or not _SCHEME.fullmatch(scheme):
        raise Malformed("a request without a proper :scheme")
    if path is None or not (_TARGET.fullmatch(path) or (path == b"*" and method == b"OPTIONS")):
        raise Malformed("a request without a proper :path")
    if authority is not None:
        rest = _with_host(rest, authority)
    fields, length = _fields(tuple(rest), shared)
    return method, path, fields, scheme, protocol, length


def read_response(pairs: list[Pair], shared: bool) -> ResponseHead:
    """The head of a response from the fields of a block; `shared` if they may be kept.

    Raises: Malformed.
    """
    pseudo, rest = _split(pairs, _RESPONSE)
    status = pseudo.get(b":status", b"")
    if not _STATUS.fullmatch(status):
        raise Malformed("a response without a proper :status")
    if status == b"101":
        raise Malformed("status 101, which HTTP/2 has no use for")  # RFC 9113, 8.6
    fields, length = _fields(tuple(rest), shared)
    return int(status), fields, length


def _split(pairs: list[Pair], known: frozenset[bytes]) -> tuple[dict[bytes, bytes], list[Pair]]:
    """The pseudo-headers at the head of a block, and the rest; see `check` for stray ones."""
    pseudo: dict[bytes, bytes] = {}
    count = 0
    for name, value in pairs:
        if name[:1] != b":":
            break
        if name not in known or name in pseudo:
            raise Malformed(f"unknown or repeated pseudo-header {name[:60]!r}")
        pseudo[name] = value
        count += 1
    return pseudo, pairs[count:]


def _with_host(rest: list[Pair], authority: bytes) -> list[Pair]:
    """The fields with `host` in front, for all that know only this name.

    Source: RFC 9113, 8.3.1: a `host` that says otherwise makes a request malformed.
    """
    hosts = [value for name, value in rest if name == b"host"]
    if hosts:
        if any(host.lower() != authority.lower() for host in hosts):
            raise Malformed("`host` differs from :authority")
        rest = [pair for pair in rest if pair[0] != b"host"]
    return [(b"host", authority), *rest]


def _fields(pairs: tuple[Pair, ...], shared: bool) -> tuple[Fields, int]:
    if shared:
        return _remembered(pairs)
    # Nothing but the table's change may have kept the block from being shared.
    worth = sum([len(name) + len(value) for name, value in pairs]) <= _WORTH_REMEMBERING
    if worth and not any(pair.__class__ is Sensitive for pair in pairs):
        return _remembered(pairs)
    return _made(pairs)


def _made(pairs: tuple[Pair, ...]) -> tuple[Fields, int]:
    check(pairs)
    return Fields(joined_cookies(list(pairs))), content_length(pairs)


_remembered = lru_cache(maxsize=512)(_made)
