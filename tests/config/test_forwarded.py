import pytest
from pydantic import ValidationError

from linkerpy.app import schema
from linkerpy.config.forwarded import AddForwardedHeader
from linkerpy.plugins.labelers import IpConfig, StaticConfig

schema.install()


def keys(**values):
    return AddForwardedHeader.model_validate(values, by_alias=True, by_name=False)


def test_both_labels_are_random_where_nothing_is_said():
    assert (keys().by, keys().for_) == (None, None)


def test_each_end_has_a_labeler_of_its_own():
    header = keys(**{"by": {"kind": "static", "label": "edge"}, "for": {"kind": "ip"}})
    assert isinstance(header.by, StaticConfig)
    assert isinstance(header.for_, IpConfig)


def test_a_label_is_called_as_linkerd_calls_it():
    with pytest.raises(ValidationError, match="for_"):
        keys(for_={"kind": "ip"})


def test_an_unknown_labeler_is_refused():
    with pytest.raises(ValidationError, match="hostname"):
        keys(by={"kind": "hostname"})
