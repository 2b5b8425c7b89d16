"""What a reload changes, in words and figures."""

import time
from collections.abc import Callable, Iterator

from linkerpy.app.parts import Parts
from linkerpy.net.errors import show_address
from linkerpy.router.sockets import socket_options
from linkerpy.telemetry.metrics import Metrics


class Reloads:
    """`config/*`: the reloads of the process, and when it last changed its configuration."""

    def __init__(self, metrics: Metrics, wall: Callable[[], float] = time.time) -> None:
        scope = metrics.scope("config")
        self._wall = wall
        self._applied = wall()
        self._good = True
        self._reloads, self._failed = scope.counter("reloads"), scope.counter("failed_reloads")
        scope.gauge("last_reload_successful", read=lambda: self._good)
        scope.gauge("applied_timestamp_seconds", read=lambda: self._applied)

    def good(self) -> None:
        """One was applied."""
        self._reloads.incr()
        self._applied, self._good = self._wall(), True

    def failed(self) -> None:
        """One was refused."""
        self._failed.incr()
        self._good = False


def changes(before: Parts, after: Parts) -> Iterator[str]:
    """What is different, a line for each."""
    if not after.namers_kept:
        yield "namers: changed, and with them every router's names"
    if after.config.telemetry != before.config.telemetry:
        yield "telemetry: changed"
    if not after.admin_kept:
        admin = after.config.admin
        yield f"admin: now on {show_address(admin.ip, admin.port)}"
    elif after.config.admin != before.config.admin:
        yield "admin: changed"
    had = {router.config.name: router for router in before.routers}
    for router in after.routers:
        name = router.config.name
        if name not in had:
            yield f"router {name}: added"
        elif router is not had[name]:
            yield f"router {name}: {'changed' if router.config != had[name].config else 'rebuilt'}"
    for name in had.keys() - {router.config.name for router in after.routers}:
        yield f"router {name}: removed"


_FIXED = {"reuse_addr": "reuseAddr", "reuse_port": "reusePort"}
"""Socket options that count when an address is bound, and never again."""

_APPLIED = {"routers", "namers", "admin", "telemetry", "usage"}
"""The keys of a file that a reload applies."""


def left_out(before: Parts, after: Parts) -> Iterator[str]:
    """What is different and stays as it was until the process is started anew."""
    for name, field in type(after.config).model_fields.items():
        if name not in _APPLIED and getattr(before.config, name) != getattr(after.config, name):
            yield field.alias or name
    had = {
        server.where: socket_options(server.keys.socket_options)
        for router in before.routers
        for server in router.servers
    }
    for router in after.new_routers:
        for server in router.servers:
            new, old = socket_options(server.keys.socket_options), had.get(server.where)
            for name, key in _FIXED.items():
                if old is not None and getattr(old, name) != getattr(new, name):
                    yield f"server {show_address(*server.where)}: socketOptions.{key}"
