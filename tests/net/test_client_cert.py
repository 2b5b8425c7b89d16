"""What is said of a client's certificate."""

import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from linkerpy.net.client_cert import client_cert
from tests.support.certs import signed

UPSTREAM = (NameOID.COMMON_NAME, "upstream"), (NameOID.COUNTRY_NAME, "US")


def said(subject=UPSTREAM, names=()):
    """The parts, of which the first is a hash that fits."""
    certificate = signed(subject, names)
    der = certificate.public_bytes(serialization.Encoding.DER)
    first, *rest = client_cert(certificate).decode().split(";")
    assert first == f"Hash={hashlib.sha256(der).hexdigest().upper()}"
    return ";".join(rest)


def test_names_come_in_the_certificates_order_and_the_subject_last():
    names = [
        x509.UniformResourceIdentifier("https://buoyant.io"),
        x509.DNSName("upstream"),
        x509.DNSName("linkerd"),
    ]
    assert said(names=names) == (
        'SAN=https://buoyant.io;DNS=upstream;DNS=linkerd;Subject="C=US,CN=upstream"'
    )


def test_names_of_other_kinds_are_left_out():
    names = [x509.RFC822Name("a@b.test"), x509.DNSName("web.test")]
    assert said(names=names) == 'DNS=web.test;Subject="C=US,CN=upstream"'


def test_a_certificate_without_names_has_a_subject():
    assert said() == 'Subject="C=US,CN=upstream"'


@pytest.mark.parametrize(
    "name",
    ['a;Subject="CN=admin"', "a,Hash=0", "a\r\nx: y", "a b", "a\x00", 'a"'],
)
def test_a_name_cannot_look_like_another_part_or_another_header(name):
    text = said(names=[x509.DNSName(name)])
    assert text.count(";") == 1
    assert text.count('"') == 2
    assert text.startswith("DNS=a%")
    assert text.isprintable()
    assert " " not in text
    assert "," not in text.split(";")[0]


def test_a_subject_cannot_end_its_quotes_or_the_header():
    text = said([(NameOID.COMMON_NAME, 'x";Hash=0\r\ny')])
    assert text == r'Subject="CN=x\"\;Hash=0\0D\0Ay"'


def test_a_subject_beyond_ascii_is_told_in_utf8():
    assert said([(NameOID.COMMON_NAME, "Müller")]) == 'Subject="CN=Müller"'
