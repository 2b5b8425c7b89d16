"""Reading what namerd's control API says: bound trees, addresses and delegations.

The reverse of `delegate_json`, and forgiving in what does not matter: keys that are not known are
passed over. What cannot be meant is refused with the place where it stands.

Source: discovery-namerd spec, section 4.5.
"""

import json
import math
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Final

from linkerpy.core.errors import BindingFailed
from linkerpy.core.var import Source, Var
from linkerpy.naming import delegate, nametree
from linkerpy.naming.addr import (
    ADDR_NEG,
    ADDR_PENDING,
    WEIGHT,
    Addr,
    AddrBound,
    Address,
    AddrFailed,
    Meta,
)
from linkerpy.naming.bound import Bound
from linkerpy.naming.delegate import MAX_NODES_DEEP, DelegateTree
from linkerpy.naming.dtab import Dentry
from linkerpy.naming.namer import BoundTree
from linkerpy.naming.nametree import MAX_NESTING
from linkerpy.naming.parser import NameSyntaxError
from linkerpy.naming.path import Path

AddrOf = Callable[[Path], Var[Addr]]
"""The replicas of a bound id, as they change."""

_NO_REST: Final = "/"
_NO_REASON: Final = "namerd does not say why"


class NamerdAnswerError(ValueError):
    """An answer that is JSON, but not what namerd says."""


def read_addr(value: Any) -> Addr:
    """An address object. Raises: NamerdAnswerError."""
    match _kind(value):
        case "bound":
            replicas: dict[tuple[str, int], Address] = {}
            for one in _items(value, "addrs"):
                address = _read_address(one)
                replicas.setdefault((address.ip, address.port), address)
            return AddrBound(frozenset(replicas.values()), _read_meta(value))
        case "neg":
            return ADDR_NEG
        case "pending":
            return ADDR_PENDING
        case "failed":
            return AddrFailed(BindingFailed(str(value.get("cause") or _NO_REASON)))
        case other:
            raise NamerdAnswerError(f"no such type of address: {other!r}")


def _read_address(value: Any) -> Address:
    fields = value if isinstance(value, dict) else {}
    ip, port = fields.get("ip"), fields.get("port")
    try:
        known = str(ip_address(ip)) if isinstance(ip, str) else ""
    except ValueError:
        known = ""
    if not known or type(port) is not int or not 0 <= port <= 65535:
        raise NamerdAnswerError(f"not an ip and a port: {_show(value)}")
    return Address(known, port, _read_meta(fields))


def _read_meta(value: dict[str, Any]) -> Meta:
    meta = value.get("meta")
    if meta is None:
        return ()
    if not isinstance(meta, dict):
        raise NamerdAnswerError(f"`meta` is no object: {_show(meta)}")
    read = {key: _plain(item) for key, item in meta.items()}
    if WEIGHT in read:
        read[WEIGHT] = _read_weight(read[WEIGHT])
    return tuple(sorted(read.items(), key=lambda pair: pair[0]))


def _plain(value: Any) -> Any:
    """What has parts is kept as its text: metadata must be comparable."""
    return json.dumps(value) if isinstance(value, dict | list) else value


def _read_weight(value: Any) -> float:
    """A number; the mesh interface's clients have it as text."""
    try:
        weight = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        weight = math.nan
    if not 0 <= weight < math.inf:
        raise NamerdAnswerError(f"not a weight: {_show(value)}")
    return weight


def read_bound_tree(value: Any, addr_of: AddrOf) -> BoundTree:
    """The tree of a `bind` answer; its leaves follow what `addr_of` knows of their ids.

    Raises: NamerdAnswerError.
    """
    return _read_bound(value, addr_of, 0)


def _read_bound(value: Any, addr_of: AddrOf, depth: int) -> BoundTree:
    if depth > MAX_NESTING:
        raise NamerdAnswerError(f"more than {MAX_NESTING} trees in each other")
    match _kind(value):
        case "leaf":
            bound_id, rest = _read_bound_name(value)
            return nametree.Leaf(Bound(bound_id, addr_of(bound_id), rest))
        case "alt":
            trees = [_read_bound(one, addr_of, depth + 1) for one in _items(value, "alt")]
            return nametree.Alt(tuple(trees))
        case "union":
            shares = [
                nametree.Weighted(_share(one), _read_bound(one.get("tree"), addr_of, depth + 1))
                for one in _items(value, "union")
            ]
            return nametree.Union(tuple(shares))
        case "neg":
            return nametree.NEG
        case "empty":
            return nametree.EMPTY
        case "fail":
            return nametree.FAIL
        case "exception":
            raise NamerdAnswerError(str(value.get("message") or _NO_REASON))
        case other:
            raise NamerdAnswerError(f"no such type of tree: {other!r}")


def _read_bound_name(value: dict[str, Any]) -> tuple[Path, Path]:
    bound = value.get("bound")
    if not isinstance(bound, dict):
        raise NamerdAnswerError(f"a leaf without `bound`: {_show(value)}")
    return _read_path(bound.get("id")), _read_path(bound.get("path", _NO_REST))


def _share(value: Any) -> float:
    if not isinstance(value, dict):
        raise NamerdAnswerError(f"not a weight and a tree: {_show(value)}")
    return _read_weight(value.get("weight"))


def read_delegation(value: Any) -> DelegateTree:
    """The tree of a `delegate` answer. Raises: NamerdAnswerError."""
    return _read_node(value, 0)


def _read_node(value: Any, depth: int) -> DelegateTree:
    if depth > MAX_NODES_DEEP:
        raise NamerdAnswerError(f"more than {MAX_NODES_DEEP} trees in each other")
    kind = _kind(value)
    dentry = _read_dentry(value.get("dentry"))
    text = value.get("path")
    if kind == "neg" and text == "~":  # what a dentry says, not a name
        return delegate.Neg(Path.EMPTY, dentry)
    if kind == "fail" and text == "!":
        return delegate.Fail(Path.EMPTY, dentry)
    path = _read_path(text)
    match kind:
        case "neg":
            return delegate.Neg(path, dentry)
        case "fail":
            return delegate.Fail(path, dentry)
        case "empty":
            return delegate.Empty(path, dentry)
        case "exception":
            return delegate.Error(path, dentry, str(value.get("message", "")))
        case "delegate":
            return delegate.Delegate(path, dentry, _read_node(value.get("delegate"), depth + 1))
        case "leaf":
            return _read_leaf(path, dentry, value)
        case _:
            return _read_several(kind, path, dentry, value, depth)


def _read_several(
    kind: str, path: Path, dentry: Dentry | None, value: dict[str, Any], depth: int
) -> DelegateTree:
    match kind:
        case "alt":
            trees = [_read_node(one, depth + 1) for one in _items(value, "alt")]
            return delegate.Alt(path, dentry, tuple(trees))
        case "union":
            shares = [
                (_share(one), _read_node(one.get("tree"), depth + 1))
                for one in _items(value, "union")
            ]
            return delegate.Union(path, dentry, tuple(shares))
        case "transformation":
            before = _read_leaf(path, dentry, value)
            tree = _read_node(value.get("tree"), depth + 1)
            return delegate.Transformation(path, dentry, str(value.get("name")), before, tree)
    raise NamerdAnswerError(f"no such type of tree: {kind!r}")


def _read_leaf(path: Path, dentry: Dentry | None, value: dict[str, Any]) -> delegate.Leaf:
    bound_id, rest = _read_bound_name(value)
    addr = read_addr(value["bound"].get("addr"))
    return delegate.Leaf(path, dentry, Bound(bound_id, Source(addr), rest), addr)


def _read_dentry(value: Any) -> Dentry | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise NamerdAnswerError(f"not a dentry: {_show(value)}")
    try:
        return Dentry.parse(f"{value.get('prefix')} => {value.get('dst')}")
    except NameSyntaxError as error:
        raise NamerdAnswerError(f"not a dentry: {_show(value)}: {error}") from None


def _read_path(value: Any) -> Path:
    try:
        return Path.parse(value if isinstance(value, str) else "")
    except NameSyntaxError:
        raise NamerdAnswerError(f"not a path: {_show(value)}") from None


def _kind(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str):
        raise NamerdAnswerError(f"an object with a `type` was expected: {_show(value)}")
    return kind


def _items(value: dict[str, Any], key: str) -> list[Any]:
    items = value.get(key)
    if not isinstance(items, list):
        raise NamerdAnswerError(f"`{key}` is no list: {_show(items)}")
    return items


def _show(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 200 else text[:200] + " …"
