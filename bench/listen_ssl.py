"""twisted.web's own reverse proxy behind Twisted's own `listenSSL`, for comparison."""

import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor, ssl  # noqa: TID251 - a program of its own
from twisted.web.proxy import ReverseProxyResource
from twisted.web.server import Site

from bench.tls_subjects import SUITE


def main() -> None:
    """Serve on the port of the first argument, forward to that of the second."""
    port, backend, certs = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    pem = (certs / "localhost.key").read_bytes() + (certs / "localhost.pem").read_bytes()
    mine: Any = ssl.PrivateCertificate.loadPEM(pem)
    options = ssl.CertificateOptions(mine.privateKey.original, mine.original, enableSessions=True)
    options.getContext().set_tls13_ciphersuites(SUITE.encode())
    options.getContext().set_min_proto_version(0x304)
    loop: Any = reactor
    loop.listenSSL(
        port,
        Site(ReverseProxyResource("127.0.0.1", backend, b"")),
        options,
        interface="127.0.0.1",
    )
    loop.run()


if __name__ == "__main__":
    main()
