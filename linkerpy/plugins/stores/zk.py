"""Store `io.l5d.zk`: dtabs in ZooKeeper.

Source: discovery spec, section 4.3.
"""

from typing import Annotated, ClassVar

from pydantic import AfterValidator

from linkerpy.config.discovery import ZkAddress
from linkerpy.config.fields import Many, PathField, Positive, Secret, Text
from linkerpy.config.model import Model
from linkerpy.naming.path import Path
from linkerpy.router.families import StoreConfig


def _letters(perms: str) -> str:
    if not perms or not set(perms) <= set("crwda") or len(set(perms)) < len(perms):
        raise ValueError(f"{perms} is not a valid permission string")
    return perms


class AuthInfo(Model):
    """Who we are to ZooKeeper."""

    scheme: Text
    """How we prove it, such as `digest`."""
    auth: Secret
    """What proves it, such as `user:password`."""


class Acl(Model):
    """Who may do what: distinct letters of `crwda`."""

    scheme: Text
    """How they prove who they are, such as `digest` or `world`."""
    id: Text
    """Who, as the scheme has it."""
    perms: Annotated[Text, AfterValidator(_letters)]
    """What they may: create, read, write, delete, administrate."""


class ZkConfig(StoreConfig):
    """A node for each namespace under `pathPrefix`."""

    KIND: ClassVar[str] = "io.l5d.zk"
    NOT_YET: ClassVar[str] = "namerd"

    zk_addrs: Many[ZkAddress]
    """The ZooKeeper servers."""
    path_prefix: PathField = Path.of("dtabs")
    """The node below which dtabs are."""
    session_timeout_ms: Positive = 10_000
    """After which silence ZooKeeper takes us for gone."""
    auth_info: AuthInfo | None = None
    """Who we are to ZooKeeper; None is nobody in particular."""
    acls: Many[Acl] | None = None
    """None is everything for everyone."""
