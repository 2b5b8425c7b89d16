"""Sessions whose endpoint cannot be connected to: another gets them, and the first is avoided."""

import pytest

from linkerpy.naming.addr import Address
from linkerpy.policy.balance import BUSY, OPEN

A, B, C = "10.0.0.1:3306", "10.0.0.2:3306", "10.0.0.3:3306"


@pytest.fixture
def pair(play):
    """Two replicas, the first of which refuses."""
    mesh = play()
    mesh.bind("/svc/db", A, B)
    mesh.network.refusing.add(A)
    return mesh


def served(mesh, times=1):
    """So many sessions, all of them served."""
    for _ in range(times):
        caller = mesh.caller()
        caller.send(b"select 1")
        assert mesh.backend().heard == b"select 1"
        caller.reset()


def test_another_endpoint_gets_the_session_and_all_that_was_said(pair):
    served(pair, 20)
    assert set(pair.tried) == {A, B}
    assert (
        pair.figures("server")["failures"] == pair.figures("server")["failures/interrupted"] == 20
    )


def test_each_attempt_counts_for_the_client_and_the_session_once(pair):
    while A not in pair.tried:
        served(pair)
    client, service = pair.figures("client"), pair.figures("service")
    assert client["connect_failures/refused"] == 1
    assert client["retries/requeues"] == 1
    assert client["requests"] == service["requests"] + 1
    assert pair.figures("server")["requests"] == pair.calls


def test_one_that_fails_again_and_again_is_left_alone_for_a_while(pair):
    served(pair, 60)
    assert pair.tried.count(A) == 5
    assert pair.endpoints()[A].status == BUSY
    assert pair.figures("client")["failure_accrual/removals"] == 1
    pair.network.refusing.clear()
    pair.wait(5.1)
    served(pair, 20)
    assert pair.tried.count(A) > 6
    assert pair.figures("client")["failure_accrual/revivals"] == 1


def test_a_success_between_makes_up_for_failures(pair):
    while pair.tried.count(A) < 4:
        served(pair)
    pair.network.refusing.clear()
    while pair.tried.count(A) < 5:
        served(pair)
    pair.network.refusing.add(A)
    while pair.tried.count(A) < 9:
        served(pair)
    assert pair.endpoints()[A].status == OPEN


def test_fail_fast_takes_one_failure(play):
    mesh = play(client={"failFast": True, "failureAccrual": {"kind": "none"}})
    mesh.bind("/svc/db", A, B)
    mesh.network.refusing.add(A)
    served(mesh, 20)
    assert mesh.tried.count(A) == 1
    mesh.network.refusing.clear()
    mesh.wait(3)
    assert mesh.tried[-1] == A  # the probe
    assert mesh.endpoints()[A].status == OPEN


def test_an_endpoint_that_does_not_answer_in_time_is_passed_over(play):
    mesh = play(client={"connectTimeoutMs": 300})
    mesh.bind("/svc/db", A, B)
    mesh.network.silent.add(A)
    callers = [mesh.caller() for _ in range(10)]
    assert A in mesh.tried
    mesh.wait(0.3)
    for caller in callers:
        caller.send(b"select 1")
    assert [made.seen for made in mesh.network.made] == [b"select 1"] * 10
    assert {attempt.timeout for attempt in mesh.network.attempts} == {0.3}
    assert mesh.figures("client")["connect_failures/timeout"] == mesh.tried.count(A)


def test_when_none_can_be_connected_to_the_connection_is_closed(play):
    mesh = play()
    mesh.bind("/svc/db", A, B)
    mesh.network.refusing |= {A, B}
    caller = mesh.caller()
    assert not caller.open
    assert set(mesh.tried) == {A, B}
    assert len(mesh.tried) < 10
    assert "Unable to establish connection to 10.0.0." in mesh.logged[0]
    assert all(e.status == OPEN for e in mesh.endpoints().values())  # nobody avoids them now


def test_a_caller_with_a_limit_of_its_own_waits_for_an_endpoint_to_come_back(play):
    mesh = play(server={"connectTimeoutMs": 5000})
    mesh.bind("/svc/db", A)
    mesh.network.refusing.add(A)
    caller = mesh.caller()
    caller.send(b"select 1")
    mesh.wait(1)
    assert caller.open
    mesh.network.refusing.clear()
    for _ in range(10):
        mesh.wait(0.2)
    assert mesh.backend().heard == b"select 1"


def test_but_no_longer(play):
    mesh = play(server={"connectTimeoutMs": 3000})
    mesh.bind("/svc/db", A)
    mesh.network.refusing.add(A)
    caller = mesh.caller()
    for _ in range(30):
        mesh.wait(0.1)
    assert not caller.open
    assert len(mesh.tried) < 40


def test_a_silent_endpoint_is_not_waited_for_longer_than_the_caller_may_wait(play):
    mesh = play(server={"connectTimeoutMs": 500}, client={"connectTimeoutMs": 60_000})
    mesh.bind("/svc/db", A)
    mesh.network.silent.add(A)
    caller = mesh.caller()
    mesh.wait(0.6)
    assert not caller.open
    assert "within 0.5 s (connectTimeoutMs)" in mesh.logged[0]
    assert mesh.network.attempts[0].cancelled


def test_a_session_that_had_its_first_byte_is_never_repeated(pair):
    caller, backend = pair.session()
    caller.send(b"delete")
    tried = len(pair.tried)
    backend.reset()
    assert not caller.open
    assert len(pair.tried) == tried


def test_more_sessions_go_where_fewer_are(play):
    mesh = play()
    mesh.bind("/svc/db", A, B, C)
    for _ in range(30):
        mesh.caller()
    loads = {name: endpoint.load for name, endpoint in mesh.endpoints().items()}
    assert sum(loads.values()) == 30
    assert max(loads.values()) - min(loads.values()) <= 2
    for made, name in zip(list(mesh.network.made), list(mesh.tried), strict=True):
        if name == B:
            made.reset()
    before = len(mesh.tried)
    for _ in range(6):
        mesh.caller()
    assert mesh.tried[before:].count(B) >= 4


def test_weights_share_the_sessions_out(play):
    mesh = play()
    heavy = Address("10.0.0.1", 3306, meta=(("endpoint_addr_weight", 9.0),))
    mesh.bind("/svc/db", heavy, B)
    for _ in range(100):
        mesh.caller()
    assert 75 <= mesh.tried.count(A) <= 99


def test_a_replica_that_is_gone_keeps_its_sessions(play):
    mesh = play()
    mesh.bind("/svc/db", A)
    caller, backend = mesh.session()
    mesh.addresses("/#/io.l5d.fs/db", B)
    caller.send(b"still here")
    assert backend.heard == b"still here"
    mesh.caller()
    assert mesh.tried == [A, B]
