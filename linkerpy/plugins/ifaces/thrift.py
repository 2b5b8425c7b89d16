"""Interface `io.l5d.thriftNameInterpreter`: binding over Thrift.

Source: discovery spec, sections 4.1 and 4.6.
"""

from typing import ClassVar

from pydantic import Field

from linkerpy.config.fields import Count, Port
from linkerpy.config.model import Model
from linkerpy.router.families import InterfaceConfig


class Cache(Model):
    """How many bindings and addresses are kept, observed ones apart from others."""

    binding_cache_active: Count = 1000
    """Names that callers wait on; more are refused."""
    binding_cache_inactive: Count = 100
    """Names kept although nobody waits on them now."""
    binding_cache_inactive_ttl_secs: Count = Field(default=600, alias="bindingCacheInactiveTTLSecs")
    """Seconds after which such a name is dropped."""
    addr_cache_active: Count = 1000
    """Sets of addresses that callers wait on; more are refused."""
    addr_cache_inactive: Count = 100
    """Sets of addresses kept although nobody waits on them now."""
    addr_cache_inactive_ttl_secs: Count = Field(default=600, alias="addrCacheInactiveTTLSecs")
    """Seconds after which such a set is dropped."""


class ThriftNameInterpreterConfig(InterfaceConfig):
    """What linkerd's `io.l5d.namerd` interpreter asks."""

    KIND: ClassVar[str] = "io.l5d.thriftNameInterpreter"
    NOT_YET: ClassVar[str] = "namerd"

    port: Port = 4100
    cache: Cache = Cache()
    """How many answers are kept up to date."""
