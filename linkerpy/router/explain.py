"""Errors that say what was tried: the texts for no hosts and for a failed connection.

Source: naming spec, section 2.7; dataplane spec, section 2.8.
"""

from typing import Protocol

from linkerpy.core.errors import ConnectionFailed, NoHosts
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.nametree import show
from linkerpy.router.client import Client
from linkerpy.router.dst import Context, Dst


class NamedClient(Protocol):
    """A client and its id, without the leading slash."""

    name: str
    client: Client


def explain_failure(
    error: BaseException, dst: Dst, base: Dtab, tried: NamedClient, ctx: Context
) -> None:
    """Put the name, and what it led to, into an error from below that does not know them."""
    if isinstance(error, NoHosts) and not error.message:
        error.message = no_hosts_text(dst, base)
    elif isinstance(error, ConnectionFailed):
        selected = ctx.endpoint.show() if ctx.endpoint is not None else "none"
        error.message += (
            f"\n\nservice name: {dst.path.show()}\n"
            f"client name: /{tried.name}\n"
            f"addresses: [{', '.join(tried.client.addresses)}]\n"
            f"selected address: {selected}\n"
            f"cause: {error.cause}\n"
        )


def no_hosts_text(dst: Dst, base: Dtab) -> str:
    """What the caller reads when a name leads nowhere."""
    return (
        "Unable to route request!\n\n"
        f"service name: {dst.path.show()}\n"
        "dtab:\n\n"
        f"base dtab:\n{_block(base)}override dtab:\n{_block(dst.local)}"
    )


def _block(dtab: Dtab) -> str:
    lines = [f"  {dentry.prefix.show()} => {show(dentry.dst)}\n" for dentry in dtab.dentries]
    return "".join(lines) or "\n"
