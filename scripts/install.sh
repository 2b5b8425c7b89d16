#!/bin/sh
# install.sh run|dev: install linkerpy, editable, into .venv; `dev` brings every tool along.
set -eu
cd "$(dirname "$0")/.."

case $1 in
    run) what=. ; stamps=.stamps/run ;;
    dev) what='.[dev]' ; stamps='.stamps/run .stamps/dev' ;;
    *) echo "usage: install.sh run|dev" >&2; exit 2 ;;
esac

echo "installing linkerpy for '$1' into .venv"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input -e "$what"
mkdir -p .stamps
touch $stamps
