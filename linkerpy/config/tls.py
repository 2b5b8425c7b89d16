"""TLS: what a server shows, and what a client asks for and checks.

The same objects serve servers, the admin port, clients, and everything that fetches names.

Source: config spec, sections 7.2 and 8.4.
"""

import re
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator

from linkerpy.config.fields import Flag, Many, OneOrMany, Text
from linkerpy.config.model import Model


def _server_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("must be a host name, such as web.example.com or *.example.com")
    return name


_NAME = re.compile(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")

ServerName = Annotated[Text, AfterValidator(_server_name)]
"""What a client may ask for by SNI."""


def _alpn_name(name: str) -> str:
    if not 0 < len(name.encode()) < 256:
        raise ValueError("must be the name of a protocol, such as h2, of at most 255 bytes")
    return name


AlpnName = Annotated[Text, AfterValidator(_alpn_name)]
"""A protocol inside TLS, as ALPN calls it."""


class Certificate(Model):
    """A certificate, its key, and the certificates between it and its CA. Read when used."""

    cert_path: Text
    """A file with the certificate, and perhaps those between it and the CA, in PEM."""
    key_path: Text
    """A file with its private key, in PEM."""
    intermediate_certs_path: OneOrMany[Text] = ()
    """Files with the certificates between it and the CA, if they are apart."""


class ServerTls(Certificate):
    """A server's certificate, and what it wants of its clients'."""

    identities: dict[ServerName, Certificate] = Field(default_factory=dict)
    """Other certificates, for clients that ask for these names by SNI; `*.` is any one label."""
    ca_cert_path: Text | None = None
    """A file with the CA that clients' certificates are checked against."""
    require_client_auth: Flag = False
    """Whether a client without a certificate is refused."""
    ciphers: Many[Text] | None = None
    """OpenSSL's names of the ciphers offered; None is a safe choice."""
    protocols: Many[Text] | None = None
    """Versions offered, such as `TLSv1.3`; None is 1.2 and 1.3."""


class ClientAuth(Certificate):
    """The certificate a client shows."""


class ClientTls(Model):
    """How a client speaks TLS; `enabled: false` undoes what an earlier match turned on."""

    MOVED: ClassVar[dict[str, str]] = {
        "caCertPath": "write `trustCertsBundle`",
        "kind": "leave it out: give `commonName`, or `disableValidation: true`",
        "names": "write an `io.l5d.static` client with a `prefix` and `tls` for each name",
    }

    enabled: Flag = True
    """Whether TLS is spoken."""
    disable_validation: Flag = False
    """Whether whoever answers is believed: for debugging only."""
    common_name: Text | None = None
    """The name to verify, and to send as SNI; may hold captures of the match's prefix."""
    trust_certs_bundle: OneOrMany[Text] = ()
    """Whom to trust: files or directories; none is the system's CAs."""
    trust_certs: Many[Text] | None = None
    """Deprecated: write `trustCertsBundle`."""
    client_auth: ClientAuth | None = None
    """The certificate that is shown; None is none."""
    protocols: Many[Text] | None = None
    """Versions spoken, such as `TLSv1.3`; None is 1.2 and 1.3."""

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.disable_validation and self.client_auth is not None:
            raise ValueError("disableValidation: true is incompatible with clientAuth")
        if self.trust_certs is not None and self.trust_certs_bundle:
            raise ValueError(
                "Both trustCerts and trustCertsBundle have been set. "
                "Please use only trustCertsBundle."
            )
        if self.enabled and not self.disable_validation and self.common_name is None:
            raise ValueError("tls is configured with validation but `commonName` is not set")
        return self
