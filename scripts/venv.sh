#!/bin/sh
# venv.sh PYTHON: make .venv with that interpreter.
set -eu
cd "$(dirname "$0")/.."
python=$1

if ! command -v "$python" >/dev/null; then
    echo "linkerpy needs Python 3.11 or newer, and there is no $python; name one: make PYTHON=..." >&2
    exit 1
fi
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "linkerpy needs Python 3.11 or newer; $python is $version; name another: make PYTHON=..." >&2
    exit 1
fi

# Debian keeps ensurepip, without which a venv has no pip, in a package of its own.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    sh scripts/apt.sh "python$version-venv" || {
        echo "$python cannot make virtual environments; install python$version-venv, try again" >&2
        exit 1
    }
fi

# Half a venv would be taken for a whole one next time.
trap 'rm -rf .venv' INT TERM HUP EXIT
"$python" -m venv --clear .venv
trap - INT TERM HUP EXIT
