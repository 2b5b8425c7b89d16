import json

from tests.admin.serving import serving


def test_names_are_told_with_their_router_and_the_namers_prefixes():
    with serving() as server:
        server.world.names[:] = [{"path": "/svc/<b>"}, {"path": "/svc/web"}]
        told = json.loads(server.ask("/ui/names.json")[2])
    assert told["namers"] == ["/#/io.l5d.fs"]
    assert [(name["router"], name["path"]) for name in told["names"]] == [
        ("webtest", "/svc/<b>"),
        ("webtest", "/svc/web"),
    ]


def test_without_names_the_list_is_empty():
    with serving() as server:
        assert json.loads(server.ask("/ui/names.json")[2])["names"] == []
