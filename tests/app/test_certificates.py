"""What `linkerpy check` finds in the certificates that a file names."""

from pathlib import Path

import pytest

from linkerpy.app import cli
from tests.support.certs import Authority

CONFIG = """\
admin:
  tls: {{certPath: {cert}, keyPath: {key}}}
routers:
- protocol: http
  servers:
  - tls:
      certPath: {cert}
      keyPath: {key}
      {server}
  client:
    tls:
      commonName: web.test
      {client}
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"), "Our CA")


@pytest.fixture
def check(tmp_path, monkeypatch, capsys, authority):
    """Checks a file; its status, and what was said but for hints, which are of other things."""
    monkeypatch.chdir(tmp_path)
    good = authority.issue("web.test")

    def run(identity=good, server="requireClientAuth: false", client="enabled: false"):
        text = CONFIG.format(
            cert=identity.cert_path, key=identity.key_path, server=server, client=client
        )
        Path("l5d.yml").write_text(text)
        status = cli.main(["check", "l5d.yml"])
        said = capsys.readouterr()
        lines = [line for line in said.err.splitlines() if line.startswith("l5d.yml")]
        return status, [line for line in lines if not line.endswith("(hint)")]

    return run


def test_good_certificates_are_no_news(check):
    assert check() == (0, [])


def test_a_missing_file_is_told_wherever_it_is_named(check):
    status, said = check(client="clientAuth: {certPath: /gone.pem, keyPath: /gone.key}")
    assert status == 1
    assert said == [
        "l5d.yml:13:30: /gone.pem: cannot be read: no such file or directory; check the path"
    ]


def test_a_key_of_another_certificate_is_told_at_the_key(check, authority):
    one, other = authority.issue("a.test", file="a"), authority.issue("b.test", file="b")
    status, said = check(type(one)(one.cert_path, other.key_path))
    assert status == 1
    before = f"  tls: {{certPath: {one.cert_path}, keyPath: "
    places = [line.split(" ")[0] for line in said]
    assert places == [f"l5d.yml:2:{len(before) + 1}:", "l5d.yml:8:16:"]
    assert f"{other.key_path}: this key is not the one of the certificate in" in said[1]


def test_what_is_doubtful_is_warned_of(check, authority):
    status, said = check(
        authority.expired("web.test"),
        server=f"caCertPath: {authority.issue('x.test').cert_path}\n      requireClientAuth: true",
    )
    assert status == 0
    assert all(line.endswith("(warning)") for line in said)
    assert sum("expired on 2" in line for line in said) == 2
    (no_ca,) = [line for line in said if "is not the certificate of a CA" in line]
    assert no_ca.startswith("l5d.yml:9:19: ")


def test_trust_that_cannot_be_read_is_told(check, tmp_path):
    (tmp_path / "empty.pem").touch()
    status, said = check(client="trustCerts: [empty.pem]")
    assert status == 1
    assert said == [
        "l5d.yml:13:20: empty.pem: the file is empty; it should hold a certificate in PEM"
    ]


def test_settings_that_no_file_is_to_blame_for_are_told_at_tls(check):
    status, said = check(server="ciphers: [NONE-SUCH]")
    assert status == 1
    assert said[0].startswith("l5d.yml:7:7: unknown cipher suite 'NONE-SUCH'")


def test_identities_are_checked_too(check):
    entry = "identities: {b.test: {certPath: /gone.pem, keyPath: /gone.key}}"
    status, said = check(server=entry)
    assert status == 1
    assert said[0].startswith("l5d.yml:9:39: /gone.pem: cannot be read")


TCP = """\
routers:
- protocol: tcp
  servers:
  - {{port: 1, tls: {{certPath: {cert}, keyPath: /gone.key}}}}
  client:
    tls: {{commonName: db.test, trustCertsBundle: /gone.pem}}
"""

LINKERD_TCP = """\
routers:
- label: db
  interpreter: {{kind: io.l5d.namerd.http, baseUrl: "http://n:1", namespace: d, periodSecs: 1}}
  servers:
  - port: 1
    dstName: /svc/db
    tls:
      defaultIdentity: {{certs: [{cert}], privateKey: /gone.key}}
  client:
    kind: io.l5d.global
    tls: {{dnsName: db.test, trustCerts: [/gone.pem]}}
"""


@pytest.mark.parametrize("text", [TCP, LINKERD_TCP])
def test_those_of_tcp_routers_are_checked_in_both_kinds_of_file(text, tmp_path, capsys, authority):
    text = text.format(cert=authority.issue("db.test").cert_path)
    file = tmp_path / "l5d.yml"
    file.write_text(text)
    assert cli.main(["check", str(file)]) == 1
    err = capsys.readouterr().err
    for gone in ("/gone.key", "/gone.pem"):
        before, _, _ = text.partition(gone)
        line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
        assert f"l5d.yml:{line}:{column}: {gone}: cannot be read: no such file" in err
