#!/bin/sh
# tools.sh PROGRAM...: have these programs, from the Debian packages of the same names but for
# apache2, whose package would bring a service, too, and for databases and systemd-analyze.
# One that cannot be had is said so, and what needs it skips by name; with CI=true it is an error.
set -eu
PATH=$PATH:/usr/sbin:/sbin

absent() {
    for program; do
        command -v "$program" >/dev/null || printf ' %s' "$program"
    done
}

packages() {
    for program; do
        case $program in
            apache2) printf ' apache2-bin' ;;
            mariadbd) printf ' mariadb-server' ;;
            psql) printf ' postgresql' ;;
            systemd-analyze) printf ' systemd' ;;
            *) printf ' %s' "$program" ;;
        esac
    done
}

missing=$(absent "$@")
[ -n "$missing" ] || exit 0

# One by one, so that one that is not to be had does not keep the others away.
for program in $missing; do
    sh "$(dirname "$0")/apt.sh" $(packages "$program") || continue
    # Nor shall it start with the machine: its port is not ours.
    case $program in
        mariadbd) service=mariadb ;;
        psql) service=postgresql ;;
        nginx | prometheus | haproxy | redis-server) service=$program ;;
        *) continue ;;
    esac
    [ ! -d /run/systemd/system ] ||
        $([ "$(id -u)" = 0 ] || echo sudo -n) systemctl --quiet disable "$service" || true
done

missing=$(absent "$@")
if [ -n "$missing" ]; then
    echo "missing:$missing; what needs it is skipped (cure: apt-get install$(packages $missing))" >&2
    [ "${CI:-}" != true ]
fi
