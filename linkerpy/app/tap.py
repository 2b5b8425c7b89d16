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
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from twisted.application.service import IService, Service
from twisted.internet.defer import maybeDeferred
from twisted.python import usage

from linkerpy import __version__
from linkerpy.app.hints import hints, in_container
from linkerpy.app.log_output import choose
from linkerpy.app.program import Program, program_of
from linkerpy.app.schema import Loaded, load
from linkerpy.app.upgrade import PidFile, Predecessor, Upgrade
from linkerpy.config.kinds import BrokenKindError, DuplicateKindError
from linkerpy.config.report import ConfigError
from linkerpy.net.errors import ListenError
from linkerpy.net.inherited import Inherited, InheritError, from_environment
from linkerpy.net.log import LEVEL_NAMES, logger
from linkerpy.net.log_lines import LINES
from linkerpy.net.reactor import install_best
from linkerpy.net.systemd import Systemd

if TYPE_CHECKING:
    from linkerpy.app.build import Linkerd

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

    loaded: Loaded

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
        self.loaded = loaded
        self._take_over()
        tell_hints(loaded, self.inherited)  # kept until there is a log to go to

    def _take_over(self) -> None:
        """What whoever started us has for us, before a daemon is another process."""
        self.directory = os.getcwd()
        self.predecessor = Predecessor(os.environ)
        try:
            self.inherited = from_environment(os.environ, os.getpid())
        except InheritError as error:
            fail(f"linkerpy: {error}")

    def _choose_log(self) -> None:
        form, level = self["log-format"], str(self["log-level"]).upper()
        if form not in LINES:
            fail(f"linkerpy: --log-format must be one of {', '.join(LINES)}, not {form!r}")
        if level not in LEVEL_NAMES:
            names = ", ".join(LEVEL_NAMES)
            fail(f"linkerpy: --log-level must be one of {names}, not {self['log-level']!r}")
        choose(form, level, getattr(self, "parent", None))


def tell_hints(loaded: Loaded, inherited: Inherited) -> None:
    """Log what is probably not meant."""
    given = [(one.host, one.port) for one in inherited if one.kept]
    for hint in hints(loaded, container=in_container(), given=given):
        _log.warn("{hint} (hint)", hint=hint.show(loaded.source.name))


def fail(message: str) -> NoReturn:
    """End the process with a message and exit code 1."""
    sys.stderr.write(message.rstrip("\n") + "\n")
    sys.exit(1)


class Linkerpy(Service):
    """Builds the process when it starts, so that what fails then fails with one message."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._running: Linkerd | None = None
        self._systemd = Systemd(os.environ, os.getpid())
        self._stopping = self._signalled = self._had_terminal = False

    def startService(self) -> None:
        """Build and bind everything."""
        from twisted.internet import reactor  # noqa: PLC0415

        super().startService()  # type: ignore[no-untyped-call]
        try:
            running = self._make(reactor)
            running.startService()
        except (OSError, ValueError, ListenError) as error:
            fail(f"linkerpy: {error}")
        self._running = running
        # What was made so far (modules, models, configuration) lives as long as the process: a full
        # collection that looked at it again would hold up every request for a tenth of a second.
        gc.collect()
        gc.freeze()
        reactor.callWhenRunning(self._listen_to_signals, reactor)

    def _make(self, reactor: Any) -> "Linkerd":
        """The process, which serves by itself or has workers."""
        from linkerpy.app.build import Linkerd, make_env  # noqa: PLC0415
        from linkerpy.router.rolling_log import LogFiles  # noqa: PLC0415

        options = self._options
        program, env = _program(options.loaded), make_env(reactor)
        if options.predecessor.is_there:
            env.logs = LogFiles(shared=True)
        around: dict[str, Any] = {
            "inherited": options.inherited,
            "reread": None if options["config"] == "-" else self._reread,
            "on_abandoned": _end_with_failure,
        }
        stop = partial(self._stop, reactor)
        workers = options.loaded.config.workers
        if workers == 1:
            return Linkerd(program, env, stop, **around)
        from linkerpy.app.supervisor import Supervisor, count_of  # noqa: PLC0415

        count = count_of(workers)
        if count == 1:
            return Linkerd(program, env, stop, **around)
        fatal = partial(self._fatal, reactor)
        return Supervisor(program, env, stop, count=count, on_fatal=fatal, **around)

    def _fatal(self, reactor: Any, why: str) -> None:
        """End the process, which has never served, with a message and exit code 1."""
        if not self._stopping:
            _log.critical("{why}", why=why)
            if sys.__stderr__ is not None:  # sys.stderr goes to the log by now
                sys.__stderr__.write(f"linkerpy: {why}\n")
            _end_with_failure()
            self._stop(reactor)

    def _reread(self) -> Program:
        """Raises: ConfigError."""
        loaded = load(os.path.join(self._options.directory, self._options["config"]))
        for warning in loaded.warnings:
            _log.warn("{warning}", warning=warning.show(loaded.source.name))
        tell_hints(loaded, self._options.inherited)
        return _program(loaded)

    def _stop(self, reactor: Any) -> None:
        """End the process, whoever wants it and however often."""
        if not self._stopping:
            self._stopping = True
            reactor.stop()

    def _listen_to_signals(self, reactor: Any) -> None:
        assert self._running is not None
        self._had_terminal = _has_terminal()
        upgrade = Upgrade(
            reactor,
            PidFile(self._options.parent),
            self._options.directory,
            self._running.sockets,
            self._running.hand_over,
            self._systemd.succeeded_by,
        )
        calls: dict[signal.Signals, Callable[[], None]] = {
            signal.SIGHUP: partial(self._hang_up, reactor)
        }
        if self._options["config"] != "-":  # which nobody could read again
            calls[signal.SIGUSR2] = upgrade.begin
        for number in (signal.SIGINT, signal.SIGTERM):
            calls[number] = partial(self._end, reactor, number.name)
        for number, call in calls.items():
            signal.signal(number, partial(_call_soon, reactor, call))
        self._systemd.keep_alive(reactor)
        self._running.when_ready(self._tell_ready)

    def _tell_ready(self) -> None:
        self._systemd.ready()
        self._options.predecessor.tell_ready()

    def _hang_up(self, reactor: Any) -> None:
        """Log files have been moved, the configuration has been changed, or the terminal closed."""
        assert self._running is not None
        if self._had_terminal and not _has_terminal():
            self._end(reactor, "SIGHUP")
            return
        self._systemd.reloading()
        changed = maybeDeferred(self._change, self._running)
        changed.addErrback(lambda failure: _log.failure("the reload failed", failure))
        changed.addCallback(lambda _: self._systemd.ready())

    @staticmethod
    def _change(running: "Linkerd") -> Any:
        running.reopen_logs()
        return running.reload()

    def _end(self, reactor: Any, name: str) -> None:
        """Twisted's own handlers would end the process by the same signal once it has stopped.

        A supervisor takes that for a failure.
        """
        assert self._running is not None
        if self._signalled:
            _log.warn("Received {name} again. What is under way is cut off", name=name)
            self._running.cut()
            return
        self._signalled = True
        _log.info("Received {name}. Shutting down ...", name=name)
        self._stop(reactor)

    def stopService(self) -> Any:
        """Drain and close."""
        super().stopService()  # type: ignore[no-untyped-call]
        self._systemd.stopping()
        return self._running.stopService() if self._running is not None else None


def _program(loaded: Loaded) -> Program:
    program = program_of(loaded.config, _end_with_failure)
    return replace(program, source=(loaded.source.name, loaded.source.text))


def _end_with_failure() -> None:
    """Let the process, once it ends, do so with exit code 1: twistd itself would have it 0."""

    def leave() -> None:
        sys.stdout.flush()
        os._exit(1)

    atexit.register(leave)


def _has_terminal() -> bool:
    """Whether there is somebody to talk to: also what SIGHUP means depends on it."""
    with suppress(OSError):
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
        return True
    return False


def _call_soon(reactor: Any, call: Callable[[], None], _number: int, _frame: object) -> None:
    """Call from the reactor's own loop what a signal asks for in between."""
    reactor.callFromThread(call)


def makeService(options: Options) -> IService:
    """The service that twistd starts."""
    return Linkerpy(options)
