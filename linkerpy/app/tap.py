"""The twistd plugin's options and service: `twistd -n linkerpy -c config.yml`.

`Options` is made before any reactor is installed unless `-r` named one, so it is the place to
install ours. A mistake of the user's ends in one message on stderr and exit code 1.
"""

import atexit
import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from twisted.application.service import IService, Service
from twisted.python import usage

from linkerpy import __version__
from linkerpy.app.hints import hints, in_container
from linkerpy.app.log_output import choose
from linkerpy.app.schema import Linker, LinkerTcp, load
from linkerpy.config.kinds import BrokenKindError, DuplicateKindError
from linkerpy.config.report import ConfigError
from linkerpy.net.log import LEVEL_NAMES, logger
from linkerpy.net.log_lines import LINES
from linkerpy.net.reactor import install_best

if TYPE_CHECKING:
    from linkerpy.router.env import Env

_log = logger("linkerpy")


class Options(usage.Options):
    """Command line of the plugin."""

    synopsis = "[-c] CONFIG"
    longdesc = "A service-mesh router. CONFIG is a linkerd configuration, YAML or JSON."
    optParameters: ClassVar = [
        ["config", "c", None, "configuration file; - is standard input"],
        ["log-format", None, "text", "one line of text for each record, or of json"],
        ["log-level", None, "INFO", "what is logged at least: ERROR, WARNING, INFO, DEBUG, ..."],
    ]

    config: Linker | LinkerTcp

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        if "twisted.internet.reactor" not in sys.modules:
            install_best()

    def opt_version(self) -> None:
        """Print linkerpy's version."""
        sys.stdout.write(f"linkerpy {__version__}\n")
        sys.exit(0)

    def parseArgs(self, config: str | None = None) -> None:
        """Take the file as an argument, too, as linkerd does."""
        if config is not None:
            self["config"] = config

    def postOptions(self) -> None:
        """Read the file now: before the reactor runs, and before a daemon leaves the terminal."""
        self._choose_log()
        if self["config"] is None:
            fail("usage: twistd -n linkerpy -c path/to/config.yml")
        try:
            loaded = load(self["config"])
        except ConfigError as error:
            fail(str(error))
        except (BrokenKindError, DuplicateKindError) as error:
            fail(f"linkerpy: {error}")
        for warning in loaded.warnings:
            sys.stderr.write(f"{warning.show(loaded.source.name)} (warning)\n")
        self.config = loaded.config
        for hint in hints(loaded, container=in_container()):  # kept until there is a log to go to
            _log.warn("{hint} (hint)", hint=hint.show(loaded.source.name))

    def _choose_log(self) -> None:
        form, level = self["log-format"], str(self["log-level"]).upper()
        if form not in LINES:
            fail(f"linkerpy: --log-format must be one of {', '.join(LINES)}, not {form!r}")
        if level not in LEVEL_NAMES:
            names = ", ".join(LEVEL_NAMES)
            fail(f"linkerpy: --log-level must be one of {names}, not {self['log-level']!r}")
        choose(form, level, getattr(self, "parent", None))


def fail(message: str) -> NoReturn:
    """End the process with a message and exit code 1."""
    sys.stderr.write(message.rstrip("\n") + "\n")
    sys.exit(1)


class Linkerpy(Service):
    """Builds the process when it starts, so that what fails then fails with one message."""

    def __init__(self, config: Linker | LinkerTcp) -> None:
        self._config = config
        self._running: IService | None = None

    def startService(self) -> None:
        """Build and bind everything."""
        from twisted.internet import reactor  # noqa: PLC0415

        from linkerpy.app.build import make_env  # noqa: PLC0415
        from linkerpy.net.errors import ListenError  # noqa: PLC0415

        super().startService()  # type: ignore[no-untyped-call]
        try:
            env = make_env(reactor)
            running = _process(self._config, env, reactor.stop)
            running.startService()
        except (ListenError, OSError, ValueError) as error:
            fail(f"linkerpy: {error}")
        self._running = running
        # What was made so far (modules, models, configuration) lives as long as the process: a full
        # collection that looked at it again would hold up every request for a tenth of a second.
        gc.collect()
        gc.freeze()
        reactor.callWhenRunning(_end_cleanly_on_signals, reactor)
        if env.logs.reopened_on_hangup:
            reactor.callWhenRunning(_call_on_hangup, reactor, env.logs.reopen)

    def stopService(self) -> Any:
        """Drain and close."""
        super().stopService()  # type: ignore[no-untyped-call]
        return self._running.stopService() if self._running is not None else None


def _process(config: Linker | LinkerTcp, env: "Env", end: Callable[[], None]) -> IService:
    """What a file of either program asks for; `end` stops the reactor."""
    if isinstance(config, LinkerTcp):
        from linkerpy.app.linkerd_tcp import linkerd_tcp  # noqa: PLC0415

        return linkerd_tcp(config, env, end, _end_with_failure)
    from linkerpy.app.build import Linkerd  # noqa: PLC0415

    return Linkerd(config, env, end)


def _end_with_failure() -> None:
    """Let the process, once it ends, do so with exit code 1: twistd itself would have it 0."""

    def leave() -> None:
        sys.stdout.flush()
        os._exit(1)

    atexit.register(leave)


def _end_cleanly_on_signals(reactor: Any) -> None:
    """Let SIGINT and SIGTERM end the process with status 0.

    Twisted's own handlers end it by the same signal once it has stopped, which a supervisor takes
    for a failure.
    """

    def ended(number: int, _frame: object) -> None:
        _log.info("Received {name}. Shutting down ...", name=signal.Signals(number).name)
        reactor.callFromThread(reactor.stop)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ended)


def _call_on_hangup(reactor: Any, call: Callable[[], None]) -> None:
    """SIGHUP means that log files have been moved; without any that wait for it, it ends us."""
    signal.signal(signal.SIGHUP, lambda _number, _frame: reactor.callFromThread(call))


def makeService(options: Options) -> IService:
    """The service that twistd starts."""
    return Linkerpy(options.config)
