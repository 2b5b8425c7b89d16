"""Certificates replaced on disk: new connections get the new ones, old connections live on."""

from pathlib import Path

import pytest

from linkerpy.net import tls_context
from tests.net.tls_loop import TlsPair, client_tls, server_tls
from tests.support.certs import Authority
from tests.support.env import counts


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "ca")


@pytest.fixture
def said(monkeypatch):
    """What the log was told."""
    lines = []

    class Log:
        def _add(self, line, **values):
            lines.append(line.format(**values))

        warn = error = info = _add

    monkeypatch.setattr(tls_context, "_log", Log())
    return lines


def replace(old, new):
    """Put the files of one identity in the place of another's."""
    for target, source in zip(old.paths, new.paths, strict=True):
        Path(source).replace(target)


@pytest.fixture
def pair(loop, authority):
    identity = authority.issue("old.test")
    made = TlsPair(
        loop,
        server_tls(loop, identity),
        client_tls(loop, "old.test", trust=[authority.bundle]),
    ).stand()
    yield made
    made.server_tls.close()
    made.client_tls.live.close()


def serial(pair):
    """The number of the certificate that a new connection gets."""
    pair.client_tls = client_tls(pair.loop, verify=False)
    pair.server = None
    pair.dial()
    pair.stand()
    certificate = pair.client.transport.getPeerCertificate()
    pair.client_tls.live.close()
    return certificate.serial_number


def test_a_new_certificate_serves_new_connections_and_drops_no_old_one(loop, authority, pair, said):
    live = pair.server_tls.live
    old_client, old_server, before = pair.client, pair.server, serial(pair)
    replace(live.settings.identity, authority.issue("new.test", file="new"))
    loop.until(lambda: live.generation, "the new certificate")
    assert serial(pair) != before
    assert any("new certificates in use" in line and "new.test" in line for line in said)
    old_client.transport.write(b"still here")
    loop.until(lambda: old_server.data == b"still here", "the words on the old connection")


def test_a_broken_new_file_keeps_the_old_certificate_and_says_why(loop, pair, said):
    live = pair.server_tls.live
    path, before = Path(live.settings.identity.cert_path), serial(pair)
    good = path.read_bytes()
    path.write_bytes(b"nonsense")
    loop.until(lambda: said, "the complaint")
    assert f"{path}: no certificate in it" in said[-1]
    assert said[-1].startswith("kept the certificates in use")
    assert serial(pair) == before
    metrics = pair.server_tls.handshakes._metrics
    path.write_bytes(b"nonsense")
    loop.until(lambda: counts(metrics).get("failed_reloads") == 2, "the second look")
    assert len(said) == 1  # for it is the same complaint
    path.unlink()
    loop.until(lambda: "no such file" in said[-1], "the second complaint")
    assert serial(pair) == before
    path.write_bytes(good)
    loop.until(lambda: live.generation, "the good file")
    assert serial(pair) == before
    assert counts(metrics)["reloads"] == 1


def test_a_key_that_follows_its_certificate_makes_no_mismatch(loop, authority, pair, said):
    """Both files are taken as one change though a turn of the reactor lies between them."""
    live = pair.server_tls.live
    old, new = live.settings.identity, authority.issue("new.test", file="new")
    Path(new.cert_path).replace(old.cert_path)
    loop.turns(2)
    Path(new.key_path).replace(old.key_path)
    loop.until(lambda: live.generation, "the new certificate")
    assert not any(line.startswith("kept") for line in said)


def test_new_authorities_end_trust_and_sessions_of_the_old_ones(loop, authority, pair, tmp_path):
    pair.server.transport.write(b"hello")
    loop.until(lambda: pair.client.data, "the words, and with them the session")
    live = pair.client_tls.live
    other = Authority(tmp_path / "other", "Other CA")
    Path(other.bundle).replace(authority.bundle)
    loop.until(lambda: live.generation, "the new authority")
    pair.dial()
    assert "unknown issuer" in pair.failure()


def test_a_directory_of_authorities_is_followed(loop, authority, tmp_path):
    bundle = tmp_path / "trusted"
    bundle.mkdir()
    Path(Authority(tmp_path / "other").bundle).rename(bundle / "other.pem")
    client = client_tls(loop, "web.test", trust=[str(bundle)])
    pair = TlsPair(loop, server_tls(loop, authority.issue("web.test")), client)
    assert "unknown issuer" in pair.failure()
    Path(authority.bundle).rename(bundle / "ours.pem")
    loop.until(lambda: client.live.generation, "the new authority")
    pair.dial()
    pair.stand()
    client.live.close()


def test_closed_contexts_follow_no_files(loop, authority, pair):
    pair.server_tls.close()
    pair.client_tls.live.close()
    replace(pair.server_tls.live.settings.identity, authority.issue("new.test", file="new"))
    loop.turns(20)
    assert pair.server_tls.live.generation == 0
