"""Certificates, keys and settings that cannot be used: named with their file, cause and cure."""

import os
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from linkerpy.net.tls_context import TlsCalling, TlsServing, make_calling, make_serving
from linkerpy.net.tls_files import Identity, TlsConfigError, load_identity, load_trust
from linkerpy.net.tls_handshake import verify
from linkerpy.net.tls_hello import parse_hello
from linkerpy.net.tls_names import clean
from tests.support.certs import DAY, NOW, Authority, write

PEM = serialization.Encoding.PEM


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def identity(authority):
    return authority.issue("web.test")


def refusal(identity):
    with pytest.raises(TlsConfigError) as raised:
        load_identity(identity)
    return str(raised.value)


def test_a_file_that_is_not_there(identity, tmp_path):
    gone = str(tmp_path / "gone.pem")
    assert refusal(Identity(gone, identity.key_path)) == (
        f"{gone}: cannot be read: no such file or directory; check the path"
    )
    assert gone in refusal(Identity(identity.cert_path, gone))
    assert gone in refusal(Identity(identity.cert_path, identity.key_path, (gone,)))
    assert f"relative paths count from {os.getcwd()}" in refusal(Identity("x", "y"))
    assert "is a directory" in refusal(Identity(str(tmp_path), identity.key_path))


def test_a_key_of_another_certificate(authority, identity):
    other = authority.issue("other.test", file="other")
    text = refusal(Identity(identity.cert_path, other.key_path))
    assert text.startswith(f"{other.key_path}: this key is not the one of the certificate in ")
    assert identity.cert_path in text


def test_files_that_are_exchanged(identity):
    text = refusal(Identity(identity.key_path, identity.cert_path))
    assert "no certificate in it, but a " in text
    assert "are certPath and keyPath exchanged?" in text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"\x30\x82\x01", "the file is binary (DER)"),
        (b"hello", "it should have a line `-----BEGIN CERTIFICATE-----`"),
        (
            b"-----BEGIN CERTIFICATE-----\nxyz\n-----END CERTIFICATE-----\n",
            "a certificate in it cannot be read",
        ),
        (b"x" * (5 << 20), "larger than 4 MB"),
    ],
)
def test_a_file_with_something_else_in_it(identity, tmp_path, content, text):
    path = tmp_path / "cert.pem"
    path.write_bytes(content)
    assert text in refusal(Identity(str(path), identity.key_path))
    assert refusal(Identity(str(path), identity.key_path)).startswith(f"{path}: ")


def test_a_key_that_is_encrypted_is_named_with_the_way_to_decrypt_it(identity, tmp_path):
    certificate = x509.load_pem_x509_certificate(Path(identity.cert_path).read_bytes())
    key = rsa.generate_private_key(65537, 2048)
    locked = write(tmp_path, "locked", certificate, key, password=b"secret")
    text = refusal(Identity(identity.cert_path, locked.key_path))
    assert "the key is encrypted" in text
    assert f"openssl pkey -in {locked.key_path}" in text


@pytest.mark.parametrize("kind", ["TraditionalOpenSSL", "PKCS8"])
def test_keys_of_both_forms_and_in_one_file_with_the_certificate_do(identity, tmp_path, kind):
    key = serialization.load_pem_private_key(Path(identity.key_path).read_bytes(), None)
    form = getattr(serialization.PrivateFormat, kind)
    pem = key.private_bytes(PEM, form, serialization.NoEncryption())
    both = tmp_path / "both.pem"
    both.write_bytes(Path(identity.cert_path).read_bytes() + pem)
    assert load_identity(Identity(str(both), str(both))).warnings == []


def test_certificates_out_of_their_time_are_warned_of(authority):
    (expired,) = load_identity(authority.expired("web.test")).warnings
    assert "expired.cert.pem: the certificate" in expired
    assert " expired on 2" in expired
    (future,) = load_identity(authority.future("web.test")).warnings
    assert " is valid only from 2" in future


@pytest.mark.parametrize(
    ("lived", "left", "warned"),
    [
        (80, 10, True),  # of three months, less than two weeks are left
        (75, 15, False),
        (1, 0.5, False),  # one that is renewed every day
        (1, 0.1, True),
    ],
)
def test_a_certificate_that_expires_soon_is_warned_of(authority, lived, left, warned):
    times = {"not_before": NOW - lived * DAY, "not_after": NOW + left * DAY}
    loaded = load_identity(authority.issue("web.test", **times))
    assert [" expires soon, on 2" in text for text in loaded.warnings] == [True] * warned
    assert abs(loaded.expires - times["not_after"].timestamp()) <= 1


def test_a_chain_out_of_order_is_warned_of(authority, tmp_path):
    child = authority.child("between")
    identity = child.issue("web.test")
    assert load_identity(identity).warnings == []
    chain = tmp_path / "chain.pem"
    root, between = Path(authority.bundle).read_bytes(), Path(child.bundle).read_bytes()
    chain.write_bytes(root + between)
    leaf = x509.load_pem_x509_certificate(Path(identity.cert_path).read_bytes())
    (tmp_path / "leaf.pem").write_bytes(leaf.public_bytes(PEM))
    loaded = load_identity(Identity(str(tmp_path / "leaf.pem"), identity.key_path, (str(chain),)))
    (warning,) = loaded.warnings
    assert warning.startswith(f"{chain}: ")
    assert "put each certificate's issuer behind it" in warning


def test_a_chain_may_lie_in_several_files_and_each_is_told_of_its_own(authority, tmp_path):
    leaf = authority.issue("web.test")
    expired, root = authority.expired("old.test").cert_path, authority.bundle
    first, second = load_identity(Identity(*leaf.paths, (expired, root))).warnings
    assert first.startswith(f"{expired}: the certificate ")
    assert " expired on 2" in first
    assert second.startswith(f"{expired}: ")
    assert " but did not issue it" in second


def test_a_ca_that_is_none_is_warned_of(authority, identity):
    assert load_trust([authority.bundle]) == (load_trust([authority.bundle])[0], [])
    _, warnings = load_trust([identity.cert_path])
    assert "is not the certificate of a CA" in warnings[0]


def test_a_bundle_of_a_whole_system_is_not_judged_one_by_one(authority, tmp_path):
    old = Path(authority.expired("old.test").cert_path).read_bytes()
    bundle = tmp_path / "ca-certificates.crt"
    bundle.write_bytes(old * 30)
    certificates, warnings = load_trust([str(bundle)])
    assert len(certificates) >= 30
    assert not warnings


def test_a_directory_of_authorities_is_read_whole(authority, tmp_path):
    with pytest.raises(TlsConfigError, match=r"no \.pem, \.crt or \.cer file in this directory"):
        load_trust([str(tmp_path)])
    for name in ("b.crt", "a.pem"):
        (tmp_path / name).write_bytes(Path(authority.bundle).read_bytes())
    (tmp_path / "readme").write_text("no certificate")
    assert len(load_trust([str(tmp_path)])[0]) == 2


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"versions": ("SSLv3",)}, "unknown TLS protocol 'SSLv3'; there are TLSv1, TLSv1.1, "),
        ({"ciphers": ("ECDHE-RSA-AES128-GCM-SHA256", "NOPE")}, "unknown cipher suite 'NOPE'"),
        ({"ciphers": ("TLS_NOPE",)}, "unknown cipher suite 'TLS_NOPE'"),
    ],
)
def test_settings_that_mean_nothing(identity, settings, text):
    with pytest.raises(TlsConfigError, match="unknown") as raised:
        make_serving(TlsServing(identity, **settings), verify)
    assert text in str(raised.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"ciphers": ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256")},
        {"ciphers": ("TLS_AES_128_GCM_SHA256",)},
        {"versions": ("TLSv1", "TLSv1.1", "TLSv1.2")},
        {"ciphers": ("AES128-SHA",), "versions": ("TLSv1.1",)},
    ],
)
def test_settings_of_both_spellings_and_of_old_versions_do(identity, settings):
    made = make_serving(TlsServing(identity, **settings), verify)
    assert made.versions == settings.get("versions", ("TLSv1.2", "TLSv1.3"))


def test_what_is_trusted_is_told_in_words(authority):
    assert make_calling(TlsCalling(), verify).trusted.startswith("the system's CAs")
    made = make_calling(TlsCalling(trust=(authority.bundle,)), verify)
    assert f"(of {authority.bundle})" in made.trusted


@pytest.mark.parametrize(
    "data",
    [b"", b"\x16", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", b"GET / HTTP/1.1", b"\x16" * 99],
)
def test_what_is_no_hello_is_none(data):
    assert parse_hello(data) is None


def test_a_strangers_text_breaks_no_line_and_no_header():
    assert clean("a\r\nb\x1b[31m\u202e" + "x" * 500) == "a??b?[31m?" + "x" * 110 + "…"
