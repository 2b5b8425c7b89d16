"""The documentation as a site: it builds without a warning, asks nobody else, and tells all."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from linkerpy.app import schema
from linkerpy.config.kinds import REGISTRY
from linkerpy.config.model import Model, key_name
from tests.support import needs

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```yaml[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site, as `make site` builds it."""
    if find_spec("material") is None:
        needs.lack("mkdocs-material", "pip install mkdocs-material")
    to = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(to)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT}/scripts/site"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return to


class Fetched(HTMLParser):
    """What a browser fetches to show a page."""

    def __init__(self):
        super().__init__()
        self.urls = []

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        if tag == "link" and known.get("rel") in ("stylesheet", "preconnect", "icon", "preload"):
            self.urls.append(known["href"])
        elif tag in ("script", "img", "iframe", "source") and known.get("src"):
            self.urls.append(known["src"])


def test_a_page_fetches_nothing_from_elsewhere(site):
    fetched = Fetched()
    for page in site.rglob("*.html"):
        fetched.feed(page.read_text("utf-8"))
    assert fetched.urls
    assert [url for url in fetched.urls if re.match(r"(\w+:)?//", url)] == []
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(https?:)?//", sheet.read_text("utf-8"))


def test_every_document_is_a_page(site):
    pages = {page.relative_to(site).with_suffix("") for page in site.rglob("*.html")}
    documents = {
        p.relative_to(ROOT / "docs").with_suffix("") for p in (ROOT / "docs").rglob("*.md")
    }
    assert documents <= pages


def models():
    """Every object that a linkerd file can hold by its kind, and the page that tells of it."""
    schema.install()
    yield schema.Linker, "linkerd.html"
    for family in REGISTRY.families():
        for kind in REGISTRY.of(family):
            name = f"protocol-{kind}" if family == "protocol" else family.replace(".", "-")
            yield REGISTRY.find(family, kind), f"{name}.html"


def test_the_reference_tells_of_every_key(site):
    told = {page.name: page.read_text("utf-8") for page in (site / "reference").glob("*.html")}
    whole = "".join(told.values())
    for model, page in models():
        assert issubclass(model, Model)
        for name, field in model.model_fields.items():
            key = f"<code>{field.alias or key_name(name)}</code>"
            assert key in told.get(page, whole), f"{page}: {key}"


KEY = re.compile(r"^\| `[^|]*\|[^|]*\|[^|]*\| (.*) ?\|$")
ITS_KIND = re.compile(r"^\| `(kind|protocol)` \| `[^`|]+` \|  \|  \|$")


def test_the_reference_says_what_every_key_means(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "scripts/site")
    rows = [
        (page, row)
        for page, text in import_module("reference").pages().items()
        for row in text.replace(r"\|", "/").splitlines()
        if KEY.match(row) and not ITS_KIND.match(row)
    ]
    assert len(rows) > 500
    assert [(page, row) for page, row in rows if not KEY.match(row)[1].strip()] == []


EXAMPLES = [
    (path, text)
    for path in sorted((ROOT / "docs").rglob("*.md"))
    for text in FENCE.findall(path.read_text("utf-8"))
    if re.search(r"^routers:", text, re.MULTILINE) and "prot: 8080" not in text  # meant to be wrong
]


@pytest.mark.parametrize(
    ("path", "text"), EXAMPLES, ids=[path.relative_to(ROOT).as_posix() for path, _ in EXAMPLES]
)
def test_every_example_of_a_whole_file_loads(path, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "disco").mkdir()
    (tmp_path / "shop.dtab").touch()
    assert schema.loads(path.name, text).warnings == []


def test_yaml_in_the_documents_is_yaml():
    for path in (ROOT / "docs").rglob("*.md"):
        for text in FENCE.findall(path.read_text("utf-8")):
            yaml.safe_load(text)
