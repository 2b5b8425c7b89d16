"""Why a TLS handshake failed: which side, which check, which certificate, and what to do about it.

OpenSSL knows, but says it in three places: an error code, a callback for certificates, and the
bytes that arrived. `explain` puts them together into one sentence for the operator of this side.

Source: RFC 8446, section 6.2 (alerts); the codes of OpenSSL's `X509_verify_cert`.
"""

import datetime
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from cryptography import x509
from OpenSSL import SSL
from twisted.internet import error

from linkerpy.net.tls_context import Made, reason_of
from linkerpy.net.tls_hello import ClientHello, parse_hello
from linkerpy.net.tls_names import (
    clean,
    common_name,
    describe,
    issuer_of,
    listed,
    moment,
    names_of,
    subject_of,
)

CAUSES = (
    "expired",
    "not_yet_valid",
    "unknown_issuer",
    "wrong_name",
    "bad_certificate",
    "no_client_certificate",
    "certificate_rejected",
    "protocol",
    "cipher",
    "plain_http",
    "not_tls",
    "closed",
    "silent",
    "timeout",
    "renegotiation",
    "other",
)
"""What a handshake can fail of, as metrics name it."""

_MOST_OF_HELLO = 16384
"""Bytes of a peer's beginning that are kept until the handshake is over."""

_HTTP_METHODS = re.compile(rb"(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT|PRI) ")

_EXPIRED, _NOT_YET = 10, 9
_NO_ISSUER = {2, 18, 19, 20, 21, 27}
_SELF_SIGNED_END = 19
WRONG_NAME = 62
"""X509_V_ERR_HOSTNAME_MISMATCH, with which our own check of names reports."""


_AT_THE_DOOR = ("no_client_certificate", "certificate_rejected")


class TlsFailed(error.ConnectionLost):
    """TLS could not be agreed on, or broke; the text says why and what to do."""

    def __init__(self, cause: str, text: str) -> None:
        super().__init__(text)
        self.cause = cause
        self.text = text
        self.at_the_door = cause in _AT_THE_DOOR
        """Whether a server refused us before it read a word: by TLS 1.3, our handshake is over
        before it has looked at our certificate."""

    def __str__(self) -> str:
        return self.text


class TlsCut(error.ConnectionLost):
    """The stream ended, and TLS did not say so: what came may not be all."""


@dataclass(slots=True)
class Attempt:
    """One handshake, as far as it is known."""

    made: Made
    calling: bool
    """Whether we are the client."""
    wanted: str | None = None
    """The name that the server's certificate must have."""
    begun: bytes = b""
    """What the peer sent first."""
    refused: tuple[int, x509.Certificate | None] | None = None
    """OpenSSL's code for the first check that failed, and the certificate, if it can be read."""

    @property
    def peer(self) -> str:
        """The other side."""
        return "server" if self.calling else "client"

    def heard(self, data: bytes) -> None:
        """Keep the beginning of what the peer says."""
        if len(self.begun) < _MOST_OF_HELLO:
            self.begun += data[:_MOST_OF_HELLO]


def explain(failure: SSL.Error, attempt: Attempt) -> TlsFailed:
    """What OpenSSL's error means."""
    if attempt.refused is not None:
        return _refused(*attempt.refused, attempt)
    reason = reason_of(failure)
    alert = re.search(r"alert ([a-z ]+)$|^tlsv1 (unrecognized name|unsupported extension)$", reason)
    if alert is not None:
        return _alert(alert[1] or alert[2], attempt)
    if "did not return a certificate" in reason:
        return TlsFailed(
            "no_client_certificate",
            "the client sent no certificate, and requireClientAuth asks for one of a CA that is "
            f"trusted here, which is {attempt.made.trusted}: give the client its `clientAuth`",
        )
    if "shared cipher" in reason or "shared signature" in reason or "shared group" in reason:
        return _no_cipher(attempt)
    if "protocol" in reason or "version" in reason:
        return _no_version(attempt)
    return TlsFailed("other", f"TLS with the {attempt.peer} failed: {clean(reason)} (OpenSSL)")


def not_tls(attempt: Attempt) -> TlsFailed:
    """The peer's first bytes are no TLS."""
    begun = attempt.begun
    if not attempt.calling and _HTTP_METHODS.match(begun):
        line = clean(begun.split(b"\r\n", 1)[0].decode("latin-1"))
        return TlsFailed(
            "plain_http",
            f"the client speaks plain HTTP ({line!r}), and this port TLS: write https:// in its "
            "URL, or take `tls` from this server",
        )
    if attempt.calling and begun.startswith(b"HTTP/"):
        return TlsFailed(
            "plain_http",
            "the server speaks plain HTTP, and we TLS: take `tls` from this client (`enabled: "
            "false` for a part of them), or name the server's TLS port",
        )
    shown = clean(begun[:24].decode("latin-1"))
    return TlsFailed(
        "not_tls",
        f"the {attempt.peer} does not speak TLS: it began with {shown!r}; "
        + ("is this the right port?" if attempt.calling else "it may have the wrong port"),
    )


def closed(attempt: Attempt) -> TlsFailed:
    """The peer closed the connection before TLS stood."""
    if attempt.begun:
        text = f"the {attempt.peer} closed the connection in the middle of the handshake"
        return TlsFailed("closed", f"{text}: its log may say why")
    cure = "a port scan or a TCP health check does so"
    if attempt.calling:
        cure = "it may not speak TLS on this port, or refuse the name or address we come with"
    text = f"the {attempt.peer} closed the connection without a word of TLS: {cure}"
    return TlsFailed("silent", text)


def timed_out(attempt: Attempt, seconds: float) -> TlsFailed:
    """The handshake took too long."""
    if attempt.begun:
        return TlsFailed(
            "timeout", f"the {attempt.peer} did not finish the handshake within {seconds:g} s"
        )
    text = f"the {attempt.peer} sent nothing within {seconds:g} s of connecting"
    cure = "it may wait for the server to speak first, which a server of TLS never does"
    if attempt.calling:
        cure = "is it a TLS port, and is the server overloaded?"
    return TlsFailed("timeout", f"{text}: {cure}")


def renegotiated(attempt: Attempt) -> TlsFailed:
    """The peer asked for another handshake on a connection that has had its own."""
    return TlsFailed(
        "renegotiation",
        f"the {attempt.peer} wanted to shake hands again (renegotiation), which is never allowed: "
        "let it speak TLS 1.3, or ask for certificates in the first handshake",
    )


# -- certificates that we refused ------------------------------------------------------------------


def _refused(code: int, certificate: x509.Certificate | None, attempt: Attempt) -> TlsFailed:
    if certificate is None:
        text = f"the {attempt.peer}'s certificate is malformed: have it made anew"
        return TlsFailed("bad_certificate", text)
    which = f"the {attempt.peer}'s certificate {describe(certificate)}"
    now = moment(datetime.datetime.now(datetime.UTC))
    if code == _EXPIRED:
        ended = moment(certificate.not_valid_after_utc)
        text = f"{which} expired on {ended}, and it is {now}: renew it, or set this machine's clock"
        return TlsFailed("expired", text)
    if code == _NOT_YET:
        begins = moment(certificate.not_valid_before_utc)
        text = f"{which} is valid only from {begins}, and it is {now}: set the clocks right"
        return TlsFailed("not_yet_valid", text)
    if code == WRONG_NAME:
        return _wrong_name(certificate, attempt)
    if code in _NO_ISSUER:
        return _unknown_issuer(certificate, attempt, own=code != _SELF_SIGNED_END)
    why = _verdict(code)
    return TlsFailed(
        "bad_certificate", f"{which} was refused: {why} (OpenSSL's code {code}): have it made anew"
    )


def _unknown_issuer(certificate: x509.Certificate, attempt: Attempt, *, own: bool) -> TlsFailed:
    """`own`: whether it is the peer's own certificate, or one of its issuers that lacks one."""
    key = "trustCertsBundle" if attempt.calling else "caCertPath"
    if not own:
        what = f"the chain it sent ends with the CA {subject_of(certificate)}"
        cure = f"add that CA to `{key}` if it is right"
    elif certificate.issuer == certificate.subject:
        what = f"{subject_of(certificate)} vouches for itself (self-signed)"
        cure = f"add it to `{key}` if it is right"
    else:
        what = f"{subject_of(certificate)} was issued by {issuer_of(certificate)}"
        cure = (
            f"add that CA to `{key}`, or have the {attempt.peer} send the certificates between "
            "them (intermediateCertsPath)"
        )
    return TlsFailed(
        "unknown_issuer",
        f"the {attempt.peer}'s certificate has an unknown issuer: {what}; trusted are "
        f"{attempt.made.trusted}: {cure}",
    )


def _wrong_name(certificate: x509.Certificate, attempt: Attempt) -> TlsFailed:
    names = names_of(certificate)
    if names:
        has = f"has {listed(names)}"
    elif (name := common_name(certificate)) is not None:
        has = f"has only the common name {name}"
    else:
        has = "has no name at all"
    return TlsFailed(
        "wrong_name",
        f"the server's certificate is for another name: wanted {clean(attempt.wanted or '')!r}, "
        f"the certificate {subject_of(certificate)} {has}: write one of its names as `commonName`, "
        "or give the server a certificate with the name that is wanted",
    )


def _verdict(code: int) -> str:
    return {
        7: "its signature is wrong",
        23: "it was revoked",
        24: "one that signed it is no CA",
        25: "its chain is longer than a CA in it allows",
        26: "it was made for another purpose (extendedKeyUsage)",
        66: "its key is too weak",
        67: "the key of a CA that signed it is too weak",
        68: "it was signed with a broken hash (MD5 or SHA-1)",
    }.get(code, "a check of it failed")


# -- what the peer refused -------------------------------------------------------------------------

_OF_CERTIFICATES = {
    "unknown ca": "it does not know the CA that issued it: give the {peer} that CA to trust, and "
    "send the certificates between them (intermediateCertsPath)",
    "certificate expired": "it has expired, or the {peer}'s clock is wrong",
    "certificate revoked": "it was revoked",
    "bad certificate": "it is not what the {peer} expects, which may be another name or issuer",
    "certificate unknown": "it is not what the {peer} expects, which may be another name or issuer",
    "unsupported certificate": "it is of a kind that the {peer} cannot use",
    "access denied": "its owner is not allowed in",
    "decrypt error": "a signature did not fit: are key and certificate of one pair?",
}

_WRONG_NAME_PERHAPS = "it has a fault, or the names of the certificate are not the one it wants"
"""What a client may mean by `internal error`: OpenSSL says so when its caller refuses."""


def _alert(alert: str, attempt: Attempt) -> TlsFailed:
    peer, made = attempt.peer, attempt.made
    said = f"the {peer} refused: alert '{alert}'"
    if alert == "certificate required" or (alert == "handshake failure" and _wants_mine(attempt)):
        return TlsFailed(
            "no_client_certificate",
            f"{said}: it wants a client certificate, and there is none: give one as `clientAuth`",
        )
    if alert in _OF_CERTIFICATES and (made.identity is not None or not attempt.calling):
        why = _OF_CERTIFICATES[alert].format(peer=peer)
        return TlsFailed(
            "certificate_rejected",
            f"the {peer} rejected our certificate {made.shown}, alert '{alert}': {why}",
        )
    if alert == "internal error" and not attempt.calling:
        return TlsFailed(
            "certificate_rejected",
            f"the client refused to go on after our certificate {made.shown}, alert '{alert}': "
            f"{_WRONG_NAME_PERHAPS}",
        )
    if alert in ("protocol version", "inappropriate fallback"):
        return TlsFailed(
            "protocol",
            f"{said}: it speaks none of {listed(made.versions)}, which `protocols` allows here",
        )
    if alert in ("handshake failure", "insufficient security"):
        cure = "they have no cipher suite, or kind of key, in common"
        if attempt.calling and made.identity is None:
            cure += ", or it wants a client certificate (`clientAuth`)"
        return TlsFailed("cipher", f"{said}: {cure}")
    if alert == "no application protocol":
        return TlsFailed("protocol", f"{said}: there is no protocol (ALPN) that both speak")
    if alert == "unrecognized name":
        return TlsFailed(
            "wrong_name",
            f"{said}: it knows no {clean(attempt.wanted or 'server without a name')!r}: "
            "`commonName` must be a name that it serves",
        )
    return TlsFailed("other", f"{said}: its log may say why")


def _wants_mine(attempt: Attempt) -> bool:
    """Whether the server asked for a certificate in the clear, as before TLS 1.3, and got none."""
    if not attempt.calling or attempt.made.identity is not None:
        return False
    asked = 13
    data, at = attempt.begun, 0
    flight = b""
    while at + 5 <= len(data) and data[at] == 22:
        size = int.from_bytes(data[at + 3 : at + 5])
        flight += data[at + 5 : at + 5 + size]
        at += 5 + size
    at = 0
    while at + 4 <= len(flight):
        if flight[at] == asked:
            return True
        at += 4 + int.from_bytes(flight[at + 1 : at + 4])
    return False


# -- no agreement ----------------------------------------------------------------------------------


def _hello(attempt: Attempt) -> ClientHello | None:
    return None if attempt.calling else parse_hello(attempt.begun)


def _no_version(attempt: Attempt) -> TlsFailed:
    hello = _hello(attempt)
    offers = "another version" if hello is None else listed(hello.versions) or "unknown versions"
    verb = "speaks" if attempt.calling else "offers"
    return TlsFailed(
        "protocol",
        f"no TLS version in common: the {attempt.peer} {verb} {offers}, and here are allowed "
        f"{listed(attempt.made.versions)}: update the {attempt.peer}, or allow more by `protocols`",
    )


def _no_cipher(attempt: Attempt) -> TlsFailed:
    hello = _hello(attempt)
    offers = "" if hello is None else f": it offers {listed(_suites(hello.ciphers), 8)}"
    key = "" if attempt.made.identity is None else f", for a key of kind {_kind(attempt)}"
    return TlsFailed(
        "cipher",
        f"no cipher suite in common with the {attempt.peer}{offers}{key}: allow one of them by "
        "`ciphers` or `protocols`, or update the other side",
    )


def _kind(attempt: Attempt) -> str:
    assert attempt.made.identity is not None
    return type(attempt.made.identity.public_key()).__name__.strip("_").removesuffix("PublicKey")


def _suites(codes: Sequence[int]) -> list[str]:
    known = _suite_names()
    grease = 0x0A0A
    real = [code for code in codes if code & 0x0F0F != grease and code not in (0xFF, 0x5600)]
    return [known.get(code, f"0x{code:04x}") for code in real]


@cache
def _suite_names() -> dict[int, str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    return {int(cipher["id"]) & 0xFFFF: cipher["name"] for cipher in context.get_ciphers()}
