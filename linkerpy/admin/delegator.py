"""`/delegator.json`: how a name would be bound, step by step.

Source: telemetry-admin spec, section 4.4; naming spec, sections 6.2 and 6.3.
"""

import json
from typing import Any

from twisted.internet.defer import Deferred

from linkerpy.admin.state import AdminState, Explain
from linkerpy.core.clock import Clock
from linkerpy.core.closable import Group
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.parser import NameSyntaxError
from linkerpy.naming.path import Path
from linkerpy.net.web import Answer, Asked, Page, as_json, not_allowed, text

PATIENCE = 2.0
"""Seconds an explanation may take."""


def delegator_page(state: AdminState, clock: Clock) -> Page:
    """The page. The router's own dtab is not added: the caller passes what it wants to try."""

    def page(asked: Asked) -> Answer | Deferred[Answer]:
        if asked.method in ("GET", "HEAD"):
            wanted: Any = dict(asked.args)
        elif asked.method != "POST":
            return not_allowed("GET", "POST")
        elif asked.content_type != "application/json":
            return Answer(status=415)
        else:
            wanted = _posted(asked.body)
        if wanted is None:
            body = asked.body.decode("utf-8", "replace")
            return text(f"Malformed delegation request: {body}", 400)
        return _delegate(state, clock, wanted)

    return page


def _posted(body: bytes) -> dict[str, Any] | None:
    """The object that was posted, if it has what is needed."""
    try:
        wanted = json.loads(body)
    except ValueError:
        return None
    if not isinstance(wanted, dict):
        return None
    needed = all(isinstance(wanted.get(key), str) for key in ("dtab", "path"))
    return wanted if needed and isinstance(wanted.get("namespace", ""), str) else None


def _delegate(state: AdminState, clock: Clock, wanted: dict[str, str]) -> Answer | Deferred[Answer]:
    dtab, path = wanted.get("dtab", ""), wanted.get("path", "")
    try:
        Dtab.parse(dtab)
    except NameSyntaxError as error:
        return text(f"Invalid dtab: {error}", 400)
    try:
        Path.parse(path)
    except NameSyntaxError as error:
        return text(f"Invalid path: {error}", 400)
    namespace = wanted.get("namespace")
    explain = _explainer(state, namespace)
    if explain is None:
        return text(f"Name Interpreter for {namespace} cannot show delegations", 501)
    return _patiently(explain, dtab, path, clock)


def _explainer(state: AdminState, namespace: str | None) -> Explain | None:
    if namespace is None:
        return state.explain_system
    for router in state.routers():
        if router.label == namespace:
            return router.explain
    return None


def _patiently(explain: Explain, dtab: str, path: str, clock: Clock) -> Deferred[Answer]:
    asking = Group()

    def stop(_answer: Deferred[Answer]) -> None:
        asking.close()
        if timer.active():
            timer.cancel()

    answer: Deferred[Answer] = Deferred(stop)

    def settle(outcome: Answer) -> None:
        if not answer.called:
            stop(answer)
            answer.callback(outcome)

    def told(tree: dict[str, Any] | None, error: BaseException | None) -> None:
        if error is not None:
            settle(text(str(error) or type(error).__name__, 500))
        else:
            settle(as_json(tree, content_type="application/json"))

    timer = clock.callLater(PATIENCE, lambda: settle(text("Request timed out.", 503)))
    asking.add(explain(dtab, path, told))
    return answer
