"""`linkerpy tls`: what it says of servers, and the certificates it makes."""

import socket
import ssl
from contextlib import contextmanager

import pytest

from linkerpy.app import cli
from linkerpy.net.tls_files import Identity, load_identity
from tests.support.certs import Authority
from tests.support.tls_server import TlsServer


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"), "Our CA")


@pytest.fixture(scope="module")
def identity(authority):
    return authority.issue("web.test", "127.0.0.1")


@contextmanager
def serving(identity, **options):
    server = TlsServer(identity, **options)
    try:
        yield server.address
    finally:
        server.close()


def check(capsys, *arguments):
    """Status, what passed and what failed as {word: the rest of its line}, and the chain."""
    status = cli.main(["tls", "check", *arguments])
    passed, failed, chain = {}, {}, []
    for line in capsys.readouterr().out.splitlines():
        kind, _, rest = line.partition("  ")
        if kind == "chain":
            chain.append(rest.strip())
        elif kind != "server":
            word, _, text = rest.partition(": ")
            {"passed": passed, "FAILED": failed}[kind][word] = text
    return status, passed, failed, chain


def test_a_server_without_fault_passes_all_and_its_chain_is_shown(capsys, authority, identity):
    with serving(identity) as where:
        status, passed, failed, chain = check(
            capsys, where, "--ca", authority.bundle, "--name", "web.test"
        )
    assert (status, failed) == (0, {})
    assert passed["handshake"].startswith("TLSv1.3, TLS_")
    assert passed["handshake"].endswith("(ALPN): http/1.1")
    assert "O=Our CA" in passed["chain"]
    assert passed["name"] == "the certificate is for web.test"
    assert chain[0].startswith("0: ")
    assert "for web.test, 127.0.0.1" in chain[0]


def test_the_name_is_the_host_unless_another_is_given(capsys, authority, identity):
    with serving(identity) as where:
        status, passed, _, _ = check(capsys, where, "--ca", authority.bundle)
    assert status == 0
    assert passed["name"] == "the certificate is for 127.0.0.1"


def test_all_that_is_wrong_is_said_and_not_the_first_alone(capsys, authority, tmp_path):
    other = Authority(tmp_path / "other", "Other CA")
    with serving(authority.expired("web.test")) as where:
        status, passed, failed, chain = check(
            capsys, where, "--ca", other.bundle, "--name", "other.test"
        )
    assert status == 1
    assert {"unknown_issuer", "expired", "wrong_name"} <= set(failed)
    assert "wanted 'other.test', the certificate" in failed["wrong_name"]
    assert "O=Other CA" in failed["unknown_issuer"]
    assert set(passed) == {"handshake"}
    assert chain


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_a_client_certificate(capsys, authority, identity, version):
    mine = authority.issue("caller.test", file="mine")
    common = ("--ca", authority.bundle, "--name", "web.test")
    with serving(identity, client_ca=authority.bundle, version=version) as where:
        status, _, failed, _ = check(capsys, where, *common)
        assert status == 1
        assert "give one as `clientAuth`" in failed["no_client_certificate"]
        ours = ("--cert", mine.cert_path, "--key", mine.key_path)
        status, passed, failed, _ = check(capsys, where, *common, *ours)
    assert (status, failed) == (0, {})
    assert passed["client certificate"] == "it did not refuse ours"


def test_a_server_that_does_not_speak_tls(capsys, authority):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    status, passed, failed, _ = check(capsys, f"127.0.0.1:{port}", "--ca", authority.bundle)
    assert (status, passed) == (1, {})
    assert failed["connection"] == f"cannot connect to 127.0.0.1:{port}: connection refused"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("x:1", "--ca", "/gone.pem"), "/gone.pem: cannot be read: no such file or directory"),
        (("x:1", "--key", "/gone.pem"), "--key needs --cert"),
    ],
)
def test_files_that_will_not_do_are_named(capsys, arguments, text):
    assert cli.main(["tls", "check", *arguments]) == 1
    assert f"linkerpy: {text}" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["web", "web:", "web:99999", ":443", "a:b:443"])
def test_what_is_no_place_is_refused(capsys, place):
    with pytest.raises(SystemExit) as ended:
        cli.main(["tls", "check", place])
    assert ended.value.code == 2
    assert f"'{place}' is not HOST:PORT" in capsys.readouterr().err


def make(directory, *names):
    return cli.main(["tls", "certs", str(directory), *names])


def test_certificates_are_made_that_a_strict_client_takes(capsys, tmp_path):
    assert make(tmp_path, "web.test", "127.0.0.1") == 0
    assert capsys.readouterr().out == f"{tmp_path}/web.test.pem\n{tmp_path}/127.0.0.1.pem\n"
    identity = Identity(str(tmp_path / "127.0.0.1.pem"), str(tmp_path / "127.0.0.1.key"))
    assert load_identity(identity).warnings == []
    with serving(identity) as where:
        assert check(capsys, where, "--ca", str(tmp_path / "ca.pem"))[0] == 0
    assert (tmp_path / "ca.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "web.test.key").stat().st_mode & 0o777 == 0o600


def test_the_authority_stays_when_more_certificates_are_made(tmp_path):
    assert make(tmp_path, "a.test") == 0
    before = (tmp_path / "ca.pem").read_bytes()
    assert make(tmp_path, "b.test") == 0
    assert (tmp_path / "ca.pem").read_bytes() == before


@pytest.mark.parametrize("name", ["../x", "ca", "", "a b", "*.test"])
def test_names_that_are_none_are_refused(capsys, tmp_path, name):
    assert make(tmp_path / "certs", name) == 1
    assert "is no host name and no address" in capsys.readouterr().err
    assert not (tmp_path / "certs").exists()


def test_another_authority_is_not_overwritten(capsys, tmp_path):
    (tmp_path / "ca.pem").write_text("x")
    (tmp_path / "ca.key").write_text("y")
    assert make(tmp_path, "web.test") == 1
    assert capsys.readouterr().err.startswith("linkerpy: ")
    assert (tmp_path / "ca.key").read_text() == "y"
