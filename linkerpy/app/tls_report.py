"""What `linkerpy tls check` says of a server."""

from collections.abc import Sequence
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from linkerpy.net.errors import show_address
from linkerpy.net.tls_context import TlsCalling
from linkerpy.net.tls_files import Identity
from linkerpy.net.tls_names import describe, listed
from linkerpy.net.tls_probe import Findings, probe

_OF_CHAINS = {"expired", "not_yet_valid", "unknown_issuer", "bad_certificate"}
_OF_OURS = {"certificate_rejected", "no_client_certificate"}


def check_server(
    host: str, port: int, name: str, ca: Sequence[str] | None, mine: tuple[str, str] | None
) -> tuple[bool, list[str]]:
    """Whether all is well, and the report; `mine` are the files of our certificate and its key.

    Raises: TlsConfigError.
    """
    trust = None if ca is None else tuple(ca)
    identity = None if mine is None else Identity(*mine)
    settings = TlsCalling(trust=trust, identity=identity, alpn=(b"h2", b"http/1.1"))
    try:
        found = probe(host, port, settings, name)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        return False, [f"FAILED  connection: cannot connect to {show_address(host, port)}: {why}"]
    return not found.failures, _lines(found, name, shown=mine is not None)


def _lines(found: Findings, name: str, *, shown: bool) -> list[str]:
    lines = [f"server  {show_address(*found.address)}"]
    lines += [f"chain   {at}: {describe(one)}, {_key(one)}" for at, one in enumerate(found.chain)]
    causes = {failed.cause for failed in found.failures}
    if found.agreed:
        alpn = found.alpn or "none"
        lines.append(f"passed  handshake: {found.agreed}, application protocol (ALPN): {alpn}")
    if found.chain and not causes & _OF_CHAINS:
        lines.append(f"passed  chain: it ends at a CA that is trusted; trusted are {found.trusted}")
    if found.chain and "wrong_name" not in causes:
        lines.append(f"passed  name: the certificate is for {name}")
    if found.agreed and not causes & _OF_OURS:
        lines += _about_ours(found, shown=shown)
    return lines + [f"FAILED  {failed.cause}: {failed.text}" for failed in found.failures]


def _about_ours(found: Findings, *, shown: bool) -> list[str]:
    if found.wanted:
        does = "takes ours" if shown else "does without"
        return [f"passed  client certificate: it asks for {listed(found.wanted)}'s, and {does}"]
    return ["passed  client certificate: it did not refuse ours"] if shown else []


def _key(certificate: x509.Certificate) -> str:
    """The kind of its key."""
    key: Any = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ECDSA {key.curve.name}"
    return type(key).__name__.strip("_").removesuffix("PublicKey")
