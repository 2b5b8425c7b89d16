"""What `x-forwarded-client-cert` says of a client's certificate.

Routers write it; whoever reads it believes it, so nothing in a certificate may look like more of it
than it is.

Source: dataplane spec, section 7.3; RFC 2253.
"""

import re

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

_STRANGE = re.compile(r"[^!#-+\--:<-~]")
"""What could end a name early: a control, space, quote, comma or semicolon; and all but ASCII."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def client_cert(certificate: x509.Certificate) -> bytes:
    """The header's value: hash, alternative names in the certificate's order, subject."""
    parts = [f"Hash={certificate.fingerprint(SHA256()).hex().upper()}"]
    parts += _names(certificate)
    subject = _CONTROL.sub(lambda found: f"\\{ord(found[0]):02X}", _subject(certificate))
    parts.append(f'Subject="{subject}"')
    return ";".join(parts).encode("utf-8", "replace")


def _subject(certificate: x509.Certificate) -> str:
    try:
        return certificate.subject.rfc4514_string()
    except ValueError:  # OpenSSL reads more than `cryptography` does
        return ""


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    labels = {x509.UniformResourceIdentifier: "SAN", x509.DNSName: "DNS"}
    return [
        f"{labels[type(name)]}={_STRANGE.sub(_percent, str(name.value))}"
        for name in found
        if type(name) in labels
    ]


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8"))
