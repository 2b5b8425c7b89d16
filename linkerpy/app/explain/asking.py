"""Asks the naming side of a configuration about one name, and gives up in time."""

from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import Any

from linkerpy.app.explain.look_up import (
    Deadline,
    Found,
    OfflineInet,
    OfflineInterpreter,
    OfflineNamer,
    PromptInet,
    PromptNamer,
    look_up,
)
from linkerpy.app.explain.question import Door
from linkerpy.app.names import Hosts, build_interpreter, build_namers
from linkerpy.app.schema import Linker
from linkerpy.core.activity import Failed, Ok
from linkerpy.core.clock import TimerWheel
from linkerpy.core.closable import Closable, Group, OnClose
from linkerpy.naming.inet import Inet
from linkerpy.naming.namer import Interpreter, PrefixedNamer
from linkerpy.net.dns import Resolver
from linkerpy.router.dst import Dst
from linkerpy.router.env import Env
from linkerpy.router.families import NamerConfig
from linkerpy.telemetry.metrics import Metrics

_GRACE = 0.5
"""Seconds that interpreters get to take in what the deadline made of their namers."""


class DaemonThreads:
    """A thread for each call, which the end of the process does not wait for.

    The reactor's own would be waited for, and the DNS may take its time.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def callInThread(self, call: Callable[..., Any], *args: Any) -> None:  # noqa: N802
        """See `linkerpy.net.dns.Threads`."""
        Thread(target=call, args=args, daemon=True).start()

    def callFromThread(self, call: Callable[..., Any], *args: Any) -> None:  # noqa: N802
        """See `linkerpy.net.dns.Threads`."""
        self._reactor.callFromThread(call, *args)

    def suggestThreadPoolSize(self, size: int) -> None:  # noqa: N802
        """There is no pool."""


def asking_env(reactor: Any) -> Env:
    """An Env to look names up with."""
    return Env(
        reactor=reactor,
        clock=reactor,
        timers=TimerWheel(reactor),
        inet=Inet(Hosts(Resolver(DaemonThreads(reactor))), reactor),
        metrics=Metrics(),
    )


def ask(
    config: Linker,
    door: Door,
    dst: Dst,
    env: Env,
    told: Callable[[Found], None],
    *,
    seconds: float,
    offline: bool = False,
) -> Closable:
    """Tell `told` what `dst` leads to, after at most about `seconds`; it is told once.

    Raises: OSError or ValueError where a namer cannot be made.
    """
    deadline = Deadline(seconds)
    env.inet = OfflineInet(env.inet) if offline else PromptInet(env.inet, deadline)
    interpreter = _interpreter(config, door, env, deadline, offline=offline)
    handles = Group()

    def settle(found: Found) -> None:
        if not handles.closed:
            handles.close()
            told(found)

    def answered(state: Ok[Found] | Failed) -> None:
        if isinstance(state, Ok):
            settle(state.value)
        else:
            settle(Found(error=str(state.error) or type(state.error).__name__))

    def give_up() -> None:
        kind = door.router.interpreter.kind if door.router.interpreter else "default"
        settle(Found(error=f"the interpreter {kind} has not answered within {seconds:g} s"))

    for after, call in ((seconds, deadline.pass_), (seconds + _GRACE, give_up)):
        handles.add(OnClose(partial(_stop, env.clock.callLater(after, call))))
    handles.add(look_up(interpreter, door.router.dtab + dst.local, dst.path).first(answered))
    return handles


def _stop(timer: Any) -> None:
    if timer.active():
        timer.cancel()


def _interpreter(
    config: Linker, door: Door, env: Env, deadline: Deadline, *, offline: bool
) -> Interpreter:
    chosen = door.router.interpreter
    if offline and chosen is not None and not chosen.LOCAL:
        return OfflineInterpreter(chosen.kind)
    namers = [_namer(one, env, deadline, offline=offline) for one in config.namers]
    return build_interpreter(door.router, namers, env)


def _namer(config: NamerConfig, env: Env, deadline: Deadline, *, offline: bool) -> PrefixedNamer:
    prefix = config.full_prefix
    if offline and not config.LOCAL:
        return prefix, OfflineNamer(prefix)
    [(_, namer)] = build_namers([config], env)
    return prefix, PromptNamer(f"the namer {prefix.show()}", namer, deadline)
