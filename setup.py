"""What setup.cfg cannot say: with LINKERPY_COMPILE=1, mypyc compiles what runs for each request.

It needs a C compiler and Python's headers. See docs/decisions/009-compiled-data-path.md.
"""

import os
import sys
from configparser import ConfigParser
from glob import glob
from typing import Any

from setuptools import setup

DATA_PATH = (
    "codec/*.py",
    "core/clock.py",
    "core/drive.py",
    "core/reply.py",
    "core/var.py",
    "policy/*.py",
    "protocol/http/attempts.py",
    "protocol/http/authority.py",
    "protocol/http/buffering.py",
    "protocol/http/client1.py",
    "protocol/http/client_cert.py",
    "protocol/http/compress.py",
    "protocol/http/context.py",
    "protocol/http/diagnostics.py",
    "protocol/http/dialing.py",
    "protocol/http/endpoint.py",
    "protocol/http/filters.py",
    "protocol/http/identify.py",
    "protocol/http/port.py",
    "protocol/http/record.py",
    "protocol/http/requeues.py",
    "protocol/http/retries.py",
    "protocol/http/server1.py",
    "protocol/http/stats.py",
    "protocol/http/timeouts.py",
    "protocol/http/trace.py",
    "protocol/http/wire.py",
    "protocol/tcp/spares.py",  # its class extends one of those below
    "router/binding.py",
    "router/cache.py",
    "router/choose.py",
    "router/client.py",
    "router/dst.py",
    "router/exchanges.py",
    "router/health.py",
    "router/routing.py",
    "telemetry/buckets.py",
    "telemetry/histogram.py",
    "telemetry/metrics.py",
    "telemetry/span.py",
    "telemetry/trace_id.py",
)


def extensions() -> list[Any]:
    """The compiled modules."""
    from mypyc.build import mypycify  # noqa: PLC0415 - a plain install has no need of it

    paths = [path for pattern in DATA_PATH for path in sorted(glob(f"linkerpy/{pattern}"))]
    # A compiled exception does not find the defaults that its class has for its attributes.
    return mypycify(
        [path for path in paths if not path.endswith(("__init__.py", "errors.py"))],
        debug_level="0",
    )


def requirements() -> list[str]:
    """What the compiler has to see: it checks types, those of libraries, too."""
    setup_cfg = ConfigParser()
    setup_cfg.read("setup.cfg", "utf-8")
    runs_with = setup_cfg["options"]["install_requires"]
    return [*runs_with.split(), *setup_cfg["options.extras_require"]["compiled"].split()]


if os.environ.get("LINKERPY_COMPILE") == "1":
    asked = {"egg_info", "dist_info"}.intersection(sys.argv)  # by pip, before it builds
    setup(ext_modules=[] if asked else extensions(), setup_requires=requirements())
else:
    setup()
