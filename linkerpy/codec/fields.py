"""Fields: the header lines of a message as they came, worked out once for all that bring the same.

On a kept connection most heads repeat, but for the first line: the same host, the same client, the
same backend. What follows from the lines alone (their names, what of them may be passed on, how
they look on the wire) therefore belongs to an immutable value that messages share. A message that
is changed in more than by additions keeps a list of its own instead; see `linkerpy.codec.http`.
"""

from typing import Any

Headers = list[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
"""Headers that concern one connection only. Source: dataplane spec, section 2.4."""

_NEVER_NAMED = frozenset((b"host", b"content-length"))
_WRITERS_OWN = frozenset((b"connection", b"content-length", b"transfer-encoding"))


class Fields:
    """Header lines. Not to be changed once made.

    `pairs` has them in wire order and case; `names` each lower-case name with the last of its
    values; `repeated` says whether a name stands there twice. `text` is the lines for the wire,
    without those the writer words itself; of these it keeps a Content-Length that stands alone,
    whose value is `told` (empty if there is none, None if the writer must look at them one by one)
    and means `length` bytes (-1 unless it is spelled as we would).
    """

    __slots__ = ("_passing", "framing", "length", "names", "pairs", "repeated", "text", "told")

    def __init__(self, pairs: Headers) -> None:
        self.pairs = pairs
        self.names = {name.lower(): value for name, value in pairs}
        self.repeated = len(self.names) != len(pairs)
        self.framing: dict[Any, Any] = {}
        """What the parsers concluded from the fields, by what else it depends on."""
        self._passing: Fields | None = None
        own = [pair for pair in pairs if pair[0].lower() in _WRITERS_OWN]
        self.told: bytes | None = b""
        if own:
            alone = len(own) == 1 and own[0][0].lower() == b"content-length"
            self.told = (own[0][1] or None) if alone else None
        told = self.told
        plain = told is not None and told.isdigit() and (told == b"0" or told[:1] != b"0")
        self.length = int(told or b"") if plain and len(told or b"") < 20 else -1
        kept = pairs if self.told is not None else _without_own(pairs)
        self.text = b"".join([b"%b: %b\r\n" % pair for pair in kept])

    def __repr__(self) -> str:
        return f"<Fields {self.pairs!r}>"

    @property
    def passing(self) -> "Fields":
        """Those that may be passed on to another connection; often these fields themselves."""
        passing = self._passing
        if passing is None:
            pairs = end_to_end(self.pairs, self.names)
            passing = self._passing = self if pairs is self.pairs else Fields(pairs)
            passing._passing = passing
        return passing


def _without_own(pairs: Headers) -> Headers:
    return [pair for pair in pairs if pair[0].lower() not in _WRITERS_OWN]


def end_to_end(headers: Headers, names: dict[bytes, bytes]) -> Headers:
    """The headers without those that concern only the connection they came by.

    These are `HOP_BY_HOP` and whatever `Connection` names; `Keep-Alive` and `Proxy-Connection`
    stay unless named. `Host` and the length of the body stay even when named: a message stripped
    of them would mean something else to the next hop. The same list if there is nothing to strip.

    Source: dataplane spec, section 2.4; RFC 9110, 7.6.1.
    """
    if names.keys().isdisjoint(HOP_BY_HOP):
        return headers
    dropped = HOP_BY_HOP | (set(tokens(headers, b"connection")) - _NEVER_NAMED)
    return [pair for pair in headers if pair[0].lower() not in dropped]


def tokens(headers: Headers, name: bytes) -> list[bytes]:
    """The comma-separated items of every header of the lower-case `name`, folded to lower case."""
    return [
        token
        for key, value in headers
        if key.lower() == name
        for item in value.split(b",")
        if (token := item.strip(b" \t").lower())
    ]
