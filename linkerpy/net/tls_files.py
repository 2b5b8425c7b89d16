"""Certificates and keys on disk: read, checked, and named when they cannot be used.

`tls_context` makes contexts of what is read here. It knows files and X.509, and no connection.
"""

import datetime
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from linkerpy.net.tls_names import issuer_of, moment, names_of, subject_of

_LARGEST = 4 << 20
"""Bytes of a PEM file; the bundles of whole systems have a quarter of a megabyte."""

_MOST_OWN = 20
"""CAs of a file that somebody chose one by one. In those of whole systems some are always old."""

_BEGIN = b"-----BEGIN "

_SOON = datetime.timedelta(days=14)
"""Before its end a certificate should have been renewed; if it is short-lived, a fifth of its life
before."""


class TlsConfigError(ValueError):
    """A file or setting for TLS cannot be used. The text says which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The files of a certificate and its key; the certificate's file may hold its chain, too."""

    cert_path: str
    key_path: str
    chain_paths: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file it is made of."""
        return (self.cert_path, self.key_path, *self.chain_paths)


@dataclass(slots=True)
class LoadedIdentity:
    """A certificate, the key that fits it, and the certificates sent along."""

    certificate: x509.Certificate
    key: PrivateKeyTypes
    chain: list[x509.Certificate]
    warnings: list[str] = field(default_factory=list)

    @property
    def expires(self) -> float:
        """When the first of its certificates does, in seconds since the epoch."""
        return min(c.not_valid_after_utc.timestamp() for c in (self.certificate, *self.chain))


def load_identity(identity: Identity) -> LoadedIdentity:
    """Read and check a certificate and its key.

    Raises: TlsConfigError.
    """
    found = [
        (path, one)
        for path in (identity.cert_path, *identity.chain_paths)
        for one in load_certificates(path)
    ]
    certificate, *chain = [one for _, one in found]
    key = _load_key(identity.key_path)
    if _spki(key.public_key()) != _spki(certificate.public_key()):
        raise TlsConfigError(
            f"{identity.key_path}: this key is not the one of the certificate in "
            f"{identity.cert_path} ({subject_of(certificate)}): give the two that were made "
            "together, and let certPath have the server's own certificate first"
        )
    warnings = [text for path, one in found for text in date_warnings(path, [one])]
    warnings += _order_warnings(found)
    return LoadedIdentity(certificate, key, chain, warnings)


def load_certificates(path: str) -> list[x509.Certificate]:
    """All certificates of a PEM file.

    Raises: TlsConfigError, also if there is none.
    """
    data = _read(path)
    if b"-----BEGIN CERTIFICATE-----" not in data:
        raise TlsConfigError(f"{path}: {_instead(data, 'certificate')}")
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError as error:
        raise TlsConfigError(
            f"{path}: a certificate in it cannot be read ({_line(error)}): "
            "copy the file again, or convert it to PEM with `openssl x509`"
        ) from None


def load_trust(paths: Sequence[str]) -> tuple[list[x509.Certificate], list[str]]:
    """The certificates that `paths` say are to be trusted, and what is doubtful about them.

    A directory stands for the `.pem`, `.crt` and `.cer` files in it.

    Raises: TlsConfigError.
    """
    found: list[x509.Certificate] = []
    warnings: list[str] = []
    for path in paths:
        for file in _bundle(path):
            certificates = load_certificates(file)
            found += certificates
            if len(certificates) > _MOST_OWN:
                continue
            warnings += date_warnings(file, certificates)
            warnings += [
                f"{file}: {subject_of(certificate)} is not the certificate of a CA, so it vouches "
                "for nothing but itself: give the certificate of its issuer"
                for certificate in certificates
                if not _is_ca(certificate)
            ]
    return found, warnings


def _bundle(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    endings = (".pem", ".crt", ".cer")
    try:
        files = sorted(name for name in os.listdir(path) if name.endswith(endings))
    except OSError as error:
        raise _unreadable(path, error) from None
    if not files:
        raise TlsConfigError(f"{path}: no .pem, .crt or .cer file in this directory")
    return [os.path.join(path, name) for name in files]


def date_warnings(path: str, certificates: Sequence[x509.Certificate]) -> list[str]:
    """What is to be said about certificates that are not valid now."""
    now = datetime.datetime.now(datetime.UTC)
    found = []
    for certificate in certificates:
        ends, begins = certificate.not_valid_after_utc, certificate.not_valid_before_utc
        if ends < now:
            what, cure = f"expired on {moment(ends)}", "peers will refuse it until it is renewed"
        elif begins > now:
            what, cure = f"is valid only from {moment(begins)}", "check this machine's clock"
        elif ends - now < min(_SOON, (ends - begins) / 5):
            what, cure = f"expires soon, on {moment(ends)}", "renew it before peers refuse it"
        else:
            continue
        found.append(f"{path}: the certificate {subject_of(certificate)} {what}: {cure}")
    return found


def _order_warnings(found: Sequence[tuple[str, x509.Certificate]]) -> list[str]:
    """The first certificate, of those of the files, that does not follow from the one before it."""
    _, before = found[0]
    for where, issuer in found[1:]:
        try:
            before.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            text = f"{where}: {subject_of(issuer)} follows {subject_of(before)}, but did not issue"
            cure = "put each certificate's issuer behind it, or strict peers will find no chain"
            return [f"{text} it ({issuer_of(before)} did): {cure}"]
        before = issuer
    return []


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:  # as certificates of version 1, which may be CAs
        return not names_of(certificate)
    except ValueError:
        return False
    return constraints.value.ca


def _load_key(path: str) -> PrivateKeyTypes:
    data = _read(path)
    if b"PRIVATE KEY-----" not in data:
        raise TlsConfigError(f"{path}: {_instead(data, 'private key')}")
    try:
        return serialization.load_pem_private_key(_only_key(data), None)
    except TypeError:
        raise TlsConfigError(
            f"{path}: the key is encrypted, and nobody is there to type its password: "
            f"decrypt it with `openssl pkey -in {path} -out new.key`"
        ) from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise TlsConfigError(
            f"{path}: the key cannot be read ({_line(error)}): it must be PEM, PKCS#8 or PKCS#1"
        ) from None


def _only_key(data: bytes) -> bytes:
    """The key of a file that may hold its certificate, or parameters, too."""
    for part in data.split(_BEGIN)[1:]:
        if part.split(b"-----", 1)[0].endswith(b"PRIVATE KEY"):
            return _BEGIN + part
    return data


def _spki(key: object) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(key.public_bytes(serialization.Encoding.DER, form))  # type: ignore[attr-defined]


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise _unreadable(path, error) from None
    if len(data) > _LARGEST:
        raise TlsConfigError(f"{path}: larger than {_LARGEST >> 20} MB, so hardly a PEM file")
    return data


def _unreadable(path: str, error: OSError) -> TlsConfigError:
    why = (error.strerror or str(error)).lower()
    cure = "check the path"
    if isinstance(error, PermissionError):
        cure = f"let user {os.geteuid()} read it"
    elif not os.path.isabs(path):
        cure = f"relative paths count from {os.getcwd()}"
    return TlsConfigError(f"{path}: cannot be read: {why}; {cure}")


def _instead(data: bytes, what: str) -> str:
    """What a file holds that should hold a certificate or key."""
    if not data.strip():
        return f"the file is empty; it should hold a {what} in PEM"
    if data[:1] == b"\x30":
        return f"the file is binary (DER); convert it to PEM: `openssl … -inform DER` for a {what}"
    if _BEGIN in data:
        label = data.split(_BEGIN, 1)[1].split(b"-----", 1)[0].decode("ascii", "replace")[:40]
        return f"no {what} in it, but a {label}: are certPath and keyPath exchanged?"
    return f"no {what} in it: it should have a line `-----BEGIN {what.upper()}-----`"


def _line(error: BaseException) -> str:
    return (str(error).splitlines() or ["?"])[0][:120]
