"""`linkerpy tls`: looks at a server as a router would; makes certificates to try things with."""

import argparse
import re
import sys
from pathlib import Path

_PLACE = re.compile(r"(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `linkerpy tls`."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    text = "shake hands with a server; say what passed, what failed and why"
    check = commands.add_parser("check", help=text, description=text)
    check.add_argument("server", metavar="HOST:PORT", type=_place)
    check.add_argument(
        "--ca", metavar="FILE", action="append", help="CAs to trust, in place of the system's"
    )
    check.add_argument("--name", metavar="NAME", help="the name it must have, in place of HOST")
    check.add_argument("--cert", metavar="FILE", help="a client certificate")
    check.add_argument("--key", metavar="FILE", help="its key, if it is not in the same file")
    check.set_defaults(command=_check)
    text = "make a throw-away CA, and a certificate of it for each name"
    certs = commands.add_parser("certs", help=text, description=text)
    certs.add_argument("directory", metavar="DIR", help="where to; ca.pem there is kept")
    certs.add_argument("names", metavar="NAME", nargs="+", help="a host name or address")
    certs.set_defaults(command=_certs)


def _place(text: str) -> tuple[str, int]:
    found = _PLACE.fullmatch(text)
    if found is None or not 0 < int(found[3]) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return found[1] or found[2], int(found[3])


def _check(options: argparse.Namespace) -> int:
    """Check and tell; 0 if all is well."""
    from linkerpy.app.tls_report import check_server  # noqa: PLC0415 (it reads much code)
    from linkerpy.net.tls_files import TlsConfigError  # noqa: PLC0415

    if options.key is not None and options.cert is None:
        print("linkerpy: --key needs --cert", file=sys.stderr)
        return 1
    host, port = options.server
    mine = None if options.cert is None else (options.cert, options.key or options.cert)
    try:
        good, lines = check_server(host, port, options.name or host, options.ca, mine)
    except TlsConfigError as error:
        print(f"linkerpy: {error}", file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0 if good else 1


def _certs(options: argparse.Namespace) -> int:
    from linkerpy.app.throwaway_ca import make_certificates  # noqa: PLC0415

    try:
        made = make_certificates(Path(options.directory), options.names)
    except (OSError, ValueError) as error:
        print(f"linkerpy: {error}", file=sys.stderr)
        return 1
    print("\n".join(str(file) for file in made))
    return 0
