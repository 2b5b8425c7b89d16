from typing import ClassVar

import pytest

from linkerpy.naming.path import Path
from linkerpy.router.families import AnnouncerConfig, NamerConfig, TransformerConfig


class Namer(NamerConfig):
    KIND: ClassVar[str] = "io.l5d.namer"


class Transformer(TransformerConfig):
    KIND: ClassVar[str] = "io.l5d.transformer"


class Announcer(AnnouncerConfig):
    KIND: ClassVar[str] = "io.l5d.announcer"


@pytest.mark.parametrize(
    ("family", "prefix", "full"),
    [
        (Namer, None, "/#/io.l5d.namer"),
        (Namer, "/a/b", "/#/a/b"),
        (Namer, "/", "/#"),
        (Transformer, None, "/%/io.l5d.transformer"),
        (Transformer, "/a", "/%/a"),
        (Announcer, None, "/#/io.l5d.announcer"),
        (Announcer, "/a", "/#/a"),
    ],
)
def test_a_prefix_replaces_the_kind_s_own_after_the_family_s_mark(family, prefix, full):
    config = family.model_validate({"kind": family.KIND, "prefix": prefix})
    assert config.full_prefix == Path.parse(full)
