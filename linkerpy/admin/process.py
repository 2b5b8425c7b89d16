"""Pages about the process: ping, readiness, configuration, identity, threads, reload, shutdown.

Source: telemetry-admin spec, section 4.4.
"""

import sys
import threading
import time
import traceback
from html import escape
from typing import Any

from twisted.internet.defer import Deferred

from linkerpy.admin.state import AdminState, ProcessState, Reloaded
from linkerpy.core.closable import Group
from linkerpy.core.duration import parse_duration
from linkerpy.net.web import Answer, Asked, Page, Pages, as_json, html, not_allowed, text


def process_pages(state: ProcessState) -> Pages:
    """The pages by path, those that change nothing."""
    return {
        "/admin/ping": lambda _: text("pong"),
        "/admin/ready": lambda _: text("ready\n") if state.ready() else text("not ready\n", 503),
        "/admin/server_info": lambda _: as_json(_server_info(state)),
        "/admin/threads": lambda _: html(threads_page(_threads())),
        "/admin/threads.json": lambda _: as_json(_threads()),
        "/admin/metrics/usage": lambda _: as_json({"enabled": False}),
        "/config.json": lambda _: as_json(state.config_json()),
    }


def names_pages(state: AdminState) -> Pages:
    """The pages about what names lead to, by path."""
    return {
        "/client_state.json": lambda _: as_json(_clients(state)),
        "/bound-names.json": _bound_names(state),
    }


def control_pages(state: ProcessState) -> Pages:
    """The pages by path, those that end the process or change what it does."""
    return {"/admin/shutdown": _shutdown(state), "/admin/reload": _reload(state)}


def _shutdown(state: ProcessState) -> Page:
    def page(asked: Asked) -> Answer:
        if asked.method != "POST":
            return not_allowed("POST")
        grace = asked.args.get("grace")
        try:
            seconds = None if grace is None else parse_duration(grace)
        except ValueError as error:
            return text(f"could not parse 'grace' parameter: {error}", 400)
        state.shut_down(seconds)
        return text("quitting\n")

    return page


def _reload(state: ProcessState) -> Page:
    def answer(reloaded: Reloaded) -> Answer:
        return text(reloaded.text, 200 if reloaded.good else 400)

    def page(asked: Asked) -> Answer | Deferred[Answer]:
        if asked.method != "POST":
            return not_allowed("POST")
        reloaded = state.reload()
        if isinstance(reloaded, Deferred):
            return reloaded.addCallback(answer)
        return answer(reloaded)

    return page


def _server_info(state: ProcessState) -> dict[str, Any]:
    return {
        "name": "linkerpy",
        "version": state.version,
        "build": "",
        "build_revision": "",
        "build_branch_name": "",
        "merge_base": "",
        "merge_base_commit_date": "",
        "scm_repository": "",
        "build_last_few_commits": [],
        "start_time": time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(state.started)),
        "uptime": int((time.time() - state.started) * 1000),
    }


def _threads() -> dict[str, Any]:
    frames = sys._current_frames()
    return {
        "threads": {
            str(thread.ident): {
                "thread": thread.name,
                "daemon": thread.daemon,
                "state": "RUNNABLE" if thread.is_alive() else "TERMINATED",
                "priority": 0,
                "stack": traceback.format_stack(frames[thread.ident])
                if thread.ident in frames
                else [],
            }
            for thread in threading.enumerate()
        }
    }


def threads_page(threads: dict[str, Any]) -> str:
    """What `/admin/threads.json` says, to be read."""
    stacks = [
        f"{thread['thread']}\n{''.join(thread['stack'])}" for thread in threads["threads"].values()
    ]
    return f"<!doctype html><title>Threads</title><pre>{escape(chr(10).join(stacks))}</pre>"


def _clients(state: AdminState) -> dict[str, Any]:
    clients: dict[str, Any] = {}
    for router in state.routers():
        clients.update(router.clients())
    return clients


def _bound_names(state: AdminState) -> Page:
    def page(_asked: Asked) -> Deferred[Answer]:
        asking = Group()
        answer: Deferred[Answer] = Deferred(lambda _: asking.close())
        asking.add(state.bound_names(lambda names: answer.callback(as_json(names))))
        return answer

    return page
