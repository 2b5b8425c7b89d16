"""An explanation as JSON: the delegator's own trees, with the request before and policies after."""

from typing import Any

from linkerpy.app.explain.answer import Answer, Goal
from linkerpy.app.explain.policies import Policy
from linkerpy.naming.delegate_json import addr_json, tree_json

Json = dict[str, Any]


def as_json(answer: Answer) -> Json:
    """The object, keys in the order in which they are printed."""
    door, dst, trouble = answer.door, answer.dst, answer.trouble
    return {
        "resolves": trouble is None,
        "request": answer.request,
        "router": {"label": door.router.name, "protocol": door.router.protocol},
        "server": {
            "ip": door.server.ip,
            "port": door.server.port,
            "at": f"{answer.file}:{answer.spot.line}",
            "policies": _policies(answer, answer.server),
        },
        "identifiers": list(answer.identifiers),
        "name": None if dst is None else dst.path.show(),
        "dtab": {
            "base": door.router.dtab.show(),
            "local": "" if dst is None else dst.local.show(),
        },
        "delegation": None if answer.steps is None else tree_json(answer.steps),
        "service": {"policies": _policies(answer, answer.service)},
        "destinations": [_goal(answer, goal) for goal in answer.goals],
        "problem": None if trouble is None else {"why": trouble.why, "cure": trouble.cure},
    }


def _goal(answer: Answer, goal: Goal) -> Json:
    one = goal.destination
    return {
        "share": round(one.share, 6),
        "id": one.bound.id.show(),
        "residual": one.bound.residual.show(),
        "addr": addr_json(one.addr),
        "policies": _policies(answer, goal.policies),
    }


def _policies(answer: Answer, policies: tuple[Policy, ...]) -> Json:
    return {
        policy.key: {
            "value": policy.value,
            "at": None if policy.spot is None else f"{answer.file}:{policy.spot.line}",
        }
        for policy in policies
    }
