#!/bin/sh
# apt.sh PACKAGE...: install Debian packages as root or by passwordless sudo, without a word.
# Fails, with the reason on one line, where that cannot be done.
set -eu

if ! command -v apt-get >/dev/null; then
    echo "cannot install $*: this system has no apt-get" >&2
    exit 1
elif [ "$(id -u)" = 0 ]; then
    sudo=
elif sudo -n true 2>/dev/null; then
    sudo="sudo -n"
else
    echo "cannot install $*: not root, and no sudo without a password" >&2
    exit 1
fi

log=$(mktemp)
# Debian starts the daemons it installs unless this file objects; tests start their own.
policy=/usr/sbin/policy-rc.d
if [ -e "$policy" ]; then
    trap 'rm -f "$log"' EXIT
else
    trap 'rm -f "$log"; $sudo rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM HUP
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
    $sudo chmod 755 "$policy"
fi

install() {
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 \
        install -y --no-install-recommends "$@" >"$log" 2>&1 </dev/null
}

echo "installing with apt: $*"
# The package lists may be absent or too old to be of use: only then fetch them.
if ! install "$@" && ! { $sudo apt-get -qq update >"$log" 2>&1 && install "$@"; }; then
    cat "$log" >&2
    echo "cannot install $*: apt-get failed (above)" >&2
    exit 1
fi
