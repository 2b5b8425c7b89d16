"""What MkDocs does beyond turning pages into HTML: makes the reference, and finds its way about.

Used by mkdocs.yml. Pages are found, not listed: a new file in docs/ is in the menu at once.
"""

import re
from pathlib import Path
from typing import Any

import reference
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]

_HOME = ("index.md", "tutorial.md")
_TOP = {"contributing.md": "CONTRIBUTING.md", "changelog.md": "CHANGELOG.md"}
_OUTSIDE = re.compile(r"(?<!!)\[([^\]]+)\]\((?:\.\./)+([\w./-]+)(#[\w-]+)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made, and those that stand at the top of the project."""
    for name, text in reference.pages().items():
        files.append(File.generated(config, f"reference/{name}.md", content=text))
    for name, source in _TOP.items():
        files.append(File.generated(config, name, content=_unlinked((ROOT / source).read_text())))
    return files


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The menu."""
    docs = Path(config.docs_dir)
    told = {*_HOME, "differences.md"}
    explanation = [path.name for path in sorted(docs.glob("*.md")) if path.name not in told]
    titles = reference.titles()
    config.nav = [
        *_HOME,
        {"How to": _pages(docs, "howto")},
        {"Reference": [{title: f"reference/{name}.md"} for name, title in titles.items()]},
        {"Explanation": [*explanation, "differences.md", {"Decisions": _pages(docs, "decisions")}]},
        {"Project": list(_TOP)},
    ]
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Links to files outside docs/ are names here: the site has only what is documentation."""
    return _OUTSIDE.sub(r"`\2`", markdown)


def _pages(docs: Path, folder: str) -> list[str]:
    return [path.relative_to(docs).as_posix() for path in sorted((docs / folder).glob("*.md"))]


def _unlinked(text: str) -> str:
    """A file from the top of the project, whose links are from there."""
    return re.sub(r"\[([^\]]+)\]\((?!https?:)[^)]+\)", r"\1", text)
