"""Files with mistakes, and exactly what is said about them: `bad/*.yml` -> `bad/*.txt`.

After a deliberate change of words, running this with LINKERPY_GOLDEN=write in the environment
writes the expectations anew: read the difference.
"""

import os
from pathlib import Path

import pytest

from linkerpy.app.schema import load
from linkerpy.config.report import ConfigError

BAD = Path(__file__).parent / "bad"
FILES = sorted(path.stem for path in BAD.glob("*.yml"))


def said_about(stem: str) -> str:
    with pytest.raises(ConfigError) as raised:
        load(f"{stem}.yml")
    warnings = [f"warning: {warning.show(f'{stem}.yml')}\n" for warning in raised.value.warnings]
    return "".join(warnings) + f"{raised.value}\n"


@pytest.mark.parametrize("stem", FILES)
def test_every_mistake_of_a_file_is_reported_in_its_place_and_words(stem, monkeypatch):
    monkeypatch.chdir(BAD)
    expected = BAD / f"{stem}.txt"
    if os.environ.get("LINKERPY_GOLDEN") == "write":
        expected.write_text(said_about(stem))
    assert said_about(stem) == expected.read_text()
