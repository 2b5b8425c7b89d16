"""The console script `linkerpy`: checks files, prints their schema, runs the router.

A mistake of the user's ends in one message and exit code 1, never in a traceback.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from linkerpy import __version__
from linkerpy.app import tls_command
from linkerpy.app.explain.arguments import add_arguments
from linkerpy.app.hints import hints, in_container
from linkerpy.app.schema import Linker, LinkerTcp, Loaded, json_schema, load
from linkerpy.config.kinds import BrokenKindError, DuplicateKindError
from linkerpy.config.report import ConfigError, Mistake

_FOREGROUND = ("-n", "--pidfile=", "linkerpy")
"""No file says who runs: the directory may be another's, or read-only."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` name; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except ConfigError as error:
        _warn(error.name, error.warnings)
        print(error, file=sys.stderr)
    except (BrokenKindError, DuplicateKindError) as error:
        print(f"linkerpy: {error}", file=sys.stderr)
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="linkerpy", description="A service-mesh router.")
    parser.add_argument("--version", action="version", version=f"linkerpy {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    check = commands.add_parser("check", help="find every mistake in a configuration file")
    check.add_argument("file", metavar="FILE", help="the file, or - for standard input")
    check.set_defaults(command=_check)
    explained = commands.add_parser("explain", help="show how a request would be routed, and why")
    add_arguments(explained)
    explained.set_defaults(command=_explain)
    schema = commands.add_parser("schema", help="print the JSON Schema of configuration files")
    schema.set_defaults(command=_schema)
    tls = commands.add_parser("tls", help="look at a TLS server as a router would")
    tls_command.add_arguments(tls)
    run = commands.add_parser("run", help="run the router in the foreground")
    run.add_argument("file", metavar="FILE", help="the file, or - for standard input")
    run.add_argument("--log-format", choices=["text", "json"], default="text")
    run.add_argument("--log-level", default="INFO", metavar="LEVEL")
    run.set_defaults(command=_run)
    return parser


def _check(options: argparse.Namespace) -> int:
    loaded = load(options.file)
    name = loaded.source.name
    mistakes, doubts = _certificate_doubts(loaded)
    if mistakes:
        raise ConfigError(name, mistakes, [*loaded.warnings, *doubts])
    _warn(name, sorted({*loaded.warnings, *doubts}))
    for hint in hints(loaded, container=in_container()):
        print(f"{hint.show(name)} (hint)", file=sys.stderr)
    print(f"{name}: ok ({_summary(loaded.config)})")
    return 0


def _certificate_doubts(loaded: Loaded) -> tuple[list[Mistake], list[Mistake]]:
    if "tls" not in loaded.source.text:  # nor need we read the code that reads certificates
        return [], []
    from linkerpy.app.certificates import certificate_doubts  # noqa: PLC0415

    return certificate_doubts(loaded.config, loaded.source)


def _summary(config: Linker | LinkerTcp) -> str:
    servers = sum(len(getattr(router, "servers", ())) for router in config.routers)
    namers = len(config.namers) if isinstance(config, Linker) else 0
    counts = [("router", len(config.routers)), ("server", servers), ("namer", namers)]
    return ", ".join(f"{n} {name}{'' if n == 1 else 's'}" for name, n in counts if n)


def _explain(options: argparse.Namespace) -> int:
    from linkerpy.app.explain.command import run  # noqa: PLC0415 (the others need not wait for it)

    return run(options)


def _schema(_: argparse.Namespace) -> int:
    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0


def _run(options: argparse.Namespace) -> int:
    beside = Path(sys.executable).with_name("twistd")
    twistd = str(beside) if beside.exists() else shutil.which("twistd")
    if twistd is None:
        print("linkerpy: twistd is not installed beside this Python", file=sys.stderr)
        return 1
    sys.stdout.flush()
    log = [f"--log-format={options.log_format}", f"--log-level={options.log_level}"]
    command = [twistd, *_FOREGROUND, "-c", options.file, *log]
    return os.execv(twistd, command)  # noqa: S606 (no shell meant)


def _warn(name: str, warnings: Sequence[Mistake]) -> None:
    for warning in warnings:
        print(f"{warning.show(name)} (warning)", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
