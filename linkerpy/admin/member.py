"""`/ui/member.json`: everything about one server, service or client, for whoever looks at it."""

from collections.abc import Callable
from typing import Any

from linkerpy.admin.history import KINDS, counted, find, gauged, recent
from linkerpy.admin.state import Json, ProcessState
from linkerpy.net.web import Answer, Asked, Page, as_json
from linkerpy.telemetry.metrics import Counter, Metrics, Node

Client = Callable[[str, str], Json | None]
"""The state and the endpoints of a client, by its router's label and its id."""

UNKNOWN: Json = {"state": "closed", "trouble": "", "endpoints": []}
"""What is told of a client that has gone."""


def member_page(state: ProcessState, client: Client) -> Page:
    """The page; parameters `router`, `kind` and `name`, as the metrics spell it."""

    def page(asked: Asked) -> Answer:
        kind, name = asked.args.get("kind", ""), asked.args.get("name", "")
        label = asked.args.get("router", "")
        if label not in state.labels() or kind not in KINDS:
            return as_json({"error": "there is no such router, or kind of member"}, 404)
        router = state.metrics.scope("rt", label)
        node = find(router.root, (*router.names, kind, name))
        if node is None or not node.children:
            return as_json({"error": f"there is no {kind} /{name} at present"}, 404)
        node.settle()
        told = _figures(node)
        if kind == "service":
            told["clients"] = _flows(router, name)
        elif kind == "client":
            told |= _client(node, client(label, f"/{name}") or UNKNOWN)
        return as_json(told)

    return page


def _figures(node: Node) -> Json:
    return {
        "status": _counters(node.children.get("status")),
        "failures": _failures(node.children.get("failures")),
        "connect_failures": _counters(node.children.get("connect_failures")),
        "retries": {
            name: value
            for name, value in _counters(node.children.get("retries")).items()
            if value and name != "total"
        },
    }


def _counters(node: Node | None) -> dict[str, int]:
    children = {} if node is None else node.children
    return {
        name: child.metric.value
        for name, child in children.items()
        if isinstance(child.metric, Counter) and child.metric.value
    }


def _failures(node: Node | None) -> dict[str, int]:
    """How often failures ended in which last cause."""
    last: dict[str, int] = {}

    def visit(child: Node, name: str) -> None:
        below = [(inner, deeper) for inner, deeper in child.children.items() if counted(deeper)]
        if not below:
            last[name] = last.get(name, 0) + counted(child)
        for inner, deeper in below:
            visit(deeper, inner)

    for name, child in {} if node is None else node.children.items():
        visit(child, name)
    return {name: times for name, times in last.items() if times}


def _client(node: Node, told: Json) -> Json:
    services = node.children.get("service")
    balancer = find(node, ("loadbalancer", "algorithm"))
    return {
        **told,
        "balancer": ", ".join(() if balancer is None else balancer.children),
        "accrual": _counters(node.children.get("failure_accrual")),
        "pool": gauged(node, "pool_size"),
        "services": [
            _flow(service, inner)
            for service, inner in ({} if services is None else services.children).items()
        ],
    }


def _flows(router: Metrics, service: str) -> list[Json]:
    """What a service sent to each client."""
    clients = find(router.root, (*router.names, "client"))
    flows = []
    for client, node in ({} if clients is None else clients.children).items():
        flow = find(node, ("service", service))
        if flow is not None:
            size = gauged(node, "loadbalancer", "size")
            available = gauged(node, "loadbalancer", "available")
            flows.append({**_flow(client, flow), "size": size, "available": available})
    return flows


def _flow(name: str, node: Node) -> dict[str, Any]:
    node.settle()
    _, _, p99 = recent((node,)) or (None, None, None)
    return {
        "name": name,
        "requests": counted(node, "requests"),
        "success": counted(node, "success"),
        "failures": counted(node, "failures"),
        "p99": p99,
    }
