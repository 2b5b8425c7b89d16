"""Throw-away certificates as files: an authority, and what it issues."""

import datetime
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from linkerpy.net.tls_files import Identity

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


class Authority:
    """A CA in a directory of its own."""

    def __init__(self, directory, name="Test CA", parent=None):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self._ca = parent or trustme.CA(organization_name=name)
        self.bundle = str(self.directory / "ca.pem")
        self._ca.cert_pem.write_to_path(self.bundle)

    def child(self, name):
        """An authority between this one and what it issues."""
        return Authority(self.directory / name, parent=self._ca.create_child_ca())

    def issue(self, *names, file="cert", **options):
        """A certificate for `names`: an Identity whose file holds the chain, too."""
        leaf = self._ca.issue_cert(*names, **options)
        paths = [str(self.directory / f"{file}.{kind}.pem") for kind in ("cert", "key")]
        Path(paths[0]).write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        leaf.private_key_pem.write_to_path(paths[1])
        return Identity(*paths)

    def expired(self, *names, file="expired"):
        """One that was valid until yesterday."""
        return self.issue(*names, file=file, not_before=NOW - 9 * DAY, not_after=NOW - DAY)

    def future(self, *names, file="future"):
        """One that will be valid tomorrow."""
        return self.issue(*names, file=file, not_before=NOW + DAY, not_after=NOW + 9 * DAY)

    def bare(self, common_name, file="bare"):
        """One of the old kind, without alternative names."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = x509.load_pem_x509_certificate(self._ca.cert_pem.bytes())
        signer = serialization.load_pem_private_key(self._ca.private_key_pem.bytes(), None)
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
            .issuer_name(issuer.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - DAY)
            .not_valid_after(NOW + DAY)
            .sign(signer, hashes.SHA256())
        )
        return write(self.directory, file, made, key)


def signed(subject, names=(), key=None):
    """A certificate of this subject, as (oid, value) pairs, that vouches for itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in subject])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
    )
    if names:
        extension = x509.SubjectAlternativeName(names)
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256())


def self_signed(directory, name, file="self"):
    """The files of a certificate that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = signed([(NameOID.COMMON_NAME, name)], [x509.DNSName(name)], key)
    return write(Path(directory), file, made, key)


def write(directory, file, certificate, key, password=None):
    """Put a certificate and its key into files."""
    paths = [directory / f"{file}.{kind}.pem" for kind in ("cert", "key")]
    pem = serialization.Encoding.PEM
    lock = (
        serialization.NoEncryption()
        if password is None
        else serialization.BestAvailableEncryption(password)
    )
    paths[0].write_bytes(certificate.public_bytes(pem))
    paths[1].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, lock))
    return Identity(*map(str, paths))
