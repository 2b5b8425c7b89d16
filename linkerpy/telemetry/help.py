"""What metrics mean, in a sentence: the `# HELP` lines of the Prometheus exporter.

Source: telemetry-admin spec, section 2.
"""

import re
from typing import Final

_TEXTS: Final = {
    "requests": "Requests answered.",
    "success": "Requests whose response was classified as a success.",
    "failures": "Requests that failed, whatever the reason.",
    "failures_by_exception": "Requests that failed, by reason; adds up to the total of failures.",
    "exceptions": "Exceptions of connections, by class.",
    "pending": "Requests in flight.",
    "request_latency_ms": "Milliseconds until the response.",
    "connections": "Connections open now.",
    "connects": "Connections made.",
    "closes": "Connections closed by this side.",
    "received_bytes": "Bytes received.",
    "sent_bytes": "Bytes sent.",
    "connect_latency_ms": "Milliseconds until a connection was made.",
    "connection_duration": "Milliseconds that a connection lasted, told when it has ended.",
    "available": "Endpoints that can be used.",
    "size": "Endpoints, in whatever state.",
    "load": "Requests outstanding at all endpoints.",
    "removals": "Endpoints taken out of service by failure accrual.",
    "revivals": "Endpoints put back into service.",
    "probes": "Requests sent to find out whether an endpoint is well again.",
    "removed_for_ms": "Milliseconds for which endpoints were taken out of service.",
    "pool_size": "Connections in the pool.",
    "pool_waiters": "Requests that wait for a connection.",
    "budget": "Retries that may be made now.",
    "budget_exhausted": "Retries not made because the budget was spent.",
    "per_request": "Retries of each request that has ended.",
    "requeues": "Requests sent again because they never reached a backend.",
    "misses": "Entries that had to be made.",
    "evicts": "Entries given up for lack of room.",
    "expires": "Entries given up because nobody used them.",
    "certificate_seconds_left": "Seconds until the certificate expires; below 0 since it has.",
    "validation_disabled": "1 if TLS certificates are not checked (disableValidation).",
    "reloads": "Times that changed files were taken into use.",
    "failed_reloads": "Times that changed files would not do; the old ones serve on.",
    "last_reload_successful": "1 if the last reload was applied, or there was none; 0 if refused.",
    "applied_timestamp_seconds": "When the configuration was applied, in seconds since 1970.",
    "handshake_latency_ms": "Milliseconds of TLS handshakes.",
    "failed_handshake_latency_ms": "Milliseconds of TLS handshakes that failed.",
    "uptime": "Milliseconds since the start of the process.",
    "fd_count": "Files and sockets that are open.",
    "fd_limit": "Files and sockets that may be open.",
    "rss_bytes": "Bytes of memory in use.",
    "reactor_lag_ms": "Milliseconds by which the event loop was late.",
}

_STATUS = re.compile(r"(status|time)_([0-9X]{3}|error)")


def help_of(name: str) -> str:
    """The sentence, by a metric's name in Prometheus' spelling; never empty, always one line."""
    for suffix, more in (
        ("_hist", " Of all samples since the start of the process."),
        ("_avg", " The mean of the last whole minute."),
    ):
        base = name.removesuffix(suffix)
        if base != name:
            return help_of(base) + more
    last = name.rpartition(":")[2]
    status = _STATUS.fullmatch("_".join(name.split(":")[-2:]))
    if status is not None:
        what = "Responses" if status[1] == "status" else "Milliseconds until responses"
        return f"{what} of status {status[2]}."
    return _TEXTS.get(last, f"linkerd's metric {last or name}.")
