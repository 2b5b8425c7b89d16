"""The command `linkerpy explain`: from its arguments to what it prints.

Exit codes: 0 the name resolves; 1 it does not, and the last lines say why and what to do; 2 the
question or the configuration is wrong.
"""

import argparse
import json
import os
import sys
from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import react

from linkerpy.app.explain.answer import Answer, answered, refused
from linkerpy.app.explain.as_json import as_json
from linkerpy.app.explain.as_text import Ink, as_text
from linkerpy.app.explain.asking import ask, asking_env
from linkerpy.app.explain.look_up import Found
from linkerpy.app.explain.question import (
    Door,
    LoadedLinker,
    Question,
    UsageError,
    find_door,
    linkerd_form,
    name_request,
)
from linkerpy.app.schema import Linker, load
from linkerpy.config.report import ConfigError
from linkerpy.core.errors import RouterError
from linkerpy.router.dst import Dst

RESOLVES, NOWHERE, WRONG = 0, 1, 2


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    try:
        loaded = linkerd_form(load(options.config))
        question = _question(options)
        door = find_door(loaded, question)
        answer = _answer(loaded, door, question, options)
    except ConfigError as error:
        return _wrong(str(error))
    except (UsageError, OSError, ValueError) as error:
        return _wrong(f"linkerpy explain: {error}")
    if answer is None:
        return 130  # interrupted
    if options.json:
        print(json.dumps(as_json(answer), indent=2, ensure_ascii=False))
    else:
        print(as_text(answer, _ink()), end="")
    return RESOLVES if answer.trouble is None else NOWHERE


def _wrong(message: str) -> int:
    print(message, file=sys.stderr)
    return WRONG


def _question(options: argparse.Namespace) -> Question:
    headers = [("Host", options.host)] if options.host is not None else []
    for line in options.header:
        name, colon, value = line.partition(":")
        if not colon:
            raise UsageError(f"a header is written 'name: value', not {line!r}")
        headers.append((name.strip(), value.strip()))
    words = options.request
    if len(words) > 2:
        raise UsageError(f"a request is [METHOD] PATH, not {' '.join(words)!r}")
    method = words[0] if len(words) == 2 else None
    target = words[-1] if words else None
    if len(words) == 1 and "/" not in words[0] and words[0] != "*":
        raise UsageError(f"a path begins with '/': {words[0]!r} (write {words[0]} /path?)")
    return Question(method, target, headers, options.sni, options.router, options.server)


def _answer(
    loaded: LoadedLinker, door: Door, question: Question, options: argparse.Namespace
) -> Answer | None:
    try:
        dst = name_request(door, question)
    except RouterError as error:
        return refused(loaded, door, question, str(error))
    found = _find(loaded.config, door, dst, options)
    return None if found is None else answered(loaded, door, question, dst, found)


def _find(config: Linker, door: Door, dst: Dst, options: argparse.Namespace) -> Found | None:
    """What the name leads to; None if somebody interrupts. Runs the reactor, which can run once."""
    answers: list[Found] = []
    failures: list[Exception] = []

    def main(reactor: Any) -> Deferred[None]:
        done: Deferred[None] = Deferred()

        def told(found: Found) -> None:
            answers.append(found)
            done.callback(None)

        env = asking_env(reactor)
        try:
            ask(config, door, dst, env, told, seconds=options.timeout, offline=options.offline)
        except (OSError, ValueError) as error:
            failures.append(error)
            done.callback(None)
        return done

    with suppress(SystemExit):  # which is how `react` says that all is done
        react(main)
    if failures:
        raise failures[0]
    return answers[0] if answers else None


def _ink() -> Ink:
    """Colours for a terminal unless NO_COLOR objects. Source: no-color.org."""
    tty = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return Ink(tty and not os.environ.get("NO_COLOR"), unicode)
