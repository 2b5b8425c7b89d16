"""The admin pages of a process whose work other processes do.

Pages of figures show those of all workers together, asked for anew. What workers know is asked of
them: of all, and merged, or of any one where all would say the same. With `worker=N` every page is
that worker's own.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from linkerpy.admin import merging
from linkerpy.admin.member import member_page
from linkerpy.admin.process import threads_page
from linkerpy.admin.security import Security
from linkerpy.admin.site import general_pages, index_pages
from linkerpy.admin.state import Json, ProcessState
from linkerpy.net.web import Answer, Asked, Page, Pages, as_json, html, text

_NOBODY = text("No worker serves at the moment.\n", 503)

_FIGURES = ("/admin/metrics.json", "/metrics.json", "/ui/members.json", "/ui/metrics.json")

_MERGED: dict[str, merging.Merge] = {
    "/client_state.json": merging.clients,
    "/bound-names.json": merging.bound_names,
    "/ui/names.json": merging.names,
    "/admin/tls_failures.json": merging.failures,
    "/admin/threads.json": merging.threads,
}
_MERGED_IF_THERE: dict[str, merging.Merge] = {"/admin/requests.json": merging.requests}


class Crew(Protocol):
    """The workers, as the pages see them."""

    @property
    def numbers(self) -> Sequence[int]:
        """Of all that there should be."""

    @property
    def serving(self) -> Sequence[int]:
        """The numbers of those that serve."""

    def ask(self, number: int, asked: Asked) -> Deferred[Answer]:
        """What a worker answers; fails if it is not there."""

    def fresh(self) -> Deferred[None]:
        """Have the figures merged as they are now."""

    def set_level(self, logger: str, level: str) -> None:
        """Change a logger's level in all of them."""

    def told(self) -> Json:
        """What `/admin/workers.json` shows."""


class WorkersPages(dict[str, Page]):
    """The pages by path; `know` adds those that only workers have."""

    def __init__(
        self,
        state: ProcessState,
        security: Security,
        crew: Crew,
        reactor: Any,
        telemeters: Iterable[Pages],
    ) -> None:
        super().__init__()
        self._crew = crew
        self._first = _first(crew)
        own = general_pages(state, security, reactor)
        figures = {path: own[path] for path in _FIGURES}
        for more in telemeters:
            figures.update(more)
        pages = {
            **own,
            **{path: _fresh(page, crew) for path, page in figures.items()},
            **{path: _merged(crew, merge) for path, merge in _MERGED.items()},
            "/admin/threads": _threads(crew),
            "/delegator.json": self._first,
            "/ui/member.json": _member(member_page(state, lambda *_: None), crew),
            "/logging.json": _logging(own["/logging.json"], self._first, crew),
            "/admin/workers.json": _fresh(lambda _: as_json(crew.told()), crew),
        }
        pages |= index_pages(self)
        for path, page in pages.items():
            self[path] = _by_worker(page, crew)

    def know(self, paths: Iterable[str]) -> None:
        """Workers have these pages. Those that are nowhere else are asked of any one of them."""
        for path in paths:
            if path not in self:
                merge = _MERGED_IF_THERE.get(path)
                page = self._first if merge is None else _merged(self._crew, merge)
                self[path] = _by_worker(page, self._crew)


def _by_worker(page: Page, crew: Crew) -> Page:
    def asked_of_one(asked: Asked) -> Answer | Deferred[Answer]:
        wanted = asked.args.get("worker")
        if wanted is None:
            return page(asked)
        for number in crew.numbers:
            if wanted == str(number):
                return crew.ask(number, asked).addErrback(_gone)
        least, most = min(crew.numbers), max(crew.numbers)
        return text(f"There is no worker {wanted!r}: they are {least} to {most}.\n", 404)

    return asked_of_one


def _gone(failure: Failure) -> Answer:
    return text(f"{failure.getErrorMessage()}\n", 503)


def _fresh(page: Page, crew: Crew) -> Page:
    return lambda asked: crew.fresh().addCallback(lambda _: page(asked))


def _first(crew: Crew) -> Page:
    """Asks the first that serves."""

    def page(asked: Asked) -> Answer | Deferred[Answer]:
        serving = crew.serving
        return crew.ask(serving[0], asked).addErrback(_gone) if serving else _NOBODY

    return page


def _merged(crew: Crew, merge: merging.Merge) -> Page:
    """Asks all that serve; what one of them refuses is refused."""

    def page(asked: Asked) -> Answer | Deferred[Answer]:
        return _all(crew, asked).addCallback(lambda answers: merged(answers, asked))

    def merged(answers: dict[int, Answer], asked: Asked) -> Answer:
        if not answers:
            return _NOBODY
        refused = [answer for answer in answers.values() if answer.status != 200]
        if refused:
            return refused[0]
        return as_json(merge(_read(answers), asked))

    return page


def _read(answers: dict[int, Answer]) -> dict[int, Any]:
    return {number: json.loads(answer.body) for number, answer in answers.items()}


def _all(crew: Crew, asked: Asked) -> Deferred[dict[int, Answer]]:
    """The answers of all that serve and do not end meanwhile."""
    serving = crew.serving
    answers: dict[int, Answer] = {}
    calls = [crew.ask(number, asked) for number in serving]

    def cancel(_: object) -> None:
        for call in calls:
            call.cancel()

    done: Deferred[dict[int, Answer]] = Deferred(cancel)
    waiting = len(calls)

    def answered(answer: Answer | Failure, number: int) -> None:
        nonlocal waiting
        waiting -= 1
        if isinstance(answer, Answer):
            answers[number] = answer
        if not waiting and not done.called:
            done.callback(dict(sorted(answers.items())))

    if not calls:
        done.callback({})
    for number, call in zip(serving, calls, strict=True):
        call.addBoth(answered, number)
    return done


def _logging(own: Page, first: Page, crew: Crew) -> Page:
    """The levels of all: a change is for workers to come, too."""

    def page(asked: Asked) -> Answer | Deferred[Answer]:
        if asked.method in ("GET", "HEAD"):
            return first(asked)
        answer = own(asked)
        if isinstance(answer, Answer) and answer.status == 200:
            crew.set_level(asked.args["logger"], asked.args["level"])
        return answer

    return page


def _member(own: Page, crew: Crew) -> Page:
    """Figures are those of all together; only workers know a client's endpoints."""

    def page(asked: Asked) -> Answer | Deferred[Answer]:
        answer = own(asked)
        assert isinstance(answer, Answer)
        if answer.status != 200 or asked.args["kind"] != "client":
            return answer
        return _all(crew, asked).addCallback(whole, json.loads(answer.body))

    def whole(answers: dict[int, Answer], told: Json) -> Answer:
        known = [one for one in answers.values() if one.status == 200]
        return as_json({**told, **merging.client(json.loads(one.body) for one in known)})

    return page


def _threads(crew: Crew) -> Page:
    def show(answers: dict[int, Answer], asked: Asked) -> Answer:
        return html(threads_page(merging.threads(_read(answers), asked)))

    def page(asked: Asked) -> Deferred[Answer]:
        wanted = Asked("GET", "/admin/threads.json", {}, "", "", False, b"")
        return _all(crew, wanted).addCallback(show, asked)

    return page
