import linecache
from typing import ClassVar

from linkerpy.config.meaning import meaning
from linkerpy.config.model import Model


class Near(Model):
    LIMIT: ClassVar[int] = 3
    """Not a key."""

    size: int = 1
    """In metres."""
    """Not this one."""
    colour: str | None = None
    """None is grey.

    Of paint; None is of any.
    """
    weight: int = 0


class Far(Near):
    size: int = 1000
    colour: str | None = None
    """What it looks like."""


def test_a_key_means_what_stands_under_its_attribute():
    assert meaning(Near, "size") == "In metres."


def test_none_is_what_a_file_leaves_out():
    assert meaning(Near, "colour") == "Left out, it is grey.\n\nOf paint; left out, it is of any."


def test_a_key_that_nothing_stands_under_means_nothing():
    assert meaning(Near, "weight") == ""


def test_a_subclass_may_say_it_anew_or_change_a_default_only():
    assert meaning(Far, "colour") == "What it looks like."
    assert meaning(Far, "size") == "In metres."


def test_without_source_nothing_is_known(monkeypatch):
    class Lost(Model):
        size: int = 7
        """In yards."""

    monkeypatch.setattr(linecache, "getlines", lambda *_: [])
    assert meaning(Lost, "size") == ""
