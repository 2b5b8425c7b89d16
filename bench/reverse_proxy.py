"""twisted.web's ReverseProxyResource: `python -m bench.reverse_proxy PORT BACKEND [CERTIFICATES]`.

With a directory of certificates it listens by Twisted's own `listenSSL`.
"""

import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor, ssl  # noqa: TID251 - a program of its own
from twisted.web import proxy, server

from bench.configs import SUITE


def context(certs: Path) -> ssl.CertificateOptions:
    """TLS as the other proxies have it."""
    pem = (certs / "localhost.key").read_bytes() + (certs / "localhost.pem").read_bytes()
    mine: Any = ssl.PrivateCertificate.loadPEM(pem)
    options = ssl.CertificateOptions(mine.privateKey.original, mine.original, enableSessions=True)
    options.getContext().set_tls13_ciphersuites(SUITE.encode())
    options.getContext().set_min_proto_version(0x304)
    return options


def main() -> None:
    """Serve until killed."""
    port, backend = map(int, sys.argv[1:3])
    untyped: Any = (reactor, proxy.ReverseProxyResource, server.Site)
    loop, resource, site = untyped
    factory = site(resource("127.0.0.1", backend, b""))
    if len(sys.argv) > 3:
        loop.listenSSL(port, factory, context(Path(sys.argv[3])), interface="127.0.0.1")
    else:
        loop.listenTCP(port, factory, interface="127.0.0.1")
    loop.run()


if __name__ == "__main__":
    main()
