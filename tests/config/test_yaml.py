import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkerpy.config import yaml
from linkerpy.config.fields import PlainFloat, PlainInt, PlainWord
from linkerpy.config.source import SourceError, Spot


def value_of(text):
    return yaml.parse("f", text).value


@pytest.mark.parametrize(
    ("spelled", "kind", "value"),
    [
        ("12", PlainInt, 12),
        ("-1_000", PlainInt, -1000),
        ("1.5", PlainFloat, 1.5),
        ("1e3", PlainFloat, 1000.0),
        ("true", bool, True),
        ("FALSE", bool, False),
        ("~", type(None), None),
        ("", type(None), None),
        ("yes", PlainWord, "yes"),
        ("Off", PlainWord, "Off"),
        ("y", str, "y"),
        ("<<", str, "<<"),
        ("010", str, "010"),
        ("0x1f", str, "0x1f"),
        ("1:30", str, "1:30"),
        ("2026-01-01", str, "2026-01-01"),
        (".inf", str, ".inf"),
        ("'12'", str, "12"),
        ('"yes"', str, "yes"),
        ("1.2.3.4", str, "1.2.3.4"),
        ("9" * 400, str, "9" * 400),
    ],
)
def test_unquoted_scalars_are_what_linkerd_takes_them_for(spelled, kind, value):
    read = value_of(f"key: {spelled}\n")["key"]
    assert type(read) is kind
    assert read == value


def test_numbers_remember_their_spelling():
    assert value_of("[1_0, 1.50]")[0].text == "1_0"
    assert value_of("[1_0, 1.50]")[1].text == "1.50"


def test_keys_are_text_however_they_look():
    assert value_of("8080: a\nyes: b\n~: c") == {"8080": "a", "yes": "b", "~": "c"}


def test_only_the_first_document_is_read():
    assert value_of("a: 1\n---\nb: 2") == {"a": 1}
    assert value_of("a: 1\n---\nb: [") == {"a": 1}


def test_an_alias_repeats_its_anchor_with_its_own_places():
    source = yaml.parse("f", "a: &x\n  k: 1\nb: *x\n")
    assert source.value == {"a": {"k": 1}, "b": {"k": 1}}
    assert source.keys["b", "k"] == Spot(2, 3)


def test_places_are_those_of_keys_and_values():
    source = yaml.parse("f", "a:\n- b: 1\n  c: [x, y]\n")
    assert source.keys["a",] == Spot(1, 1)
    assert source.keys["a", 0, "c"] == Spot(3, 3)
    assert source.values["a", 0, "c", 1] == Spot(3, 10)


@pytest.mark.parametrize(
    ("text", "spot", "message"),
    [
        ("", Spot(1, 1), "empty"),
        ("# x\n", Spot(1, 1), "empty"),
        ("\ta: 1", Spot(1, 1), "a tab"),
        ("a:\n  b: 1\n c: 2", Spot(3, 2), "check the indentation"),
        ("a: b: c", Spot(1, 5), "no key may stand here"),
        ('a: "x', Spot(1, 4), "quote is not closed"),
        ("a: [1, 2", Spot(1, 4), "bracket is not closed"),
        ("a: *x", Spot(1, 4), "undefined alias"),
        ("a: @x", Spot(1, 4), "cannot start"),
        ("a: \x01", Spot(1, 4), r"U\+0001"),
        ("a: !!binary aaaa", Spot(1, 4), "!!binary"),
        ("a: !mine x", Spot(1, 4), "!mine"),
        ("a: !mine [x]", Spot(1, 4), "!mine"),
        ("a: !mine {x: 1}", Spot(1, 4), "!mine"),
        ("a: !!int x", Spot(1, 4), "'x'"),
        ("? [1]\n: 2", Spot(1, 3), "key must be text"),
        ("<<: {a: 1}", Spot(1, 1), "merge"),
        ("'a' b", Spot(1, 5), "not YAML"),
        ("{a: 1}", Spot(1, 2), "not JSON"),
        ('{"a": NaN}', Spot(1, 1), "NaN"),
        ('{"a": 1} x', Spot(1, 10), "not JSON"),
        ('{"a": %s}' % ("9" * 5000), Spot(1, 1), "not JSON"),
        ("a: &x [*x]", Spot(1, 4), "alias of itself"),
        ("[" * 100, Spot(1, 65), "nested"),
        ("{" + '"a":{' * 100 + "}" * 101, Spot(1, 326), "nested"),
        ("{" + '"a":{' * 100_000, Spot(1, 1), "nested"),
    ],
)
def test_what_cannot_be_read_is_one_error_in_its_place(text, spot, message):
    with pytest.raises(SourceError, match=message) as raised:
        yaml.parse("f", text)
    assert raised.value.spot == spot


def test_aliases_cannot_expand_without_limit():
    rows = [
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 9)}]" for i in range(9)
    ]
    with pytest.raises(SourceError, match="aliases expanded"):
        yaml.parse("f", "\n".join(["a: &a [" + "x," * 9 + "]", *rows]))


def test_a_file_cannot_hold_values_without_limit(monkeypatch):
    monkeypatch.setattr(yaml, "MAX_NODES", 1000)
    assert len(yaml.parse("f", "[" + "1," * 999 + "]").value) == 999
    with pytest.raises(SourceError, match="more than 1000 keys and values"):
        yaml.parse("f", "[" + "1," * 1000 + "]")


@pytest.mark.parametrize("text", ["a: 1\nb: 2\na: 3", '{"a": 1,\n"b": 2,\n"a": 3}'])
def test_of_a_key_given_twice_the_first_counts_and_the_second_is_a_flaw(text):
    source = yaml.parse("f", text)
    assert source.value == {"a": 1, "b": 2}
    assert [(flaw.spot, flaw.message) for flaw in source.flaws] == [
        (Spot(3, 1), "key `a` is given twice, first in line 1")
    ]


@pytest.mark.parametrize(
    ("data", "spot", "message"),
    [
        (b"a: \xff", Spot(1, 1), "not UTF-8"),
        (b"a: 1\nb: \0", Spot(2, 1), "binary"),
        (b"a" * (yaml.MAX_BYTES + 1), Spot(1, 1), "bigger than 1 MiB"),
    ],
)
def test_what_is_no_text_is_refused(data, spot, message):
    with pytest.raises(SourceError, match=message) as raised:
        yaml.decode(data)
    assert raised.value.spot == spot


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter():
    assert value_of(yaml.decode(b"\xef\xbb\xbfa: |\r\n  x\r\nb: 1\r\n")) == {"a": "x\n", "b": 1}
    assert value_of(yaml.decode(b'\xef\xbb\xbf{"a": 1}')) == {"a": 1}


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"%@#\n\t ,?", max_size=40))
def test_any_text_is_values_or_one_error(text):
    with contextlib.suppress(SourceError):
        assert () in yaml.parse("f", text).values
