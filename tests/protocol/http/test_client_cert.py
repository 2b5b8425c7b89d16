"""Who a backend is told the caller is."""

from types import SimpleNamespace

import pytest
from cryptography.x509.oid import NameOID

from linkerpy.net.client_cert import client_cert
from linkerpy.protocol.http.client_cert import drop_client_cert, forward_client_cert
from tests.protocol.http.scripted import Asked, Scripted, request
from tests.support.certs import signed

NAME = b"x-forwarded-client-cert"
LIES = [(b"X-Forwarded-Client-Cert", b'Subject="CN=admin"'), (NAME, b"Hash=0")]


class Transport:
    """A caller's; counts how often its certificate is asked for."""

    def __init__(self, certificate):
        self.asked = 0
        self._certificate = certificate

    def getPeerCertificate(self):
        self.asked += 1
        return self._certificate


class PlainTransport:
    """One without TLS."""


def connected(transport):
    """A caller's connection."""
    return SimpleNamespace(transport=transport)


def secured(certificate=None):
    return connected(Transport(certificate))


@pytest.fixture
def certificate():
    return signed([(NameOID.COMMON_NAME, "caller")])


def sent(layer, connection, headers=(), times=1):
    """The header's values as the backend sees them at the last try."""
    backend = Scripted(200)
    asked = request(headers=headers)
    asked.ctx.connection = connection
    for _ in range(times):
        Asked(asked, layer, backend)
    return [value for name, value in backend.seen[-1][2] if name.lower() == NAME]


def test_what_the_caller_says_of_itself_is_not_passed_on(certificate):
    assert sent(drop_client_cert, secured(certificate), LIES) == []
    assert sent(forward_client_cert(), secured(), LIES) == []
    assert sent(forward_client_cert(), connected(PlainTransport()), LIES) == []


def test_the_certificate_takes_the_place_of_what_the_caller_says(certificate):
    assert sent(forward_client_cert(), secured(certificate), LIES) == [client_cert(certificate)]


def test_a_second_try_says_it_once(certificate):
    assert sent(forward_client_cert(), secured(certificate), times=3) == [client_cert(certificate)]


def test_a_connection_is_asked_once(certificate):
    connection, layer = secured(certificate), forward_client_cert()
    for _ in range(3):
        assert sent(layer, connection)
    assert connection.transport.asked == 1


def test_without_the_header_nothing_is_touched():
    assert sent(drop_client_cert, connected(PlainTransport()), [(b"X-Other", b"1")]) == []
