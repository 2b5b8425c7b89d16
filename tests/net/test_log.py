import pytest
from twisted.logger import globalLogPublisher

from linkerpy.net.log import LEVELS, logger


@pytest.fixture
def written():
    events = []
    globalLogPublisher.addObserver(events.append)
    yield events
    globalLogPublisher.removeObserver(events.append)
    LEVELS.set("linkerpy.test", "INFO")


def test_the_level_of_a_logger_decides_what_is_written_while_it_runs(written):
    log = logger("linkerpy.test")
    log.debug("a")
    log.info("b")
    LEVELS.set("linkerpy.test", "ERROR")
    log.warn("c")
    log.error("d")
    LEVELS.set("linkerpy.test", "ALL")
    log.debug("e")
    assert [event["log_format"] for event in written] == ["b", "d", "e"]


def test_other_loggers_are_not_touched(written):
    LEVELS.set("linkerpy.test", "OFF")
    logger("linkerpy.test").critical("a")
    logger("linkerpy.other").info("b")
    assert [event["log_format"] for event in written] == ["b"]
