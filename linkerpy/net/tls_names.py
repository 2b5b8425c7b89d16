"""Certificates in words: short, printable, whatever somebody wrote into them.

For messages that end in logs and response headers: a certificate is a stranger's data.
"""

import datetime
from collections.abc import Sequence

from cryptography import x509
from cryptography.x509.oid import NameOID

_MOST_NAMES = 5
_LONGEST = 120


def subject_of(certificate: x509.Certificate) -> str:
    """The subject, or the first alternative name of a certificate that has no subject."""
    text = _name(certificate.subject)
    return text or next(iter(names_of(certificate)), "one without a subject")


def issuer_of(certificate: x509.Certificate) -> str:
    """The issuer."""
    return _name(certificate.issuer) or "one without a name"


def names_of(certificate: x509.Certificate) -> list[str]:
    """The host names and addresses a certificate is for; empty if it has no subjectAltName."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return []
    kinds = (x509.DNSName, x509.IPAddress, x509.UniformResourceIdentifier)
    return [clean(str(name.value)) for name in extension.value if isinstance(name, kinds)]


def common_name(certificate: x509.Certificate) -> str | None:
    """The subject's CN."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return clean(str(found[0].value)) if found else None


def describe(certificate: x509.Certificate) -> str:
    """Subject, names, issuer and validity in one phrase."""
    try:
        parts = []
        if names := names_of(certificate):
            parts.append(f"for {listed(names)}")
        self_signed = certificate.issuer == certificate.subject
        parts.append("self-signed" if self_signed else f"issued by {issuer_of(certificate)}")
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        parts.append(f"valid from {moment(begins)} to {moment(ends)}")
        return f"{subject_of(certificate)} ({', '.join(parts)})"
    except ValueError:  # what OpenSSL took for a certificate and `cryptography` does not
        return "one that cannot be shown"


def listed(names: Sequence[str], most: int = _MOST_NAMES) -> str:
    """`a, b, c and 4 more`."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def moment(time: datetime.datetime) -> str:
    """A time to the minute."""
    return f"{time:%Y-%m-%d %H:%M} UTC"


def clean(text: str) -> str:
    """A stranger's text without what could break a line or a header, and not too long."""
    text = "".join(char if char.isascii() and char.isprintable() else "?" for char in text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _name(name: x509.Name) -> str:
    try:
        return clean(name.rfc4514_string())
    except ValueError:
        return "?"
