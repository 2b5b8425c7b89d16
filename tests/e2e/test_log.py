"""What a running router writes: linkerd's lines or JSON, and few words about many failures."""

import json
import re

import pytest

from tests.e2e.http_mesh import FileMesh, connect, read_until

LINE = re.compile(r"[DIWE] [01]\d[0-3]\d \d\d:\d\d:\d\d\.\d{3} \S+ THREAD1 \S+: .+|\t.*")


@pytest.fixture
def mesh(twistd, free_port, tmp_path):
    def start(*arguments):
        def with_arguments(config, **options):
            return twistd(config, arguments=arguments, **options)

        return FileMesh(with_arguments, free_port, tmp_path)

    return start


def fail(mesh, times):
    for _ in range(times):
        with connect(mesh.port) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: nobody\r\nConnection: close\r\n\r\n")
            read_until(sock, b"\r\n\r\n")


def test_by_default_lines_are_linkerds_and_a_cause_is_told_once(mesh):
    router = mesh()
    fail(router, 20)
    assert router.daemon.stop() == 0
    lines = router.daemon.output.splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert any(line.endswith("linkerpy: initialized") for line in lines)
    (failure,) = [line for line in lines if "service failure: " in line]
    assert " ErrorResponseFilter: service failure: NoHosts: " in failure


def test_json_on_request(mesh):
    router = mesh("--log-format=json", "--log-level=debug")
    fail(router, 2)
    assert router.daemon.stop() == 0
    told = [json.loads(line) for line in router.daemon.output.splitlines()]
    assert {"initialized"} <= {one["message"] for one in told if one["logger"] == "linkerpy"}
    assert sum(one["logger"] == "ErrorResponseFilter" for one in told) == 1


@pytest.mark.parametrize("argument", ["--log-format=xml", "--log-level=loud"])
def test_a_form_that_there_is_not_is_refused(twistd, free_port, argument):
    refused = twistd("{}", admin_port=free_port(), arguments=[argument], wait=False)
    assert refused.wait() == 1
    assert f"{argument.partition('=')[0]} must be one of" in refused.output
    assert "Traceback" not in refused.output
