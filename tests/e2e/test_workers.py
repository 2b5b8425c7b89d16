"""Several workers behind one port, seen from outside."""

import http.client
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from functools import partial

import pytest

from linkerpy.app.throwaway_ca import make_certificates
from tests.e2e.crew import TIMEOUT, Backend, Crew, ask, has_ended, waiting
from tests.support.daemon import TWISTD

LOST = (ConnectionError, http.client.BadStatusLine)


@pytest.fixture
def backend(cleanup):
    def made(name="here"):
        one = Backend(name)
        cleanup.callback(one.stop)
        cleanup.callback(one.go_on.set)
        return one

    return made


@pytest.fixture
def launch(twistd, free_port, backend):
    """Starts a router and waits for nothing; what it takes is for `Crew`."""

    def start(**options):
        return Crew(twistd, free_port, options.pop("behind", None) or backend(), **options)

    return start


def test_connections_come_to_both_workers_and_every_request_is_counted_once(launch):
    crew = launch().serving()
    clients = [crew.client() for _ in range(40)]
    assert [ask(client) for client in clients] == [(200, b"here")] * 40
    assert [ask(client) for client in clients] == [(200, b"here")] * 40
    workers = crew.workers()
    assert all(one["requests"] and one["connections"] for one in workers)
    assert sum(one["requests"] for one in workers) == crew.requests() == 80
    own = [crew.metrics(f"?worker={n}") for n in (1, 2)]
    name = f"rt/web/server/127.0.0.1/{crew.port}/connections"
    assert sum(figures[name] for figures in own) == crew.metrics()[name] == 40
    assert crew.metrics()["workers/serving"] == 2


def test_a_killed_worker_loses_only_its_own_connections_and_is_replaced(launch):
    crew = launch().serving()
    clients = [crew.client() for _ in range(40)]
    assert all(ask(client) == (200, b"here") for client in clients)
    of_two, before = crew.workers()[1]["connections"], crew.pids()
    os.kill(before[2], signal.SIGKILL)
    lost = 0
    for client in clients:
        try:
            assert ask(client) == (200, b"here")
        except LOST:
            lost += 1
    assert lost == of_two
    assert all(ask(crew.client()) == (200, b"here") for _ in range(20))
    crew.until(lambda: crew.workers()[1]["state"] == "serving" and crew.pids()[2] != before[2])
    (one, two) = crew.workers()
    assert (one["pid"], one["restarts"], two["restarts"]) == (before[1], 0, 1)
    assert two["last_end"] == "killed by SIGKILL"
    assert f"worker 2 (process {before[2]}) ended: killed by SIGKILL" in crew.daemon.output


def test_new_connections_succeed_while_workers_are_killed(launch):
    crew = launch().serving()
    over, failures, answered = threading.Event(), [], [0]

    def client():
        while not over.is_set():
            connection = crew.client()
            try:
                connection.connect()
                answered[0] += 1
            except OSError as error:
                failures.append(error)
            finally:
                connection.close()

    threads = [threading.Thread(target=client) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for number in (1, 2, 1):
            old = crew.pids()[number]
            os.kill(old, signal.SIGKILL)
            crew.until(lambda: crew.pids()[number] not in (old, None))  # noqa: B023
    finally:
        over.set()
        for thread in threads:
            thread.join(TIMEOUT)
    assert not failures
    assert answered[0] > 0


def test_what_a_dead_worker_counted_stays_counted(launch):
    crew = launch().serving()
    for round_ in range(1, 5):
        assert [ask(crew.client())[0] for _ in range(10)] == [200] * 10
        assert crew.requests() == round_ * 10
        os.kill(crew.pids()[1 + round_ % 2], signal.SIGKILL)
        assert crew.requests() == round_ * 10
        crew.until(lambda: [w["state"] for w in crew.workers()] == ["serving"] * 2)
    assert crew.requests() == 40
    assert crew.metrics()["workers/restarts"] == 4


def test_histograms_are_of_all_workers(launch):
    more = "telemetry: [{kind: io.l5d.prometheus}]\n"
    crew = launch(more=more).serving()
    for _ in range(30):
        ask(crew.client())
    text = crew.daemon.admin("/admin/metrics/prometheus")
    label = f'{{rt="web", server="127.0.0.1/{crew.port}"}}'
    assert f"rt:server:request_latency_ms_count{label} 30\n" in text
    assert f"rt:server:requests{label} 30\n" in text


def test_a_worker_that_is_told_to_end_finishes_its_requests_and_is_replaced(launch, backend):
    behind = backend()
    crew = launch(behind=behind).serving()
    before = crew.pids()
    clients = [waiting(crew.client()) for _ in range(12)]
    for _ in clients:
        assert behind.arrived.acquire(timeout=TIMEOUT)
    for pid in before.values():
        os.kill(pid, signal.SIGTERM)
    behind.go_on.set()
    assert [client.getresponse().status for client in clients] == [200] * 12
    crew.until(lambda: not set(crew.pids().values()) & {*before.values(), None})
    assert ask(crew.client()) == (200, b"here")


def test_sigterm_drains_all_and_ends_with_status_0(launch, backend):
    behind = backend()
    crew = launch(behind=behind).serving()
    pids = crew.pids().values()
    clients = [waiting(crew.client()) for _ in range(12)]
    for _ in clients:
        assert behind.arrived.acquire(timeout=TIMEOUT)
    crew.daemon.process.terminate()
    crew.until(lambda: "Shutting down" in crew.daemon.output)
    behind.go_on.set()
    assert [client.getresponse().status for client in clients] == [200] * 12
    assert crew.daemon.wait() == 0
    crew.until(lambda: all(has_ended(pid) for pid in pids))


@pytest.mark.parametrize("again", ["signal", "page"])
def test_who_does_not_want_to_wait_has_everything_cut_off_and_status_1(launch, backend, again):
    behind = backend()
    crew = launch(behind=behind, grace=600_000).serving()
    pids = crew.pids().values()
    client = waiting(crew.client())
    assert behind.arrived.acquire(timeout=TIMEOUT)
    crew.daemon.process.terminate()
    crew.until(lambda: [w["state"] for w in crew.workers()] != ["serving"] * 2)
    if again == "signal":
        crew.daemon.process.terminate()
    else:
        assert crew.post("/admin/shutdown?grace=0.seconds")[0] == 200
    assert crew.daemon.wait() == 1
    with pytest.raises(LOST):
        client.getresponse()
    crew.until(lambda: all(has_ended(pid) for pid in pids))


def test_the_grace_period_ends_everything_with_status_1(launch, backend):
    behind = backend()
    crew = launch(behind=behind, grace=200).serving()
    client = waiting(crew.client())
    assert behind.arrived.acquire(timeout=TIMEOUT)
    crew.daemon.process.terminate()
    assert crew.daemon.wait() == 1
    with pytest.raises(LOST):
        client.getresponse()


def test_who_starts_the_workers_may_die_too(launch):
    crew = launch().serving()
    with open(f"/proc/{crew.pids()[1]}/stat", encoding="ascii") as stat:
        nursery = int(stat.read().rpartition(")")[2].split()[1])
    os.kill(nursery, signal.SIGKILL)
    crew.until(lambda: "starting another" in crew.daemon.output)
    old = crew.pids()[2]
    os.kill(old, signal.SIGKILL)
    crew.until(lambda: crew.pids()[2] not in (old, None))
    crew.serving()
    assert {ask(crew.client()) for _ in range(20)} == {(200, b"here")}
    assert crew.workers()[1]["last_end"] == "nobody knows how"
    assert crew.daemon.stop() == 0


def test_workers_end_with_a_supervisor_that_was_killed(launch):
    crew = launch().serving()
    pids = crew.pids().values()
    crew.daemon.process.kill()
    crew.daemon.wait()
    crew.until(lambda: all(has_ended(pid) for pid in pids))


def test_what_keeps_workers_from_beginning_ends_the_start_with_its_message(launch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    crew = launch(more=f"  httpAccessLog: {blocked}/access.log\n")
    assert crew.daemon.wait() == 1
    said = f"linkerpy: router 'web': httpAccessLog: cannot write {blocked}/access.log"
    assert f"\n{said}: Not a directory\n" in crew.daemon.output


def test_a_defect_that_keeps_workers_from_beginning_is_said(twistd, free_port, backend, tmp_path):
    make_certificates(tmp_path, ["web.test"])
    tls = f"tls: {{certPath: {tmp_path}/web.test.pem, keyPath: {tmp_path}/web.test.key}}"
    more = f"- protocol: http\n  label: secret\n  servers: [{{port: 0, {tls}}}]\n"
    start = partial(twistd, twistd=(sys.executable, "-c", _WITHOUT_CALLBACKS, *TWISTD))
    crew = Crew(start, free_port, backend(), more=more)
    status, said = crew.daemon.wait(), crew.daemon.output
    if "no such prctl" in said:
        pytest.skip("the kernel is older than 6.3")
    assert status == 1
    assert "\nlinkerpy: MemoryError: Cannot allocate write+execute memory" in said


_WITHOUT_CALLBACKS = """\
import ctypes, os, sys
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1
if ctypes.CDLL(None).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0):
    sys.exit("no such prctl")
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Memory is either written or run: pyOpenSSL cannot work."""


def test_a_port_that_others_listen_on_ends_the_start_though_it_could_be_shared(launch, twistd):
    crew = launch().serving()
    second = twistd(crew.daemon.config, admin_port=crew.admin_port, wait=False)
    assert second.wait() == 1
    assert "another process has the port" in second.output
    assert "Traceback" not in second.output


def reload(crew, text):
    (crew.daemon.directory / "linkerpy.yml").write_text(text, "utf-8")
    return crew.post("/admin/reload")


def test_a_reload_reaches_all_workers_and_those_to_come(launch, backend):
    crew, there = launch().serving(), backend("there")
    clients = [crew.client() for _ in range(20)]
    assert {ask(client) for client in clients} == {(200, b"here")}
    assert reload(crew, crew.text(there)) == (200, "reloaded\nrouter web: changed\n")
    assert {ask(client) for client in clients} == {(200, b"there")}
    before = crew.pids()
    os.kill(before[1], signal.SIGKILL)
    crew.until(lambda: crew.pids()[1] not in (before[1], None))
    crew.serving()
    assert {ask(crew.client()) for _ in range(20)} == {(200, b"there")}
    assert crew.metrics()["config/reloads"] == 1


def test_a_reload_adds_and_removes_servers(launch, free_port, backend):
    behind = backend()
    crew = launch(behind=behind).serving()
    text, added = crew.text(behind), free_port()
    server = f"{{ip: 127.0.0.1, port: {crew.port}}}"
    both = text.replace(server, f"{server}, {{ip: 127.0.0.1, port: {added}}}")
    assert reload(crew, both)[0] == 200
    new = [http.client.HTTPConnection("127.0.0.1", added, timeout=TIMEOUT) for _ in range(20)]
    assert {ask(client) for client in new} == {(200, b"here")}
    assert reload(crew, text)[0] == 200
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection("127.0.0.1", added, timeout=TIMEOUT).connect()


def test_a_reload_that_will_not_do_changes_nothing(launch, backend, free_port, tmp_path):
    behind = backend()
    crew = launch(behind=behind).serving()
    text, before = crew.text(behind), crew.pids()
    for broken, why in (
        (text.replace("dtab:", "dtub:"), "did you mean `dtab`?"),
        (f"{text}  httpAccessLog: {tmp_path}/linkerpy.yml/no\n", "cannot write"),
        (text.replace(f"port: {crew.port}", f"port: {behind.port}"), "another process"),
    ):
        (tmp_path / "linkerpy.yml").write_text("")
        status, said = reload(crew, broken)
        assert (status, why in said) == (400, True), said
    assert {ask(crew.client()) for _ in range(20)} == {(200, b"here")}
    assert crew.pids() == before


def test_the_level_of_a_logger_is_that_of_all_workers_and_those_to_come(launch):
    crew = launch().serving()
    assert crew.post("/logging.json?logger=linkerpy.net&level=DEBUG")[0] == 200
    old = crew.pids()[2]
    os.kill(old, signal.SIGKILL)
    crew.until(lambda: crew.pids()[2] not in (old, None))
    crew.serving()
    for query in ("", "?worker=1", "?worker=2"):
        levels = json.loads(crew.daemon.admin(f"/logging.json{query}"))
        assert {"logger": "linkerpy.net", "level": "DEBUG"} in levels


def test_pages_ask_the_workers(launch):
    more = "telemetry: [{kind: io.l5d.recentRequests, sampleRate: 1.0, capacity: 100}]\n"
    crew = launch(more=more).serving()
    for _ in range(30):
        ask(crew.client())

    def page(path):
        return json.loads(crew.daemon.admin(path))

    requests = page("/admin/requests.json?limit=25")["requests"]
    assert len(requests) == 25
    assert {request["worker"] for request in requests} == {1, 2}
    assert requests == sorted(requests, key=lambda request: -request["at"])
    assert [one["state"] for one in page("/client_state.json").values()] == ["bound"]
    assert page("/delegator.json?namespace=web&dtab=/svc=>/a&path=/svc/b")["type"] == "delegate"
    assert {name.split("/")[0] for name in page("/admin/threads.json")["threads"]} == {"1", "2"}
    assert page("/config.json")["workers"] == 2
    assert "/admin/requests.json" in crew.daemon.admin("/admin/index.txt")


def test_one_worker_is_no_other_process(launch, backend):
    behind = backend()
    crew = launch(workers=1, behind=behind)
    crew.daemon.wait_ready(60)
    children = f"/proc/{crew.daemon.process.pid}/task/{crew.daemon.process.pid}/children"
    with open(children, encoding="ascii") as listed:
        assert listed.read() == ""
    assert ask(crew.client()) == (200, b"here")


@pytest.fixture
def successor(cleanup):
    """Has a router replaced by SIGUSR2; the new supervisor's process ends with the test."""

    def succeed(crew):
        before = {crew.daemon.process.pid, *crew.pids().values()}
        os.kill(crew.daemon.process.pid, signal.SIGUSR2)
        crew.until(lambda: "has taken over" in crew.daemon.output)
        found = json.loads(crew.daemon.admin("/admin/workers.json"))
        cleanup.callback(end, crew, found["supervisor"])
        assert not before & {found["supervisor"], *(one["pid"] for one in found["workers"])}
        return found["supervisor"]

    return succeed


def end(crew, pid):
    """SIGTERM, and its end."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    crew.until(lambda: has_ended(pid))


def test_another_program_takes_over_and_what_is_under_way_is_finished(launch, backend, successor):
    behind = backend()
    crew = launch(behind=behind).serving()
    clients = [waiting(crew.client()) for _ in range(6)]
    for _ in clients:
        assert behind.arrived.acquire(timeout=TIMEOUT)
    idle = crew.client()
    assert ask(idle, "/quick") == (200, b"here")
    successor(crew)
    assert {ask(crew.client(), "/quick") for _ in range(20)} == {(200, b"here")}
    assert crew.daemon.process.poll() is None
    behind.go_on.set()
    assert [client.getresponse().status for client in clients] == [200] * 6
    assert ask(idle, "/quick") == (200, b"here")
    assert crew.daemon.wait() == 0
    assert {ask(crew.client(), "/quick") for _ in range(20)} == {(200, b"here")}


def test_who_has_handed_over_can_be_told_to_end(launch, backend, successor):
    behind = backend()
    crew = launch(behind=behind).serving()
    client = waiting(crew.client())
    assert behind.arrived.acquire(timeout=TIMEOUT)
    successor(crew)
    crew.daemon.process.terminate()
    crew.until(lambda: "Shutting down" in crew.daemon.output)
    behind.go_on.set()
    assert client.getresponse().status == 200
    assert crew.daemon.wait() == 0
