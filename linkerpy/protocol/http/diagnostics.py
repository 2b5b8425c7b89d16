"""Diagnostic TRACE: a request that has each router on its way tell how it was routed.

`l5d-add-context: true` asks for it. `Max-Forwards` says how many routers may pass the request on;
the last one answers by itself, and no backend hears of it.

Source: dataplane spec, section 2.10; RFC 9110, 7.6.2.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from linkerpy.codec.body import Body
from linkerpy.codec.http import Request, Response
from linkerpy.core.activity import Failed, Ok
from linkerpy.core.errors import BackendError, BadRequest, Cancelled
from linkerpy.core.reply import Reply
from linkerpy.core.service import Filter
from linkerpy.naming.delegate import Alt, Delegate, DelegateTree, Delegator, Leaf, Transformation
from linkerpy.naming.delegate import Union as Weighted
from linkerpy.naming.dtab import Dentry, Dtab
from linkerpy.naming.namer import Interpreter
from linkerpy.naming.path import Path
from linkerpy.protocol.http.buffering import collect
from linkerpy.protocol.http.filters import Coming, HttpService
from linkerpy.router.client import Client

Step = tuple[Path, Dentry | None]

_STREAMED = b"Diagnostic trace encountered chunked response. Response content discarded.\n"
_MOST = 1 << 20
"""Bytes of a body that the context is put behind; a longer one is discarded."""


@dataclass(frozen=True, slots=True)
class Here:
    """What one client's part of a router can tell."""

    label: str
    dtab: Dtab
    interpreter: Interpreter
    name: Path
    """The client's id."""
    client: Client
    seconds: Callable[[], float]

    def tell(self, request: Request, took: float, steps: list[Step]) -> bytes:
        """The context: `took` in seconds, and the steps that led from the name to the client."""
        ctx = request.ctx
        selected = "none" if ctx.endpoint is None else ctx.endpoint.show()
        lines = [
            f"--- Router: {self.label} ---",
            f"request duration: {took * 1000:.0f} ms",
            f"service name: {ctx.dst.path.show()}",
            f"client name: {self.name.show()}",
            f"addresses: [{', '.join(self.client.addresses)}]",
            f"selected address: {selected}",
            "dtab resolution:",
            *(f"  {path.show()}{_because(dentry)}" for path, dentry in steps),
        ]
        return "\n".join([*lines, "", ""]).encode("utf-8")

    async def steps(self, request: Request) -> list[Step]:
        """How the dtab led here, if the interpreter can explain that."""
        dst = request.ctx.dst
        if not isinstance(self.interpreter, Delegator):
            return [(dst.path, None)]
        reply: Reply[DelegateTree | None] = Reply()

        def answered(state: Ok[DelegateTree] | Failed) -> None:
            reply.resolve(state.value if isinstance(state, Ok) else None)

        watch = self.interpreter.delegate(self.dtab + dst.local, dst.path).first(answered)
        try:
            tree = await reply
        finally:
            watch.close()
        found = None if tree is None else next(_ways(tree, self.name), None)
        return found or [(dst.path, None)]


def _because(dentry: Dentry | None) -> str:
    return "" if dentry is None else f" ({dentry.show()})"


def _ways(tree: DelegateTree, name: Path) -> Iterator[list[Step]]:
    """The ways through a tree that end at the client `name`."""
    here: list[Step] = [(tree.path, tree.dentry)]
    match tree:
        case Leaf(bound=bound):
            if bound.id == name:
                yield here
            return
        case Delegate(tree=below) | Transformation(tree=below):
            branches: tuple[DelegateTree, ...] = (below,)
        case Alt(trees=branches):
            pass
        case Weighted(weighted=weighted):
            branches = tuple(branch for _, branch in weighted)
        case _:
            return
    for branch in branches:
        for way in _ways(branch, name):
            # Alternatives repeat the name that they are alternatives for.
            yield here + (way[1:] if way[0][0] == tree.path else way)


def diagnose(here: Here) -> Filter[Response]:
    """Answer TRACE or add to its answer; any other request passes."""

    def diagnosed(service: HttpService, request: Request) -> Coming:
        if request.method != b"TRACE":
            return service(request)
        return _trace(here, service, request)

    return diagnosed


async def _trace(here: Here, service: HttpService, request: Request) -> Response:
    wanted = (request.get(b"l5d-add-context") or b"").strip().lower() == b"true"
    allowed = request.get(b"max-forwards")
    if allowed is not None:
        left = _number(allowed)
        if left == 0:
            text = here.tell(request, 0.0, await here.steps(request)) if wanted else b""
            return Response(200, [(b"Content-Type", b"text/plain")], Body(text), b"OK")
        request.set(b"Max-Forwards", b"%d" % (left - 1))
    began = here.seconds()
    response = await service(request)
    if wanted:
        took = here.seconds() - began
        before = await _content(response)
        response.body = Body(before + here.tell(request, took, await here.steps(request)))
    return response


def _number(value: bytes) -> int:
    if not value.isdigit():
        raise BadRequest("Invalid value for Max-Forwards header")
    return int(value)


async def _content(response: Response) -> bytes:
    """What the context is put behind: the body, if that is short and plain."""
    body = response.body
    if body.length is None or body.length > _MOST or b"content-encoding" in response.names:
        body.cancel(Cancelled("the context takes the place of the response's content"))
        response.remove(b"content-encoding")
        return _STREAMED
    if not body.over:
        body = await collect(body, _broken)
    data = body.data
    return data + b"\n" if data and not data.endswith(b"\n") else data


def _broken(error: BaseException | None) -> BaseException:
    return BackendError(f"the response broke off: {error}")
