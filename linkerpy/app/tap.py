"""The twistd plugin's options and service: `twistd -n linkerpy -c config.yml`.

`Options` is made before any reactor is installed unless `-r` named one, so it is the place to
install ours. A mistake of the user's ends in one message on stderr and exit code 1.
"""

import gc
import signal
import sys
from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

from twisted.application.service import IService, Service
from twisted.python import usage

from linkerpy import __version__
from linkerpy.app.hints import hints, in_container
from linkerpy.app.schema import Linker, load
from linkerpy.config.kinds import BrokenKindError, DuplicateKindError
from linkerpy.config.report import ConfigError
from linkerpy.net.log import logger
from linkerpy.net.reactor import install_best

_log = logger("linkerpy")


class Options(usage.Options):
    """Command line of the plugin."""

    synopsis = "[-c] CONFIG"
    longdesc = "A service-mesh router. CONFIG is a linkerd configuration, YAML or JSON."
    optParameters: ClassVar = [["config", "c", None, "configuration file; - is standard input"]]

    config: Linker

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


def fail(message: str) -> NoReturn:
    """End the process with a message and exit code 1."""
    sys.stderr.write(message.rstrip("\n") + "\n")
    sys.exit(1)


class Linkerpy(Service):
    """Builds the process when it starts, so that what fails then fails with one message."""

    def __init__(self, config: Linker) -> None:
        self._config = config
        self._running: IService | None = None

    def startService(self) -> None:
        """Build and bind everything."""
        from twisted.internet import reactor  # noqa: PLC0415

        from linkerpy.app.build import Linkerd, make_env  # noqa: PLC0415
        from linkerpy.net.errors import ListenError  # noqa: PLC0415

        super().startService()  # type: ignore[no-untyped-call]
        try:
            env = make_env(reactor)
            running = Linkerd(self._config, env, reactor.stop)
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
