"""OpenSSL contexts: what a configuration asks of TLS, checked and kept up to date with its files.

A context holds certificates, trust and limits; it serves any number of connections. When one of its
files changes, new connections get a new context and old ones keep theirs. A file that cannot be
used leaves the last good context serving.
"""

# mypy: disallow-untyped-calls=False
import math
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, Protocol, TypeVar

from cryptography import x509
from OpenSSL import SSL

from linkerpy.core.closable import Closable, Group
from linkerpy.net.files import watch_directory, watch_file
from linkerpy.net.log import logger
from linkerpy.net.tls_files import (
    Identity,
    LoadedIdentity,
    TlsConfigError,
    load_identity,
    load_trust,
)
from linkerpy.net.tls_names import describe, listed, subject_of

_log = logger("linkerpy.tls")

VERSIONS = {
    "TLSv1": (SSL.TLS1_VERSION, SSL.OP_NO_TLSv1),
    "TLSv1.1": (SSL.TLS1_1_VERSION, SSL.OP_NO_TLSv1_1),
    "TLSv1.2": (SSL.TLS1_2_VERSION, SSL.OP_NO_TLSv1_2),
    "TLSv1.3": (SSL.TLS1_3_VERSION, SSL.OP_NO_TLSv1_3),
}
DEFAULT_VERSIONS = ("TLSv1.2", "TLSv1.3")

_OLD = ("TLSv1", "TLSv1.1")

_PARTIAL_WRITE = 1  # SSL_MODE_ENABLE_PARTIAL_WRITE, for which pyOpenSSL has no name

_SETTLE = 0.1
"""Seconds in which a certificate and its key, replaced one after the other, are taken as one."""

Verify = Callable[[SSL.Connection, Any, int, int, int], bool]


@dataclass(frozen=True, slots=True)
class TlsServing:
    """What a server's side of TLS is made of. Versions and ciphers None are the defaults."""

    identity: Identity
    by_name: tuple[tuple[str, Identity], ...] = ()
    """Other certificates, for the names (in lower case) that clients ask for by SNI.

    `*.` stands for one label."""
    client_ca: str | None = None
    """The file, or directory, of CAs whose clients are let in; None is the system's."""
    require_client: bool = False
    ciphers: tuple[str, ...] | None = None
    versions: tuple[str, ...] | None = None
    alpn: tuple[bytes, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file it is made of."""
        identities = (self.identity, *(identity for _, identity in self.by_name))
        paths = [path for identity in identities for path in identity.paths]
        return (*paths, self.client_ca) if self.client_ca and self.require_client else (*paths,)


@dataclass(frozen=True, slots=True)
class TlsCalling:
    """What a client's side of TLS is made of."""

    trust: tuple[str, ...] | None = None
    """Files or directories of CAs; None is the system's."""
    verify: bool = True
    identity: Identity | None = None
    versions: tuple[str, ...] | None = None
    alpn: tuple[bytes, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file it is made of."""
        mine = () if self.identity is None else self.identity.paths
        return (*mine, *(self.trust or ())) if self.verify else mine


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A context, and in words what it is made of."""

    context: SSL.Context
    versions: tuple[str, ...]
    identity: x509.Certificate | None
    trusted: str
    warnings: tuple[str, ...] = ()
    expires: float = math.inf
    """When the first of our certificates does, in seconds since the epoch."""

    @property
    def shown(self) -> str:
        """Our own certificate in words."""
        return "none" if self.identity is None else describe(self.identity)


class Settings(Protocol):
    """Either side's settings."""

    @property
    def paths(self) -> tuple[str, ...]:
        """The files to watch."""


S = TypeVar("S", bound=Settings)


def make_serving(settings: TlsServing, verify: Verify) -> Made:
    """A server's context; `verify` is OpenSSL's callback.

    Raises: TlsConfigError.
    """
    warnings: list[str] = []
    trusted = "nobody, for no client certificate is asked for"
    names: dict[str, SSL.Context] = {}
    expiries: list[float] = []

    def context_of(loaded: LoadedIdentity) -> SSL.Context:
        nonlocal trusted
        warnings.extend(loaded.warnings)
        expiries.append(loaded.expires)
        context = _context(settings.versions, settings.ciphers)
        _show(context, loaded)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)  # tickets serve, and cost no memory
        context.set_session_id(b"linkerpy")
        if settings.require_client:
            mode = SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
            context.set_verify(mode, verify)
            paths = None if settings.client_ca is None else (settings.client_ca,)
            authorities, trusted = _trust(context, paths, "caCertPath", warnings)
            for authority in authorities[:64]:  # a hint for clients with many certificates
                context.add_client_ca(authority)
        if settings.alpn:
            context.set_alpn_select_callback(_choose_from(settings.alpn))
        return context

    main = load_identity(settings.identity)
    context = context_of(main)
    for name, identity in settings.by_name:
        names[name] = context_of(load_identity(identity))
    if names:
        context.set_tlsext_servername_callback(_by_name(names))
    versions = settings.versions or DEFAULT_VERSIONS
    warned = tuple(dict.fromkeys(warnings))
    return Made(context, versions, main.certificate, trusted, warned, min(expiries))


def make_calling(settings: TlsCalling, verify: Verify) -> Made:
    """A client's context; `verify` is OpenSSL's callback.

    Raises: TlsConfigError.
    """
    warnings: list[str] = []
    context = _context(settings.versions, None)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)  # who calls keeps his sessions himself
    trusted = "not asked (disableValidation)"
    if settings.verify:
        context.set_verify(SSL.VERIFY_PEER, verify)
        _, trusted = _trust(context, settings.trust, "trustCertsBundle", warnings)
    loaded = None
    if settings.identity is not None:
        loaded = load_identity(settings.identity)
        warnings.extend(loaded.warnings)
        _show(context, loaded)
    if settings.alpn:
        context.set_alpn_protos(list(settings.alpn))
    own = None if loaded is None else loaded.certificate
    expires = math.inf if loaded is None else loaded.expires
    versions = settings.versions or DEFAULT_VERSIONS
    return Made(context, versions, own, trusted, tuple(warnings), expires)


class LiveTls(Generic[S]):
    """A context that follows its files. `made` is the latest that could be made."""

    def __init__(
        self,
        reactor: Any,
        settings: S,
        make: Callable[[S, Verify], Made],
        verify: Verify,
        on_reload: Callable[[bool], None] = lambda _good: None,
    ) -> None:
        """`on_reload` hears of each time the files have changed, and whether they will do.

        Raises: TlsConfigError.
        """
        self.settings = settings
        self.generation = 0
        """How many times the files have brought a new context."""
        self._reactor = reactor
        self._make = make
        self._verify = verify
        self._on_reload = on_reload
        self._complaint = ""
        self._due: Any = None
        self.made = make(settings, verify)
        _warn(self.made.warnings)
        watched = dict.fromkeys(settings.paths)
        self._watches = Group(*(self._watch(path) for path in watched))

    def _watch(self, path: str) -> Closable:
        watch = watch_directory if os.path.isdir(path) else watch_file
        return watch(self._reactor, path, self._changed)

    def _changed(self) -> None:
        if self._due is None:
            self._due = self._reactor.callLater(_SETTLE, self._reload)

    def _reload(self) -> None:
        self._due = None
        try:
            made = self._make(self.settings, self._verify)
        except TlsConfigError as error:
            if str(error) != self._complaint:  # a file may change often without becoming better
                self._complaint = str(error)
                _log.error("kept the certificates in use, for the new will not do: {e}", e=error)
            self._on_reload(False)
            return
        self._complaint = ""
        self.made = made
        self.generation += 1
        _warn(made.warnings)
        _log.info("new certificates in use: {shown}", shown=made.shown)
        self._on_reload(True)

    @property
    def seconds_left(self) -> float:
        """Until our certificate, or the first of its chain to do so, expires; below 0 it has."""
        return self.made.expires - time.time()

    def close(self) -> None:
        """Follow the files no more."""
        self._watches.close()
        due, self._due = self._due, None
        if due is not None:
            due.cancel()


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        _log.warn("{warning}", warning=warning)


def _context(versions: Sequence[str] | None, ciphers: Sequence[str] | None) -> SSL.Context:
    openssl: Any = SSL  # newer than its stubs
    context = openssl.Context(SSL.TLS_METHOD)
    context.set_options(SSL.OP_NO_COMPRESSION | openssl.OP_NO_RENEGOTIATION)
    context.clear_mode(_PARTIAL_WRITE)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    old = _limit_versions(context, versions or DEFAULT_VERSIONS)
    _limit_ciphers(context, ciphers, old=old)
    made: SSL.Context = context
    return made


def _limit_versions(context: Any, versions: Sequence[str]) -> bool:
    """Allow these versions only; whether one of them is of the old ones."""
    unknown = [version for version in versions if version not in VERSIONS]
    if unknown:
        raise TlsConfigError(
            f"unknown TLS protocol {unknown[0]!r}; there are {', '.join(VERSIONS)}: leave "
            f"`protocols` out for {' and '.join(DEFAULT_VERSIONS)}"
        )
    context.set_min_proto_version(min(VERSIONS[version][0] for version in versions))
    for version, (_, switch) in VERSIONS.items():
        if version not in versions:
            context.set_options(switch)
    return any(version in _OLD for version in versions)


def _limit_ciphers(context: Any, ciphers: Sequence[str] | None, *, old: bool) -> None:
    """Allow these suites only, by OpenSSL's names or IANA's; those of TLS 1.3 are apart.

    The old versions sign with SHA-1, which OpenSSL only allows at its lowest level.
    """
    newer = [name for name in ciphers or () if _is_newest(name)]
    older = [name for name in ciphers or () if name not in newer]
    unknown = [name for name in older if not _is_cipher(name)]
    if unknown:
        raise TlsConfigError(
            f"unknown cipher suite {unknown[0]!r}: `openssl ciphers -stdname` lists the names"
        )
    if newer:
        context.set_tls13_ciphersuites(":".join(newer).encode())
    if older or old:
        names = older or ["DEFAULT"]
        context.set_cipher_list(":".join([*names, "@SECLEVEL=0"] if old else names).encode())


@cache
def _is_cipher(name: str) -> bool:
    try:
        SSL.Context(SSL.TLS_METHOD).set_cipher_list(f"{name}:@SECLEVEL=0".encode())
    except (SSL.Error, UnicodeEncodeError):
        return False
    return True


@cache
def _is_newest(name: str) -> bool:
    context: Any = SSL.Context(SSL.TLS_METHOD)
    try:
        context.set_tls13_ciphersuites(name.encode())
    except SSL.Error:
        return False
    return True


def _show(context: Any, loaded: LoadedIdentity) -> None:
    """Let peers see this certificate."""
    try:
        context.use_certificate(loaded.certificate)
        context.use_privatekey(loaded.key)
        for certificate in loaded.chain:
            context.add_extra_chain_cert(certificate)
    except SSL.Error as error:
        raise TlsConfigError(
            f"OpenSSL refuses the certificate {subject_of(loaded.certificate)} or its key "
            f"({reason_of(error)}): it may be too weak; make one with RSA 2048 or ECDSA P-256"
        ) from None


def _trust(
    context: SSL.Context, paths: Sequence[str] | None, key: str, warnings: list[str]
) -> tuple[list[x509.Certificate], str]:
    """Trust these CAs; they, and who they are in words."""
    if paths is None:
        context.set_default_verify_paths()
        return [], f"the system's CAs, for there is no `{key}`"
    certificates, doubts = load_trust(paths)
    warnings += doubts
    store: Any = context.get_cert_store()
    for certificate in certificates:
        store.add_cert(_openssl(certificate))
    names = listed([subject_of(certificate) for certificate in certificates])
    return certificates, f"{names} (of {listed(list(paths))})"


def _openssl(certificate: x509.Certificate) -> Any:
    from OpenSSL.crypto import X509  # noqa: PLC0415 - warns of its own deprecation when used

    return X509.from_cryptography(certificate)


def _choose_from(ours: tuple[bytes, ...]) -> Callable[[SSL.Connection, list[bytes]], Any]:
    def choose(_connection: SSL.Connection, offered: list[bytes]) -> Any:
        for protocol in ours:
            if protocol in offered:
                return protocol
        return SSL.NO_OVERLAPPING_PROTOCOLS

    return choose


def _by_name(names: dict[str, SSL.Context]) -> Callable[[SSL.Connection], None]:
    def choose(connection: SSL.Connection) -> None:
        asked = (connection.get_servername() or b"").decode("ascii", "replace").lower()
        context = names.get(asked) or names.get("*." + asked.partition(".")[2])
        if context is not None:
            connection.set_context(context)

    return choose


def reason_of(error: SSL.Error) -> str:
    """OpenSSL's own words."""
    reasons = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return ", ".join(str(reason[-1]) for reason in reasons) or str(error) or "no reason given"
