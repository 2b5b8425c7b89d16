"""The arguments of `linkerpy explain`. Apart from the rest, which takes a second to import."""

import argparse
from typing import Final

PATIENCE: Final = 5.0
"""Seconds that namers and the DNS get."""

_EXAMPLES = """\
examples:
  linkerpy explain -c mesh.yml --host web GET /cart
  linkerpy explain -c mesh.yml --host web -H 'l5d-dtab: /svc/web => /#/io.l5d.fs/web-v2' /cart
  linkerpy explain -c mesh.yml --router mysql --sni db.example.org

exit code: 0 it resolves, 1 it does not, 2 the question or the file is wrong
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES
    add = parser.add_argument
    add("-c", "--config", required=True, metavar="FILE", help="the configuration; - is stdin")
    add("--router", metavar="LABEL", help="the router that is asked (default: the only one)")
    add("--server", metavar="PORT", type=int, help="the server it comes to (default: the first)")
    add("--host", metavar="NAME", help="the request's Host header")
    add("-H", "--header", metavar="'NAME: VALUE'", action="append", default=[], help="a header")
    add(
        "--sni",
        metavar="NAME",
        help="the TLS server name that a connection to a tcp router asks for",
    )
    add("--offline", action="store_true", help="ask nobody across the network, nor the DNS")
    add(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        default=PATIENCE,
        help="how long to wait for answers (5)",
    )
    add("--json", action="store_true", help="print JSON")
    add("request", nargs="*", metavar="[METHOD] PATH", help="the request line (GET /)")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError("more than 0, at most 3600")
    return seconds
