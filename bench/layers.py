"""What each layer of the HTTP stacks costs a request, in one process and without sockets.

The stacks are those of the default configuration, taken apart as `compose` gets them. Each layer is
timed above a service that answers at once; what the same takes without the layer is subtracted.
"""

import gc
from collections.abc import Callable
from statistics import median
from time import perf_counter
from types import MethodType
from typing import Any

from twisted.internet.task import Clock

from linkerpy.app import schema
from linkerpy.app.build import make_env
from linkerpy.app.names import build_interpreter
from linkerpy.codec.body import Body
from linkerpy.codec.fields import Fields
from linkerpy.codec.http import Request, Response
from linkerpy.core.drive import drive
from linkerpy.naming.path import Path
from linkerpy.protocol.http import stacks
from linkerpy.protocol.http.config import HttpRouter
from linkerpy.protocol.http.router import RunningHttpRouter
from linkerpy.router.dst import Context, Dst

_CONFIG = "routers: [{protocol: http, dtab: /svc => /$/inet/127.0.0.1/1, servers: [{port: 1}]}]"
_LOOPS = 2000
_ROUNDS = 25

_ASKED = Fields([(b"Host", b"web"), (b"User-Agent", b"bench/1"), (b"Accept", b"*/*")])
_TOLD = Fields([(b"Server", b"x"), (b"Content-Type", b"text/plain"), (b"Content-Length", b"2")])
_NAME = Dst(Path.parse("/svc/web"))


def layers() -> list[tuple[str, Any]]:
    """Every layer of a default router's stacks, outermost first, as (stack and name, layer)."""
    found: list[tuple[str, Any]] = []
    stack = "server"

    def taken_apart(*parts: Any) -> Any:
        found.extend((f"{stack}: {_name(part)}", part) for part in parts[:-1] if part is not None)
        return _answer

    patched: Any = stacks
    whole, patched.compose = patched.compose, taken_apart
    try:
        router = _router()
        made, metrics = router.router._stacks, router.router.metrics
        stack = "path"
        made.path(_NAME, metrics.scope("service", "svc/web"), _answer)
        bound = _bound(router)
        stack = "bound"
        made.bound(bound, _answer)
        stack = "client"
        scope = metrics.scope("client", "x")
        made.client_stack(bound, scope, made.client(bound, scope))
    finally:
        patched.compose = whole
    return found


def _router() -> RunningHttpRouter:
    config = schema.loads("bench", _CONFIG).config.routers[0]
    assert isinstance(config, HttpRouter)
    env = make_env(Clock())
    return RunningHttpRouter(config, build_interpreter(config, [], env), env)


def _bound(router: RunningHttpRouter) -> Any:
    found: list[Any] = []
    dtab = router.config.dtab
    router.router.interpreter.bind(dtab, _NAME.path).first(found.append)
    return found[0].value.value


def _name(layer: Any) -> str:
    return str(getattr(layer, "__qualname__", type(layer).__name__)).split(".<locals>")[0]


async def _answer(request: Request) -> Response:
    return Response(200, _TOLD, Body(b"ok"), b"OK")


def costs() -> list[tuple[str, float]]:
    """Each layer and the microseconds it adds to a request: medians of interleaved rounds."""
    found = layers()
    samples: list[list[float]] = [[] for _ in found]
    gc.disable()
    try:
        for _ in range(_ROUNDS):
            for (_, layer), taken in zip(found, samples, strict=True):
                bare = _once(_answer)
                taken.append((_once(MethodType(layer, _answer)) - bare) * 1e6 / _LOOPS)
    finally:
        gc.enable()
    return [(name, median(taken)) for (name, _), taken in zip(found, samples, strict=True)]


def _once(service: Callable[[Request], Any]) -> float:
    def done(_result: object, error: BaseException | None) -> None:
        if error is not None:
            raise error

    started = perf_counter()
    for _ in range(_LOOPS):
        request = Request(b"GET", b"/", _ASKED)
        request.ctx = ctx = Context("127.0.0.1:1")
        ctx.dst = _NAME
        drive(service(request), done)
    return perf_counter() - started


def table() -> str:
    """The costs as lines of text."""
    rows = costs()
    lines = [f"{'layer':<44} {'us/request':>10}"]
    lines += [f"{name:<44} {cost:>10.2f}" for name, cost in rows]
    lines.append(f"{'all layers':<44} {sum(cost for _, cost in rows):>10.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
