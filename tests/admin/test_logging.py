import json

import pytest
from twisted.logger import LogLevel, PredicateResult

from linkerpy.admin.logging import logging_page
from linkerpy.net.log import Levels
from linkerpy.net.web import Asked


def asked(method="GET", **args):
    return Asked(method, "/logging.json", args, "", "", False, b"")


@pytest.fixture
def levels():
    return Levels()


@pytest.fixture
def page(levels):
    return logging_page(levels, lambda asked: asked.peer == "127.0.0.1")


def listed(page):
    return {row["logger"]: row["level"] for row in json.loads(page(asked()).body)}


def passes(levels, namespace, level):
    verdict = levels({"log_namespace": namespace, "log_level": level})
    return verdict is not PredicateResult.no


def test_loggers_are_listed_by_name_with_the_level_that_counts(page):
    rows = json.loads(page(asked()).body)
    assert rows == sorted(rows, key=lambda row: row["logger"])
    assert {"logger": "root", "level": "INFO"} in rows
    assert set(listed(page).values()) == {"INFO"}


def test_a_change_counts_for_the_logger_and_those_below(page, levels):
    levels.know("linkerpy.admin")
    assert page(asked("POST", logger="linkerpy", level="error")).status == 200
    assert listed(page)["linkerpy"] == listed(page)["linkerpy.admin"] == "ERROR"
    assert listed(page)["root"] == "INFO"
    assert not passes(levels, "linkerpy.admin", LogLevel.warn)
    assert passes(levels, "linkerpy.admin", LogLevel.error)
    assert passes(levels, "twisted.web", LogLevel.info)


def test_off_lets_nothing_pass_and_all_everything(page, levels):
    page(asked("POST", logger="root", level="OFF"))
    assert not passes(levels, "linkerpy", LogLevel.critical)
    page(asked("POST", logger="root", level="ALL"))
    assert passes(levels, "linkerpy", LogLevel.debug)


def test_a_logger_is_listed_once_it_is_made(page, levels):
    levels.know("linkerpy.plugins.new")
    assert listed(page)["linkerpy.plugins.new"] == "INFO"


@pytest.mark.parametrize(
    "args", [{"logger": "nobody", "level": "OFF"}, {"logger": "root", "level": "LOUD"}]
)
def test_what_is_unknown_changes_nothing(page, args):
    before = listed(page)
    assert page(asked("POST", **args)).status == 200
    assert listed(page) == before


@pytest.mark.parametrize("args", [{}, {"logger": "root"}, {"level": "INFO"}])
def test_half_a_change_is_a_400(page, args):
    assert page(asked("POST", **args)).status == 400


def test_another_method_is_a_405(page):
    assert page(asked("DELETE")).status == 405


@pytest.mark.parametrize(("peer", "allowed"), [("127.0.0.1", "GET, POST"), ("10.0.0.1", "GET")])
def test_whoever_looks_is_told_whether_they_may_change_something(page, peer, allowed):
    answer = page(Asked("GET", "/logging.json", {}, "", "", False, b"", peer=peer))
    assert answer.headers["Allow"] == allowed
