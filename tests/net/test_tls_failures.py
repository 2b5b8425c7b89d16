"""The list of TLS failures, and what the log says of them."""

import pytest
from twisted.internet.task import Clock

from linkerpy.net import tls_failures
from linkerpy.net.tls_errors import TlsFailed
from linkerpy.net.tls_failures import LOG_INTERVAL, TlsFailures


class Time:
    """Seconds since the epoch, one more each time they are asked for."""

    at = 1_700_000_000

    def __call__(self):
        self.at += 1
        return self.at


@pytest.fixture
def failures():
    return TlsFailures(Time())


@pytest.fixture
def said(monkeypatch):
    lines = {"warn": [], "debug": []}

    class Log:
        def warn(self, line, **values):
            lines["warn"].append(line.format(**values))

        def debug(self, line, **values):
            lines["debug"].append(line.format(**values))

    monkeypatch.setattr(tls_failures, "_log", Log())
    return lines


def failed(cause="expired", text="it expired"):
    return TlsFailed(cause, text)


def test_the_newest_comes_first(failures):
    failures.add("in", "server", "10.0.0.1:999", failed())
    failures.add("out", "client", "10.0.0.2:443", failed("wrong_name", "it has another name"))
    newest, oldest = failures
    assert (newest.router, newest.side, newest.peer) == ("out", "client", "10.0.0.2:443")
    assert (newest.cause, newest.message) == ("wrong_name", "it has another name")
    assert (oldest.at, newest.at) == (1_700_000_001, 1_700_000_002)


def test_a_caller_that_fails_again_takes_one_place_whatever_its_port(failures):
    failures.add("in", "server", "[::1]:1", failed())
    failures.add("in", "server", "[::2]:1", failed())
    failures.add("in", "server", "[::1]:2", failed())
    assert [failure.peer for failure in failures] == ["[::1]:2", "[::2]:1"]


def test_two_servers_of_one_host_take_two_places(failures):
    failures.add("out", "client", "10.0.0.2:443", failed())
    failures.add("out", "client", "10.0.0.2:444", failed())
    assert len(failures) == 2


def test_the_list_is_bounded_and_forgets_the_oldest(failures):
    for number in range(300):
        failures.add("in", "server", f"10.0.0.{number}:1", failed())
    assert len(failures) == 100
    assert next(iter(failures)).peer == "10.0.0.299:1"


def test_a_cause_is_logged_once_in_a_while_with_the_number_of_those_that_were_not(failures, said):
    clock = Clock()
    teller = failures.teller(clock, "in", "server", "0.0.0.0:4140")
    for number in range(4):
        teller.tell(failed(), f"10.0.0.{number}:1")
    teller.tell(failed("timeout", "it took too long"), "10.0.0.9:1")
    clock.advance(LOG_INTERVAL)
    teller.tell(failed(), "10.0.0.5:1")
    more = " (and 3 more like it since the last such line)"
    assert said["warn"] == [
        "TLS of 10.0.0.0:1 with 0.0.0.0:4140 failed: it expired",
        "TLS of 10.0.0.9:1 with 0.0.0.0:4140 failed: it took too long",
        f"TLS of 10.0.0.5:1 with 0.0.0.0:4140 failed: it expired{more}",
    ]
    assert len(failures) == 6


def test_of_clients_it_is_the_router_that_calls(failures, said):
    failures.teller(Clock(), "out", "client", "router out").tell(failed(), "10.0.0.2:443")
    assert said["warn"] == ["TLS of router out with 10.0.0.2:443 failed: it expired"]


def test_health_checks_of_tcp_are_neither_listed_nor_worth_a_warning(failures, said):
    silent = failed("silent", "without a word")
    failures.teller(Clock(), "in", "server", "0.0.0.0:4140").tell(silent, "10.0.0.0:1")
    assert not said["warn"]
    assert said["debug"]
    assert not len(failures)
    failures.teller(Clock(), "out", "client", "router out").tell(silent, "10.0.0.2:443")
    assert len(failures) == 1
