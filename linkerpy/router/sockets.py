"""`socketOptions` of a configuration, as `net` takes them."""

from linkerpy.config.connection import SocketOptions as SocketKeys
from linkerpy.net.options import SocketOptions


def socket_options(keys: SocketKeys) -> SocketOptions:
    """The same options with times in seconds."""
    return SocketOptions(
        no_delay=keys.no_delay,
        reuse_addr=keys.reuse_addr,
        reuse_port=keys.reuse_port,
        keep_alive=keys.keep_alive,
        backlog=keys.backlog,
        read_timeout=_seconds(keys.read_timeout_ms),
        write_timeout=_seconds(keys.write_timeout_ms),
    )


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
