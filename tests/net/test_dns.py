"""Name look-ups, with the system's resolver replaced and threads run by hand."""

import socket

import pytest

from linkerpy.net import dns
from linkerpy.net.dns import ResolveFailed, ResolveNotFound, Resolver

V4, V6 = socket.AF_INET, socket.AF_INET6


class HandRunThreads:
    """A reactor whose threads do their work when told to."""

    def __init__(self):
        self.jobs, self.size = [], 10

    def callInThread(self, call, *args):
        self.jobs.append((call, args))

    def callFromThread(self, call, *args):
        call(*args)

    def suggestThreadPoolSize(self, size):
        self.size = size

    def run_one(self):
        call, args = self.jobs.pop(0)
        call(*args)


@pytest.fixture
def threads():
    return HandRunThreads()


@pytest.fixture
def answer(monkeypatch):
    """Sets what `getaddrinfo` answers: addresses, or an exception."""

    def set_answer(*found):
        def getaddrinfo(host, port, **options):
            if isinstance(found[0], Exception):
                raise found[0]
            families = [(V6 if ":" in address else V4, address) for address in found]
            return [(family, 1, 6, "", (address, 0)) for family, address in families]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return set_answer


@pytest.fixture
def interfaces(monkeypatch, tmp_path):
    """Sets the scopes of the IPv6 addresses that the machine has."""

    def set_scopes(*scopes):
        listing = tmp_path / "if_inet6"
        listing.write_text("".join(f"{'0' * 32} 01 80 {scope} 80 eth0\n" for scope in scopes))
        monkeypatch.setattr(dns, "_V6_INTERFACES", listing)

    set_scopes("10", "20")
    return set_scopes


def resolve(threads, host):
    results = []
    Resolver(threads).resolve(host, results.append)
    while threads.jobs:
        threads.run_one()
    (result,) = results
    return result


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("", ["127.0.0.1"]),
        ("localhost", ["127.0.0.1"]),
        ("LocalHost", ["127.0.0.1"]),
        ("10.1.2.3", ["10.1.2.3"]),
        ("127.1", ["127.0.0.1"]),
        ("10.1.515", ["10.1.2.3"]),
        ("1", ["0.0.0.1"]),
        ("::1", ["::1"]),
        ("2001:db8::7", ["2001:db8::7"]),
        ("fe80::1%eth0", ["fe80::1%eth0"]),
        ("256.1.1.1", ResolveNotFound("256.1.1.1")),
        ("host:80", ResolveNotFound("host:80")),
    ],
)
def test_literals_are_answered_at_once(threads, host, addresses):
    results = []
    Resolver(threads).resolve(host, results.append)
    assert results == [addresses]
    assert not threads.jobs


def test_an_ambiguous_literal_is_refused(threads):
    result = resolve(threads, "010.0.0.1")
    assert isinstance(result, ResolveFailed)
    assert "leading zero is ambiguous" in result.reason


def test_addresses_come_in_the_resolvers_order_each_once(threads, answer):
    answer("10.0.0.2", "10.0.0.1", "10.0.0.2")
    assert resolve(threads, "web.test") == ["10.0.0.2", "10.0.0.1"]


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ((), ["10.0.0.1"]),
        (("10", "20"), ["10.0.0.1"]),
        (("10", "00"), ["2001:db8::1", "10.0.0.1"]),
    ],
)
def test_ipv6_counts_only_where_the_machine_has_it(threads, answer, interfaces, scopes, expected):
    interfaces(*scopes)
    answer("2001:db8::1", "10.0.0.1")
    assert resolve(threads, "web.test") == expected


def test_a_name_with_only_unusable_addresses_is_not_found(threads, answer, interfaces):
    answer("2001:db8::1")
    assert resolve(threads, "web.test") == ResolveNotFound("web.test")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), ResolveNotFound),
        (socket.gaierror(socket.EAI_NODATA, "no address"), ResolveNotFound),
        (socket.gaierror(socket.EAI_AGAIN, "try again"), ResolveFailed),
        (OSError(24, "too many open files"), ResolveFailed),
    ],
)
def test_not_found_and_not_known_are_told_apart(threads, answer, error, kind):
    answer(error)
    assert type(resolve(threads, "web.test")) is kind


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".test", "localhost.test\0.evil"])
def test_a_name_that_cannot_be_asked_for_is_not_found(threads, host):
    assert resolve(threads, host) == ResolveNotFound(host)


def test_a_hundred_names_are_asked_for_at_a_time(threads, answer):
    answer("10.0.0.1")
    resolver, results = Resolver(threads), []
    handles = [resolver.resolve(f"host{n}.test", results.append) for n in range(150)]
    assert len(threads.jobs) == 100
    assert threads.size == 100
    handles[100].close()
    threads.run_one()
    assert len(threads.jobs) == 100
    while threads.jobs:
        threads.run_one()
    assert len(results) == 149


def test_a_closed_lookup_is_not_answered(threads, answer):
    answer("10.0.0.1")
    results = []
    Resolver(threads).resolve("web.test", results.append).close()
    threads.run_one()
    assert results == []


def test_a_real_reactor_answers_in_its_own_thread(loop, answer):
    answer("10.0.0.1")
    results = []
    loop.reactor.getThreadPool().start()
    Resolver(loop.reactor).resolve("web.test", results.append)
    loop.until(lambda: results, "the answer")
    loop.reactor.getThreadPool().stop()
    assert results == [["10.0.0.1"]]
