"""A service that answers as a test says, and what became of a request to it."""

from itertools import chain, repeat

from linkerpy.codec.body import Body, Stream
from linkerpy.codec.http import Request, Response, header_line
from linkerpy.core.drive import drive
from linkerpy.core.reply import Reply
from linkerpy.core.service import compose
from linkerpy.router.dst import Context

HANG = "no answer"
_OWN = header_line(b"x-own", b"1")


class Scripted:
    """Answers with each outcome in turn, the last one for ever.

    An outcome is a status, a Response, an error (or its class), or HANG. As the layers below do, it
    puts a header into what it is given.
    """

    def __init__(self, *outcomes):
        self._outcomes = chain(outcomes, repeat(outcomes[-1]))
        self.seen = []
        self.cancelled = []

    async def __call__(self, request):
        request.add(_OWN)
        self.seen.append((request.method, request.uri, list(request.headers), request.body))
        outcome = next(self._outcomes)
        if outcome is HANG:
            await Reply(lambda reason: self.cancelled.append(str(reason)))
        if isinstance(outcome, BaseException | type):
            raise outcome
        return outcome if isinstance(outcome, Response) else Response(outcome, [])

    @property
    def tries(self):
        return len(self.seen)


class Replicas:
    """What a stack knows of its client."""

    def __init__(self, **meta):
        self.open = True
        self.meta = tuple(meta.items())


class Waiting:
    """Fails when the test says so."""

    async def __call__(self, _request):
        self._reply = Reply()
        return await self._reply

    def fail(self, error):
        self._reply.fail(error)


class Asked:
    """What became of a request."""

    def __init__(self, request, *layers):
        self.response = self.error = None
        running = drive(compose(*layers)(request), self._done)
        self._drive = None if running.finished else running

    def _done(self, response, error):
        self.response, self.error = response, error
        self._drive = None

    @property
    def status(self):
        if self.error is not None:
            raise self.error
        return self.response and self.response.status

    @property
    def pending(self):
        return self.response is None and self.error is None

    def cancel(self, error):
        self._drive.cancel(error)


def request(method="GET", body=b"", headers=()):
    """A request in a context."""
    content = body if isinstance(body, Body) else Body(body)
    made = Request(method.encode(), b"/", list(headers), content)
    made.ctx = Context("10.9.9.9:50000")
    return made


def streamed(status, **headers):
    """A response whose body is on its way, and the list of what its producer is told."""
    told = []
    body = Stream(None, on_cancel=told.append)
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Response(status, lines, body), told
