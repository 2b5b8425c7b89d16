#!/bin/sh
# compile.sh: install linkerpy into build/compiled, with its data path compiled by mypyc.
# Put that directory on PYTHONPATH to run it. Takes some minutes.
set -eu
cd "$(dirname "$0")/.."

headers=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("include"))')
if ! command -v cc >/dev/null || [ ! -e "$headers/Python.h" ]; then
    sh scripts/apt.sh gcc libc6-dev "$(.venv/bin/python -c \
        'import sys; print("python%d.%d-dev" % sys.version_info[:2])')"
fi

echo "compiling the data path into build/compiled"
rm -rf build/compiled build/lib* build/__native* build/ops.txt
LINKERPY_COMPILE=1 .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
    --no-deps --no-build-isolation --target build/compiled .
PYTHONPATH=build/compiled .venv/bin/python -P -c '
import linkerpy.codec.http1 as compiled
assert compiled.__file__.endswith(".so"), f"{compiled.__file__} is not compiled"'
mkdir -p .stamps
touch .stamps/compiled
