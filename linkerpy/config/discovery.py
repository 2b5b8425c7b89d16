"""Objects that the kinds of several discovery families share: ZooKeeper, Consul and namerd's own.

Source: config spec, sections 2 and 18; discovery spec, sections 0.2 and 3.
"""

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from linkerpy.config.fields import Count, Flag, PathField, Port, Positive, Secret, Text
from linkerpy.config.model import Model
from linkerpy.config.tls import ClientTls
from linkerpy.naming.path import Path

ConsistencyMode = Literal["default", "stale", "consistent"]
"""How fresh Consul's answers must be."""


class ZkAddress(Model):
    """A ZooKeeper server; its port must be given."""

    NEEDS: ClassVar[dict[str, str]] = {
        "host": "host must be specified",
        "port": "port must be specified",
    }

    host: Text
    """Its name or address."""
    port: Port
    """Where it takes clients, 2181 as a rule."""


class ZkAddressWithDefault(ZkAddress):
    """A ZooKeeper server at the usual port if none is given."""

    port: Port = 2181


class ConsulKv(Model):
    """A Consul agent whose key-value store holds dtabs."""

    host: Text = "localhost"
    """The Consul agent."""
    port: Port = 8500
    """The port of the agent's HTTP API."""
    path_prefix: PathField = Path.of("namerd", "dtabs")
    """What the keys with dtabs begin with."""
    token: Secret | None = None
    """The access token that requests carry."""
    datacenter: Text | None = None
    """Whose keys are meant; None is the agent's own datacentre."""
    read_consistency_mode: ConsistencyMode | None = None
    """How fresh what is read must be; None is Consul's default."""
    write_consistency_mode: ConsistencyMode | None = None
    """The same for writing."""
    fail_fast: Flag = False
    """Whether an agent that cannot be connected to is left alone for a while."""
    tls: ClientTls | None = None
    """How the agent is spoken to; None is plain text."""


class Retry(Model):
    """The shortest and the longest wait before namerd is asked again."""

    base_seconds: int = 5
    """The first wait."""
    max_seconds: int = 600
    """The longest wait."""

    @model_validator(mode="after")
    def _is_range(self) -> Self:
        if not 0 < self.base_seconds <= self.max_seconds:
            raise ValueError(
                f"illegal retry values: baseSeconds={self.base_seconds} "
                f"maxSeconds={self.max_seconds}"
            )
        return self


class MeshRetry(Retry):
    """The same, beginning sooner."""

    base_seconds: int = 1


class FailureThreshold(Model):
    """How often a connection to namerd is checked, and how long an answer may take."""

    REMOVED: ClassVar[dict[str, str]] = {
        "threshold": "connections are checked by pings alone",
        "windowSize": "connections are checked by pings alone",
    }

    min_period_ms: Positive = 5000
    """Between two pings."""
    close_timeout_ms: Count = 4000
    """For the answer to a ping; without one the connection is closed."""


class MeshFailureThreshold(FailureThreshold):
    """The same, waiting longer."""

    close_timeout_ms: Count = 6000
