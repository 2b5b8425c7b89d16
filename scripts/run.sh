#!/bin/sh
# run.sh: the demo. A welcome backend on 8888 unless something listens there, and the router in
# front of it, until Ctrl-C or until the router ends. Leaves no process and no file behind.
set -u
cd "$(dirname "$0")/.." || exit 1

router= backend=
stop() {
    trap '' INT TERM HUP
    # Both ignore SIGINT, being background jobs; TERM is their orderly end.
    for pid in $router $backend; do kill -TERM "$pid" 2>/dev/null; done
    wait
}
trap stop EXIT
trap 'exit 0' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

cat <<'TEXT'

  router     http://localhost:8080/    try: curl http://localhost:8080/
  dashboard  http://localhost:9990/    open it and watch the requests arrive
  config     conf/webtest.yml          Ctrl-C stops everything

TEXT

.venv/bin/python -m linkerpy.app.welcome --port 8888 &
backend=$!
# In the background, because a shell that waits for a foreground job does not hear signals.
.venv/bin/twistd -n --pidfile= linkerpy -c conf/webtest.yml &
router=$!
wait "$router"
