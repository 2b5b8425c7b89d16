"""The rewriting namers: input that linkerd's vectors leave out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkerpy.naming.path import Path
from linkerpy.naming.rewrites import REWRITES, host_and_port


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("io.buoyant.hostportPfx", "/p/[::1]:80/r", "/p/::1/80/r"),
        ("io.buoyant.porthostPfx", "/p/[::1]:80", "/p/80/::1"),
        ("io.buoyant.hostportPfx", "/p", None),
        ("io.buoyant.hostportPfx", "/", None),
        ("io.buoyant.http.anyMethod", "/get/x", None),
        ("io.buoyant.http.anyMethod", "/", None),
        ("io.buoyant.http.anyHostPfx", "/", None),
        ("io.buoyant.http.subdomainOf", "/a.b", None),
        ("io.buoyant.http.subdomainOf", "/a.b/x%a.b", None),
        ("io.buoyant.http.subdomainOf", "/a%b/x.a.b", None),
        ("io.buoyant.http.subdomainOf", "/a.b/:x.a.b", "/:x"),
        ("io.buoyant.http.subdomainOf", "/a.b/xa.b", None),
        ("io.buoyant.http.subdomainOfPfx", "/a.b", None),
        ("io.buoyant.http.domainToPath", "/", None),
        ("io.buoyant.http.domainToPath", "/./x", "/x"),
        ("io.buoyant.http.domainToPath", "/.foo", None),
        ("io.buoyant.http.domainToPath", "/a%b", None),
        ("io.buoyant.http.domainToPathPfx", "/p/a.b..", "/p/b/a"),
    ],
)
def test_rewrite(name, path, expected):
    elements = tuple(e.replace("%", "\\x25") for e in path.split("/") if e)
    given_path = Path(tuple(e.encode().replace(b"\\x25", b"%") for e in elements))
    found = REWRITES[name](given_path)
    assert (found and found.show()) == expected


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        (b"h:80", (b"h", b"80")),
        (b"h:80::", (b"h", b"80")),
        (b"h:" + b"a" * 63, (b"h", b"a" * 63)),
        (b"h:" + b"a" * 64, None),
        (b"h:-a", None),
        (b"h:80\n", None),
        (b"[::1]:http", (b"::1", b"http")),
        (b"[::1]", None),
        (b"[h]:80", None),
        (b"[::1]:HTTP", None),
        (b"::1:80", None),
        (b":80", None),
        (b":", None),
    ],
)
def test_host_and_port(element, expected):
    assert host_and_port(element) == expected


paths = st.lists(
    st.binary(min_size=1, max_size=6) | st.sampled_from([b"a.b", b"x.a.b:80", b"GET", b"..", b":"]),
    max_size=4,
).map(lambda elems: Path(tuple(elems)))


@given(st.sampled_from(sorted(REWRITES)), paths)
def test_no_path_makes_a_rewrite_raise(name, path):
    result = REWRITES[name](path)
    assert result is None or isinstance(result, Path)
