"""The welcome backend: what `make run` puts behind the router when nothing else is there.

Run as `python -m linkerpy.app.welcome --port 8888`. It shows each visitor which request reached
it and which headers the router added, so that the first `curl` explains itself.
"""

import argparse
import html
import socket
import sys
from typing import Any

from twisted.internet.interfaces import IReactorTCP
from twisted.web.resource import Resource
from twisted.web.server import Request, Site

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Welcome to linkerpy</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem;
  color-scheme: light dark }}
table {{ border-collapse: collapse; width: 100% }}
td {{ padding: .25rem .75rem .25rem 0; vertical-align: top; border-top: 1px solid #8884;
  overflow-wrap: anywhere }}
td:first-child {{ white-space: nowrap; opacity: .7 }}
</style>
<h1>It works.</h1>
<p>This page came from the welcome backend, through the router. Open the
<a href="http://localhost:9990/">dashboard</a>, reload this page, and see the requests arrive.</p>
<p>Request <b>{count}</b> to this backend: <code>{method} {uri}</code>. Its headers, as the
backend saw them (those the router added begin with <code>l5d-</code>, and <code>Via</code>):</p>
<table>{rows}</table>
</html>
"""


class Welcome(Resource):
    """Answers every path with the same page."""

    isLeaf = True  # noqa: N815 - twisted.web's name

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._count = 0

    def render(self, request: Request) -> bytes:
        """Show the request back."""
        self._count += 1
        rows = "".join(
            f"<tr><td>{_text(name)}<td>{_text(value)}"
            for name, values in sorted(request.requestHeaders.getAllRawHeaders())
            for value in values
        )
        request.setHeader(b"content-type", b"text/html; charset=utf-8")
        page = _PAGE.format(
            count=self._count, method=_text(request.method), uri=_text(request.uri), rows=rows
        )
        return page.encode("utf-8")


def _text(value: bytes) -> str:
    return html.escape(value.decode("latin-1"))


def listen(reactor: IReactorTCP, port: int) -> None:
    """Serve the page on the loopback interface."""
    site: Any = Site(Welcome())
    reactor.listenTCP(port, site, interface="127.0.0.1")


def main() -> None:
    """Serve until ended; do nothing if the port is taken: then there is a backend already."""
    parser = argparse.ArgumentParser(prog="python -m linkerpy.app.welcome")
    parser.add_argument("--port", type=int, default=8888, help="port on 127.0.0.1 (8888)")
    port = parser.parse_args().port
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            sys.stdout.write(f"something listens on 127.0.0.1:{port} already; using that\n")
            return
    from twisted.internet import reactor  # noqa: PLC0415, TID251 - a program of its own

    listen(reactor, port)
    reactor.run()


if __name__ == "__main__":
    main()
