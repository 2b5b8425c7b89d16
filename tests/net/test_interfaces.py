"""Local addresses: the tables, and the machine's name without them."""

import socket

from linkerpy.net.interfaces import local_addresses

FIB = """\
Main:
  +-- 0.0.0.0/0 3 0 4
     |-- 0.0.0.0
        /0 universe UNICAST
     |-- 10.1.2.255
        /32 link BROADCAST
Local:
  +-- 0.0.0.0/0 3 0 4
     |-- 10.1.2.3
        /32 host LOCAL
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.0
           /8 host LOCAL
        |-- 127.0.0.1
           /32 host LOCAL
"""
INET6 = """\
00000000000000000000000000000001 01 80 10 80       lo
20010db8000000000000000000000007 02 40 00 80     eth0
"""


def test_the_tables_are_read(tmp_path):
    fib, inet6 = tmp_path / "fib", tmp_path / "inet6"
    fib.write_text(FIB, "ascii")
    inet6.write_text(INET6, "ascii")
    assert local_addresses(fib, inet6) == {"127.0.0.1", "::1", "10.1.2.3", "2001:db8::7"}


def test_without_tables_the_machines_name_decides(tmp_path, monkeypatch):
    none = tmp_path / "none"
    answer = [(2, 1, 6, "", ("10.9.9.9", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port: answer)
    assert local_addresses(none, none) == {"127.0.0.1", "::1", "10.9.9.9"}

    def fail(host, port):
        raise socket.gaierror("no")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert local_addresses(none, none) == {"127.0.0.1", "::1"}


def test_the_loopback_is_among_this_machines_addresses():
    assert {"127.0.0.1", "::1"} <= local_addresses()
