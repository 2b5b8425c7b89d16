"""Whether a certificate is for the name that is wanted.

Source: RFC 9525; dataplane spec, section 7.2 (alternative names first).
"""

from cryptography import x509
from service_identity import CertificateError, VerificationError
from service_identity.cryptography import extract_patterns
from service_identity.hazmat import DNS_ID, DNSPattern, IPAddress_ID, verify_service_identity
from twisted.internet.abstract import isIPAddress, isIPv6Address

from linkerpy.net.tls_names import common_name


def is_for(certificate: x509.Certificate, name: str) -> bool:
    """Whether `certificate` may be shown by the host `name`, or by an IP address of that text.

    One without any alternative name, as private CAs still make them, is judged by its common name.
    """
    try:
        patterns = list(extract_patterns(certificate))
        if not patterns and (only := common_name(certificate)) is not None:
            patterns = [DNSPattern.from_bytes(only.encode())]
        wanted = IPAddress_ID(name) if is_address(name) else DNS_ID(name)
        verify_service_identity(patterns, [wanted], [])
    except (CertificateError, VerificationError, ValueError):
        return False
    return True


def is_address(name: str) -> bool:
    """Whether a name is an IP address, which SNI cannot carry."""
    return bool(isIPAddress(name) or isIPv6Address(name))


def sni_of(name: str | None) -> bytes | None:
    """What to send as SNI for a name: nothing for an address, or for what is no host name."""
    if name is None or is_address(name):
        return None
    try:
        return bytes(DNS_ID(name).hostname)
    except ValueError:
        return None
