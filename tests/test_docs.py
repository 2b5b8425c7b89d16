"""What the documents point at exists: links, anchors, files named in the text, make targets."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from linkerpy.app import schema

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")} - {ROOT / "CHANGELOG.md"})

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)[^)]*\)")
NAMED_FILE = re.compile(r"`([\w./-]+\.(?:py|yml|sh|cfg|toml|md))(?::\w+)?`")
TARGET = re.compile(r"\bmake ([a-z]+)\b(?=[`\n ]*(?:`|\n|#))")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)

each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=[path.relative_to(ROOT).as_posix() for path in DOCUMENTS]
)


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, made the way GitHub and GitLab make them."""
    headings = (re.sub(r"[^\w\- ]", "", head.lower()) for head in HEADING.findall(text))
    return {heading.strip().replace(" ", "-") for heading in headings}


def broken_links(document: Path) -> Iterator[str]:
    for link in LINK.findall(FENCE.sub("", document.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = document.parent / name if name else document
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            yield link


@each_document
def test_every_link_leads_somewhere(document: Path) -> None:
    assert not list(broken_links(document))


@each_document
def test_every_file_named_exists(document: Path) -> None:
    """A name may be relative to the document, the project or the package, or be a bare tail."""
    named = NAMED_FILE.findall(FENCE.sub("", document.read_text("utf-8")))
    assert not [name for name in named if not exists(name, document)]


def exists(name: str, document: Path) -> bool:
    places = (document.parent, ROOT, ROOT / "linkerpy")
    if any((place / name).exists() for place in places):
        return True
    folders = (ROOT / top for top in ("linkerpy", "tests", "conf", "docs", "bench", "twisted"))
    return any(next(folder.rglob(name), None) for folder in folders if folder.is_dir())


@each_document
def test_every_make_target_named_exists(document: Path) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(TARGET.findall(document.read_text("utf-8"))) <= targets


def test_the_readme_shows_the_demo_configuration_as_it_is() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert (ROOT / "conf/webtest.yml").read_text("utf-8") in readme


@pytest.mark.parametrize("path", sorted((ROOT / "conf").glob("*.yml")), ids=lambda p: p.name)
def test_every_example_configuration_loads(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "disco").mkdir()  # as the comment at its top asks for
    monkeypatch.chdir(tmp_path)
    assert schema.load(str(path)).warnings == []
