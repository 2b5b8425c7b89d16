"""Requests whose head two parsers might read differently: lines, names, values, targets, hosts."""

from tests.attack.corpus import EVIL, GET, NEXT, POST, End, answered, passed, refused, waiting


def line(first):
    """A request with that first line, and another behind it."""
    return first + b"\r\nHost: web\r\n\r\n" + EVIL


def field(lines):
    """A request with these lines behind Host, and another behind it."""
    return GET + lines + b"\r\n\r\n" + EVIL


def host(lines, target=b"/"):
    """A request with these lines for Host."""
    return b"GET " + target + b" HTTP/1.1\r\n" + lines + b"\r\n"


LINES = [
    refused(f"first line {name}", line(first), status)
    for name, first, status in (
        ("empty", b"", 400),
        ("of a word", b"GET", 400),
        ("without a version", b"GET /", 400),
        ("without a target", b"GET HTTP/1.1", 400),
        ("with two spaces before the target", b"GET  / HTTP/1.1", 400),
        ("with two spaces before the version", b"GET /  HTTP/1.1", 400),
        ("with a tab before the target", b"GET\t/ HTTP/1.1", 400),
        ("with a tab before the version", b"GET /\tHTTP/1.1", 400),
        ("with a vertical tab for a space", b"GET\x0b/ HTTP/1.1", 400),
        ("with NBSP for a space", b"GET\xa0/ HTTP/1.1", 400),
        ("behind a space", b" GET / HTTP/1.1", 400),
        ("behind a tab", b"\tGET / HTTP/1.1", 400),
        ("behind a NUL", b"\0GET / HTTP/1.1", 400),
        ("before a space", b"GET / HTTP/1.1 ", 400),
        ("before a tab", b"GET / HTTP/1.1\t", 400),
        ("before a NUL", b"GET / HTTP/1.1\0", 400),
        ("before a bare CR", b"GET / HTTP/1.1\r", 400),
        ("with a space in the target", b"GET /a b HTTP/1.1", 400),
        ("with a request in the target", b"GET / HTTP/1.1 GET /evil HTTP/1.1", 400),
        ("with a NUL in the target", b"GET /\0 HTTP/1.1", 400),
        ("with a bare CR in the target", b"GET /a\rb HTTP/1.1", 400),
        ("with a bare LF in the target", b"GET /a\nb HTTP/1.1", 400),
        ("with a tab in the target", b"GET /a\tb HTTP/1.1", 400),
        ("with a DEL in the target", b"GET /\x7f HTTP/1.1", 400),
        ("with a high byte in the target", b"GET /\xe9 HTTP/1.1", 400),
        ("with UTF-8 in the target", "GET /ĊHost:x HTTP/1.1".encode(), 400),
        ("with a relative target", b"GET evil HTTP/1.1", 400),
        ("with a query for a target", b"GET ?a HTTP/1.1", 400),
        ("with a fragment for a target", b"GET #a HTTP/1.1", 400),
        ("with a backslash for a target", rb"GET \evil HTTP/1.1", 400),
        ("with a lower-case method", b"get / HTTP/1.1", 400),
        ("with a method in mixed case", b"Get / HTTP/1.1", 400),
        ("with a digit for a method", b"1 / HTTP/1.1", 400),
        ("with a colon in the method", b"GET: / HTTP/1.1", 400),
        ("with a NUL in the method", b"G\0T / HTTP/1.1", 400),
        ("with a bare CR in the method", b"G\rT / HTTP/1.1", 400),
        ("with a method of 33 letters", b"A" * 33 + b" / HTTP/1.1", 400),
        ("with a lower-case version", b"GET / http/1.1", 400),
        ("with a version of another protocol", b"GET / ICY/1.1", 400),
        ("of HTTP/0.9", b"GET / HTTP/0.9", 505),
        ("of HTTP/1", b"GET / HTTP/1", 505),
        ("of HTTP/1.2", b"GET / HTTP/1.2", 505),
        ("of HTTP/1.10", b"GET / HTTP/1.10", 505),
        ("of HTTP/01.1", b"GET / HTTP/01.1", 505),
        ("of HTTP/2.0", b"GET / HTTP/2.0", 505),
        ("of HTTP/1.1.1", b"GET / HTTP/1.1.1", 400),
        ("of HTTP/+1.1", b"GET / HTTP/+1.1", 400),
        ("of HTTP/1,1", b"GET / HTTP/1,1", 400),
        ("of HTTP / 1.1", b"GET / HTTP / 1.1", 400),
        ("of a response", b"HTTP/1.1 200 OK", 400),
    )
] + [
    refused("first line before a bare LF", b"GET / HTTP/1.1\nHost: web\r\n\r\n" + EVIL),
    refused("first line before a bare CR that ends it", b"GET / HTTP/1.1\rHost: web\r\n\r\n"),
    refused("all lines before bare LFs", b"GET / HTTP/1.1\nHost: web\n\n" + EVIL),
    refused("first line before CR CR LF", b"GET / HTTP/1.1\r\r\nHost: web\r\n\r\n"),
    refused("two empty lines before a request", b"\r\n\r\n" + GET + b"\r\n"),
    refused("a bare LF before a request", b"\n" + GET + b"\r\n"),
    refused("a bare CR before a request", b"\r" + GET + b"\r\n"),
    refused("a byte order mark before a request", b"\xef\xbb\xbf" + GET + b"\r\n"),
    refused("an HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    refused("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    refused("noise", bytes(range(128, 256)) * 4),
    refused("a first line beyond the limit", line(b"GET /" + b"a" * 4096 + b" HTTP/1.1"), 414),
    refused("a first line of 1 MB", line(b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1"), 414),
    refused("a first line beyond the limit, never ending", b"GET /" + b"a" * 5000, 414),
    passed("an empty line before a request", b"\r\n" + GET + b"\r\n" + NEXT, GET + b"\r\n" + NEXT,
           times=2),
    passed("an empty line between requests", GET + b"\r\n\r\n" + NEXT, GET + b"\r\n" + NEXT,
           times=2),
    passed("a target of any printable byte", GET.replace(b"/ ", b"/%0d%0aa:b?\"<>\\^`{|}#/../ ")
           + b"\r\n"),
    passed("a first line of exactly the limit", b"GET /" + b"a" * 4082
           + b" HTTP/1.1\r\nHost: web\r\n\r\n"),
    passed("a method of 32 letters", b"A" * 32 + b" / HTTP/1.1\r\nHost: web\r\n\r\n"),
    waiting("half a first line", b"GET / HT"),
    waiting("a first line alone", b"GET / HTTP/1.1\r\n"),
    waiting("a head without its last line end", GET + b"\r"),
]  # fmt: skip

FIELDS = [
    refused(f"field {name}", field(lines))
    for name, lines in {
        "with a space before its colon": b"A : b",
        "with a tab before its colon": b"A\t: b",
        "without a name": b": b",
        "with a space for a name": b" : b",
        "without a colon": b"A",
        "of a colon": b":",
        "behind a space": b"A: b\r\n C: d",
        "behind a tab": b"A: b\r\n\tC: d",
        "folded to nothing": b"A: b\r\n ",
        "with a space in its name": b"A b: c",
        "with a NUL in its name": b"A\0: b",
        "with a high byte in its name": b"\xe9: b",
        "with a bracket in its name": b"A(: b",
        "with a slash in its name": b"A/b: c",
        "with an @ in its name": b"A@: b",
        "with a quote in its name": b'"A": b',
        "with a bare CR in its name": b"A\rB: c",
        "with a bare LF in its name": b"A\nB: c",
        "with a NUL": b"A: \0",
        "with a bare CR": b"A: b\rC: d",
        "with a bare CR at its start": b"A:\rb",
        "with a bare LF": b"A: b\nC: d",
        "with a bare LF at its end": b"A: b\n",
        "with an escape": b"A: \x1b[2J",
        "with a vertical tab": b"A: \x0bb",
        "with a form feed": b"A: \x0cb",
        "with a DEL": b"A: \x7f",
        "with CR CR LF": b"A: b\r",
        "behind a bare LF that ends the head": b"A: b\n\nGET /evil HTTP/1.1",
        "that is a request": b"GET /evil HTTP/1.1",
    }.items()
] + [
    refused("field behind white space directly behind the first line",
            b"GET / HTTP/1.1\r\n Host: admin\r\nHost: web\r\n\r\n"),
    refused("an empty line with white space", b"GET / HTTP/1.1\r\nHost: web\r\n \r\n\r\n"),
    refused("fields beyond the limit", field(b"A: " + b"b" * 8192), 431),
    refused("20,000 fields", field(b"\r\n".join(b"A%d: b" % n for n in range(20_000))), 431),
    refused("20,000 fields that never end", GET + b"A: b\r\n" * 20_000, 431),
    refused("a field of 1 MB", field(b"A: " + b"b" * (1 << 20)), 431),
    passed("fields of exactly the limit", GET + b"A: " + b"b" * 8175 + b"\r\n\r\n"),
    passed("field with an empty value", GET + b"A:\r\n\r\n", GET + b"A: \r\n\r\n"),
    passed("field with white space around its value", GET + b"A:\t b\tc \t\r\n\r\n",
           GET + b"A: b\tc\r\n\r\n"),
    passed("field with high bytes", GET + b"A: \x80\xa0\xff\r\n\r\n"),
    passed("field of unusual name", GET + b"!#$%&'*+-.^_`|~09: b\r\n\r\n"),
    passed("hop-by-hop fields end here",
           GET + b"Connection: a, close-not, TE\r\na: b\r\nTE: trailers\r\nTrailer: x\r\n"
           b"Upgrade: h2c\r\nProxy-Authorization: c\r\nKeep-Alive: d\r\n\r\n",
           GET + b"Keep-Alive: d\r\n\r\n"),
    passed("Connection cannot take Host away", GET + b"Connection: Host\r\n\r\n", GET + b"\r\n"),
]  # fmt: skip

HOSTS = [
    refused("two hosts", host(b"Host: web\r\nHost: admin\r\n")),
    refused("two equal hosts", host(b"Host: web\r\nHost: web\r\n")),
    refused("two hosts in different case", host(b"Host: web\r\nhOST: admin\r\n")),
    refused("two hosts, the first empty", host(b"Host:\r\nHost: web\r\n")),
    refused("two hosts behind an absolute target",
            host(b"Host: web\r\nHost: admin\r\n", b"http://web/")),
    refused("a host with a space before its colon", host(b"Host : admin\r\nHost: web\r\n")),
    refused("a host folded", host(b"Host:\r\n web\r\n")),
    refused("a second host behind a bare CR", host(b"Host: web\rHost: admin\r\n")),
    refused("a second host behind a bare LF", host(b"Host: web\nHost: admin\r\n")),
    answered("no host", host(b""), 400),
    answered("an empty host", host(b"Host:\r\n"), 400),
    answered("an empty authority", host(b"Host: web\r\n", b"http:///evil"), 400),
    answered("no host, and a good request behind it", host(b"") + NEXT, 400, 200, backend=NEXT),
    passed("an absolute target overrules Host", host(b"Host: admin\r\n", b"http://web/a?b"),
           host(b"Host: web\r\n", b"/a?b")),
    passed("an absolute target stands for a missing Host", host(b"", b"http://web/a"),
           host(b"Host: web\r\n", b"/a")),
    passed("an absolute target without a path", host(b"Host: admin\r\n", b"http://web"),
           host(b"Host: web\r\n")),
    passed("an absolute target with only a query", host(b"Host: admin\r\n", b"http://web?a"),
           host(b"Host: web\r\n", b"/?a")),
    passed("an absolute target with a user", host(b"Host: admin\r\n", b"http://me:pw@web/a"),
           host(b"Host: web\r\n", b"/a")),
    passed("an absolute target whose query has a slash", host(b"Host: admin\r\n", b"http://web?a/b"),
           host(b"Host: web\r\n", b"/?a/b")),
    passed("an absolute target whose query has an @", host(b"Host: web\r\n", b"http://web?@admin/"),
           host(b"Host: web\r\n", b"/?@admin/")),
    passed("an absolute target whose fragment has an @",
           host(b"Host: web\r\n", b"http://web#@admin/"), host(b"Host: web\r\n", b"/#@admin/")),
    passed("an absolute target in its query", host(b"Host: web\r\n", b"/?http://admin/")),
    passed("a path that looks like an authority", host(b"Host: web\r\n", b"//admin/x")),
    passed("the asterisk", b"OPTIONS * HTTP/1.1\r\nHost: web\r\n\r\n"),
    refused("the asterisk of another method", host(b"Host: web\r\n", b"*") + EVIL),
    refused("more than an asterisk", b"OPTIONS *x HTTP/1.1\r\nHost: web\r\n\r\n"),
    refused("an authority of another method", host(b"Host: web\r\n", b"admin:80") + EVIL),
    refused("a host alone for a target", host(b"Host: web\r\n", b"admin") + EVIL),
]  # fmt: skip

LIMIT = POST + b"Content-Length: 3\r\n\r\nabc"

PIPELINES = [
    passed("ten in a row", NEXT * 10, times=10),
    passed("bodies of all kinds in a row",
           LIMIT + NEXT + POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n" + NEXT,
           times=4),
    refused("a good one, then an ambiguous one",
            NEXT + POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            + EVIL, before=NEXT, ok=1),
    refused("a good one, then a bad chunk",
            NEXT + POST + b"Transfer-Encoding: chunked\r\n\r\nX\r\n" + EVIL, before=NEXT, ok=1),
    refused("two good ones, then noise", NEXT + LIMIT + b"\x00\x01" + EVIL, before=NEXT + LIMIT,
            ok=2),
    refused("a body one byte longer than said", LIMIT + b"d" + b"\r\n\r\n" + EVIL, before=LIMIT,
            ok=1),
    refused("a good one, then one beyond the limit", NEXT + b"GET /" + b"a" * 5000, 414,
            before=NEXT, ok=1),
    answered("one that names nobody, then a good one", host(b"Host:\r\n") + NEXT, 400, 200,
             backend=NEXT),
    answered("one that names nobody, with a body, then a good one",
             host(b"Host:\r\nContent-Length: 3\r\n") + b"abc" + NEXT, 400, 200, backend=NEXT,
             whole_only=True),
    answered("one that names nobody, whose body is still to come",
             host(b"Host:\r\nContent-Length: 40\r\n") + b"abc", 400, end=End.CLOSED),
    answered("one whose dtab is nonsense, then a good one",
             GET + b"l5d-dtab: /a=>\r\n\r\n" + NEXT, 400, 200, backend=NEXT),
    answered("one whose dtab is nested beyond reason",
             GET + b"l5d-dtab: /a=>" + b"(" * 4000 + b"\r\n\r\n", 400),
    passed("half a request behind a good one waits", NEXT + b"GET /half HTTP/1.1\r\nHo", NEXT,
           end=End.WAITING),
]  # fmt: skip

HEADS = LINES + FIELDS + HOSTS + PIPELINES
