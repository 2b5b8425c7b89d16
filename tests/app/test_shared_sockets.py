import socket

import pytest

from linkerpy.app.shared_sockets import SharedSockets
from linkerpy.net.errors import ListenError
from linkerpy.net.inherited import Inherited
from linkerpy.net.listen import bind
from linkerpy.net.options import DEFAULT_OPTIONS, SocketOptions

ANY = ("127.0.0.1", 0, DEFAULT_OPTIONS)


@pytest.fixture
def given():
    made = Inherited()
    yield made
    made.close()


@pytest.fixture
def sockets(given):
    made = SharedSockets(3, given)
    yield made
    made.close()


def connections(sock, count):
    """So many connections to where a socket listens."""
    return [socket.create_connection(sock.getsockname()) for _ in range(count)]


def accepted(sock):
    count = 0
    while True:
        try:
            sock.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


def test_each_worker_has_a_socket_of_its_own_and_all_get_connections(sockets):
    sockets.prepare([ANY])
    sockets.apply()
    own = [sockets.of(number)[0][2] for number in (1, 2, 3)]
    assert len({sock.fileno() for sock in own}) == 3
    assert len({sock.getsockname() for sock in own}) == 1
    callers = connections(own[0], 60)
    counts = [accepted(sock) for sock in own]
    assert sum(counts) == 60
    assert all(counts)
    for caller in callers:
        caller.close()
    assert all(sockets.alone(number) == sockets.of(number) for number in (1, 2, 3))


def test_an_address_that_another_process_would_share_is_refused(sockets):
    other = bind("127.0.0.1", 0, SocketOptions(reuse_port=True))
    with pytest.raises(ListenError, match="another process has the port"):
        sockets.prepare([("127.0.0.1", other.getsockname()[1], DEFAULT_OPTIONS)])
    other.close()


def test_an_address_may_be_shared_with_others_where_that_is_asked_for(sockets):
    options = SocketOptions(reuse_port=True)
    other = bind("127.0.0.1", 0, options)
    sockets.prepare([("127.0.0.1", other.getsockname()[1], options)])
    assert len(sockets.new(1)) == 1
    other.close()


def test_what_was_bound_for_a_configuration_that_is_refused_is_closed(sockets):
    taken = bind("127.0.0.1", 0)
    with pytest.raises(ListenError):
        sockets.prepare([ANY, ("127.0.0.1", taken.getsockname()[1], DEFAULT_OPTIONS)])
    assert sockets.new(1) == []
    sockets.prepare([ANY])
    new = sockets.new(2)[0][2]
    sockets.take_back()
    assert new.fileno() == -1
    assert sockets.of(2) == []
    taken.close()


def test_a_change_keeps_what_stays_and_closes_what_goes(sockets, unused_port):
    stays, goes, comes = (("127.0.0.1", unused_port(), DEFAULT_OPTIONS) for _ in range(3))
    sockets.prepare([stays, goes])
    sockets.apply()
    before = sockets.of(1)
    sockets.prepare([comes, stays])
    assert [(host, port) for host, port, _ in sockets.new(1)] == [comes[:2]]
    assert sockets.of(1) == before
    assert sockets.wanted == [comes[:2], stays[:2]]
    sockets.apply()
    assert [port for _, port, _ in sockets.of(1)] == [stays[1], comes[1]]
    assert before[1][2].fileno() == -1


@pytest.fixture
def unused_port(free_port):
    return free_port


def test_every_address_of_a_port_may_join_one_of_them(sockets, unused_port):
    port = unused_port()
    sockets.prepare([("127.0.0.1", port, DEFAULT_OPTIONS)])
    sockets.apply()
    sockets.prepare([("0.0.0.0", port, DEFAULT_OPTIONS)])
    sockets.apply()
    assert [host for host, _, _ in sockets.of(3)] == ["0.0.0.0"]


def test_a_socket_that_a_service_manager_keeps_is_one_for_all(sockets, given):
    kept = bind("127.0.0.1", 0)
    address = kept.getsockname()
    given.add(*address, kept, kept=True)
    sockets.prepare([(*address, DEFAULT_OPTIONS)])
    sockets.apply()
    one, two = sockets.of(1)[0][2], sockets.of(2)[0][2]
    assert one is two
    assert sockets.alone(1) == []
    assert sockets.copies() == []
    caller = connections(one, 1)
    assert accepted(one) == 1
    caller[0].close()


@pytest.mark.parametrize("workers", [2, 3, 7])
def test_the_sockets_of_a_predecessor_are_taken_and_completed(sockets, given, workers):
    before = SharedSockets(workers, Inherited())
    before.prepare([ANY])
    before.apply()
    address = before.of(1)[0][2].getsockname()
    callers = connections(before.of(1)[0][2], 40)
    for one in before.copies():
        given.add(*address, one.socket, kept=one.kept)
    before.close()
    sockets.prepare([(*address, DEFAULT_OPTIONS)])
    sockets.apply()
    own = [sock for number in (1, 2, 3) for _, _, sock in sockets.of(number)]
    assert len({sock.fileno() for sock in own}) == len(own) == max(workers, 3)
    assert sum(accepted(sock) for sock in own) == 40  # none that waited is lost
    for caller in callers:
        caller.close()
