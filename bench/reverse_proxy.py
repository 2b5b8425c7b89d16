"""twisted.web's ReverseProxyResource as a program: `python -m bench.reverse_proxy PORT BACKEND`."""

import sys
from typing import Any

from twisted.internet import reactor  # noqa: TID251 - a program of its own
from twisted.web import proxy, server

if __name__ == "__main__":
    port, backend = map(int, sys.argv[1:])
    untyped: Any = (proxy.ReverseProxyResource, server.Site)
    resource, site = untyped
    reactor.listenTCP(port, site(resource("127.0.0.1", backend, b"")), interface="127.0.0.1")
    reactor.run()
