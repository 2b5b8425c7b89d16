"""Delegation trees and addresses as JSON values, keys in the order in which they are printed.

Source: naming spec, section 6.2.
"""

from typing import Any, Final

from linkerpy.naming import nametree
from linkerpy.naming.addr import Addr, AddrBound, AddrFailed, AddrNeg
from linkerpy.naming.delegate import (
    Alt,
    Delegate,
    DelegateTree,
    Empty,
    Error,
    Fail,
    Leaf,
    Neg,
    Union,
)
from linkerpy.naming.dtab import Dentry
from linkerpy.naming.path import Path

Json = dict[str, Any]

_FAIL: Final = Path.of("$", "fail")


def tree_json(tree: DelegateTree) -> Json:
    """The node for `tree`."""
    match tree:
        case Empty(path, dentry):
            return _node("empty", path.show(), dentry)
        case Fail(path, dentry):
            return _node("fail", path.show() if path.starts_with(_FAIL) else "!", dentry)
        case Neg(path, dentry):
            return _node("neg", "~" if path.is_empty else path.show(), dentry)
        case Error(path, dentry, message):
            return _node("exception", path.show(), dentry) | {"message": message}
        case Delegate(path, dentry, child):
            return _node("delegate", path.show(), dentry) | {"delegate": tree_json(child)}
        case Leaf(path, dentry):
            return _node("leaf", path.show(), dentry) | {"bound": _bound_json(tree)}
        case Alt(path, dentry, trees):
            return _node("alt", path.show(), dentry) | {"alt": [tree_json(t) for t in trees]}
        case Union(path, dentry, weighted):
            shares = [{"weight": weight, "tree": tree_json(t)} for weight, t in weighted]
            return _node("union", path.show(), dentry) | {"union": shares}
        case _:
            node = {"type": "transformation", "path": tree.path.show(), "name": tree.name}
            return node | {"bound": _bound_json(tree.before), "tree": tree_json(tree.tree)}


def addr_json(addr: Addr) -> Json:
    """The object for `addr`; its addresses are sorted."""
    match addr:
        case AddrBound(addresses, meta):
            addrs = [
                {"ip": address.ip, "port": address.port, "meta": dict(address.meta)}
                for address in sorted(addresses, key=lambda a: (a.ip, a.port, str(a.meta)))
            ]
            return {"type": "bound", "addrs": addrs, "meta": dict(meta)}
        case AddrNeg():
            return {"type": "neg"}
        case AddrFailed(error):
            return {"type": "failed", "cause": str(error) or type(error).__name__}
        case _:
            return {"type": "pending"}


def dentry_json(dentry: Dentry) -> Json:
    """The object for `dentry`; weights are exact."""
    return {"prefix": dentry.prefix.show(), "dst": nametree.show(dentry.dst, exact=True)}


def _node(kind: str, path: str, dentry: Dentry | None) -> Json:
    node: Json = {"type": kind, "path": path}
    return node if dentry is None else node | {"dentry": dentry_json(dentry)}


def _bound_json(leaf: Leaf) -> Json:
    bound = leaf.bound
    return {
        "addr": addr_json(leaf.addr),
        "id": bound.id.show(),
        "path": bound.residual.show(),
    }
