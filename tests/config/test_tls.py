import pytest
from pydantic import ValidationError

from linkerpy.config.tls import ClientTls, ServerTls

AUTH = {"certPath": "c.pem", "keyPath": "k.pem"}


@pytest.mark.parametrize(
    "value",
    [
        {"commonName": "x"},
        {"disableValidation": True},
        {"disableValidation": True, "commonName": "sent as SNI"},
        {"enabled": False},
        {"commonName": "x", "clientAuth": AUTH, "trustCerts": ["a.pem"]},
    ],
)
def test_what_can_be_verified_or_need_not_be_is_taken(value):
    ClientTls.model_validate(value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "`commonName` is not set"),
        ({"disableValidation": True, "clientAuth": AUTH}, "is incompatible with clientAuth"),
        (
            {"commonName": "x", "trustCerts": ["a"], "trustCertsBundle": "b"},
            "Please use only trustCertsBundle",
        ),
        ({"commonName": "x", "clientAuth": {"certPath": "c"}}, "keyPath"),
    ],
)
def test_contradictions_are_refused(value, message):
    with pytest.raises(ValidationError, match=message):
        ClientTls.model_validate(value)


@pytest.mark.parametrize("name", ["web", "web.test", "*.web.test", "my_web.test"])
def test_a_server_may_have_several_certificates_by_name(name):
    keys = ServerTls.model_validate(AUTH | {"identities": {name: AUTH}})
    assert keys.identities[name].cert_path == "c.pem"


@pytest.mark.parametrize("name", ["", "*", "a b", "web.*", "**.test", "web.test:443", "-/x"])
def test_what_no_client_can_ask_for_is_refused(name):
    with pytest.raises(ValidationError, match="must be a host name"):
        ServerTls.model_validate(AUTH | {"identities": {name: AUTH}})
