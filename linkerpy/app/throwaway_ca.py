"""`linkerpy tls certs`: a certificate authority to throw away, and certificates of it.

For trying things out: its key lies beside its certificates, and nobody is asked for anything.
"""

import datetime
import os
import re
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = datetime.timedelta(days=365)
_PEM = serialization.Encoding.PEM

_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|[0-9A-Fa-f:.]+:[0-9A-Fa-f:.]*")

_Key = ec.EllipticCurvePrivateKey


def make_certificates(directory: Path, names: Sequence[str]) -> list[Path]:
    """A certificate for each name, of the directory's authority, which is made if there is none.

    The authority is `ca.pem` and `ca.key`; `web.mesh.test` gets `web.mesh.test.pem` and `.key`.
    Each is for servers and clients alike. Those that are there are replaced.

    Raises: OSError; ValueError if the authority's files cannot be read, or for what is no name.
    """
    for name in names:
        if not _NAME.fullmatch(name) or name == "ca":
            raise ValueError(f"{name!r} is no host name and no address")
    directory.mkdir(parents=True, exist_ok=True)
    authority = _authority(directory)
    return [_issue(directory, name, *authority) for name in names]


def _authority(directory: Path) -> tuple[x509.Certificate, _Key]:
    files = directory / "ca.pem", directory / "ca.key"
    if all(file.exists() for file in files):
        key = serialization.load_pem_private_key(files[1].read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{files[1]} is no key that this command has made")
        return x509.load_pem_x509_certificate(files[0].read_bytes()), key
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "linkerpy throw-away CA")])
    usage = _usage(key_cert_sign=True, crl_sign=True)
    certificate = (
        _builder(name, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(files[0], files[1], certificate, key)
    return certificate, key


def _issue(directory: Path, name: str, issuer: x509.Certificate, issuer_key: _Key) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    certificate = (
        _builder(subject, issuer.subject, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.SubjectAlternativeName([_alternative(name)]), critical=False)
        .add_extension(issuer_id, critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    file = directory / f"{name}.pem"
    _write(file, directory / f"{name}.key", certificate, key)
    return file


def _builder(subject: x509.Name, issuer: x509.Name, key: _Key) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(**may: bool) -> x509.KeyUsage:
    all_uses = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{use: may.get(use, False) for use in all_uses})


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(file: Path, key_file: Path, certificate: x509.Certificate, key: _Key) -> None:
    """Put both in place whole, the key for its owner alone."""
    form, lock = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    for path, data, mode in (
        (file, certificate.public_bytes(_PEM), 0o644),
        (key_file, key.private_bytes(_PEM, form, lock), 0o600),
    ):
        part = path.with_name(f"{path.name}.part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
            out.write(data)
        part.replace(path)
