"""What is configured about connections: socket options, life times, pools, retry budgets.

Source: config spec, sections 7, 7.1, 8.3 and 9.3.
"""

import math
from typing import Annotated

from pydantic import Field

from linkerpy.config.fields import Count, Flag, Number, Positive, seconds
from linkerpy.config.model import Model

UNLIMITED = 2**31 - 1
"""What linkerd calls no limit."""


class SocketOptions(Model):
    """Options of listening sockets and connections; None is the system's choice."""

    no_delay: Flag = True
    """`TCP_NODELAY`: small writes are sent at once."""
    reuse_addr: Flag = True
    """`SO_REUSEADDR`: listen although old connections of the port linger."""
    reuse_port: Flag = False
    """`SO_REUSEPORT`: another process may listen on the same port."""
    read_timeout_ms: Count | None = None
    """Close a connection on which nothing was received for so long."""
    write_timeout_ms: Count | None = None
    """Close a connection whose peer took nothing for so long."""
    keep_alive: Flag | None = None
    """`SO_KEEPALIVE`: find out about peers that have vanished."""
    backlog: Count | None = None
    """Connections that may wait to be accepted."""


class Session(Model):
    """How long a connection may idle and live, in milliseconds; None is for ever."""

    idle_time_ms: Count | None = None
    """How long a connection may be idle."""
    life_time_ms: Count | None = None
    """How long a connection may last."""

    @property
    def idle_time(self) -> float:
        """Seconds a connection may idle."""
        return math.inf if self.idle_time_ms is None else max(self.idle_time_ms, 1) / 1000

    @property
    def life_time(self) -> float:
        """Seconds a connection may live."""
        return math.inf if self.life_time_ms is None else max(self.life_time_ms, 1) / 1000


class HostConnectionPool(Model):
    """Connections to one endpoint."""

    min_size: Count = 0
    """Idle connections that are kept whatever `idleTimeMs` says."""
    max_size: Positive = UNLIMITED
    """Connections at the same time; more requests wait for one."""
    idle_time_ms: Count | None = None
    """How long a surplus connection may be idle, in milliseconds; None is for ever."""
    max_waiters: Count = UNLIMITED
    """Requests that may wait for a connection; others are refused."""

    @property
    def idle_time(self) -> float | None:
        """Seconds a surplus connection may idle; None is for ever."""
        return seconds(self.idle_time_ms)


class RetryBudget(Model):
    """How many retries requests earn."""

    ttl_secs: Annotated[int, Field(ge=1, le=60)] = 10
    """Seconds for which what a request earned can be used."""
    min_retries_per_sec: Count = 10
    """Retries granted in any case."""
    percent_can_retry: Annotated[Number, Field(ge=0, le=1000)] = 0.2
    """Retries per request; 2.0 is two."""
