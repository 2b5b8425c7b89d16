"""Plugin families of the naming side: their common keys, and what their kinds build.

A family is a base class here and a row per kind in `linkerpy.plugins.BUILTIN`. Families that only
one protocol uses (identifiers, classifiers) are defined beside that protocol's configuration.

Source: naming spec 3.5 and 7; discovery spec 0.2, 3 and 3.2.
"""

import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from linkerpy.config.connection import SocketOptions
from linkerpy.config.fields import Flag, Ip, Many, PathField, Port
from linkerpy.config.kinds import KindOf
from linkerpy.config.model import KindModel
from linkerpy.config.tls import ServerTls
from linkerpy.core.activity import Activity
from linkerpy.naming.namer import BoundTree, Interpreter, Namer, PrefixedNamer, TreeTransform
from linkerpy.naming.path import Path
from linkerpy.policy.accrual import AccrualRule
from linkerpy.policy.backoff import Waits, accrual_backoff
from linkerpy.policy.balance import Algorithm

if TYPE_CHECKING:  # checking a file needs no network
    from linkerpy.router.env import Env
    from linkerpy.router.telemeter import Telemeter

Bind = Callable[[Path], Activity[BoundTree]]
"""Binds a path with the configured namers and an empty dtab."""


class TransformerConfig(KindModel):
    """A transformer: changes a bound tree, usually its addresses."""

    delegates: ClassVar[bool] = True
    """Whether the names of a transformed tree can still be explained step by step."""

    prefix: PathField | None = None
    """Put in front of the ids of transformed names, after `/%`."""

    @property
    def default_prefix(self) -> Path:
        """The prefix of a transformer that sets none: its kind's name."""
        return Path.of(self.KIND)

    @property
    def full_prefix(self) -> Path:
        """What the ids of transformed names begin with, `/%` included."""
        return Path.of("%") + (self.default_prefix if self.prefix is None else self.prefix)

    def build(self, env: "Env", bind: Bind) -> TreeTransform:
        """The transformation.

        Raises: OSError or ValueError for what only the machine it runs on can tell.
        """
        raise NotImplementedError(type(self).__name__)


Transformers = Many[Annotated[TransformerConfig, KindOf("transformer")]]
"""Transformers in the order in which they apply, the innermost first."""


class NamerConfig(KindModel):
    """A namer: answers look-ups below `/#` and its prefix."""

    LOCAL: ClassVar[bool] = False
    """Whether it answers without the network, hosts in its answers apart."""

    prefix: PathField | None = None
    """What its names begin with, after `/#`; None is its kind."""
    experimental: Flag | None = None
    """To be set for kinds that are experimental in linkerd."""
    transformers: Transformers = ()
    """Applied to this namer's answers when they are wholly bound."""

    @property
    def full_prefix(self) -> Path:
        """What the names this namer answers for begin with, `/#` included."""
        return Path.of("#") + (Path.of(self.KIND) if self.prefix is None else self.prefix)

    def build(self, env: "Env") -> Namer:
        """The namer, without its prefix and transformers: the caller adds these."""
        raise NotImplementedError(type(self).__name__)


class InterpreterConfig(KindModel):
    """An interpreter: binds a router's names."""

    LOCAL: ClassVar[bool] = False
    """Whether it interprets in this process, whatever its namers do."""

    experimental: Flag | None = None
    """To be set for kinds that are experimental in linkerd."""
    transformers: Transformers = ()
    """Applied to the final bound tree: the caller adds these."""

    def build(self, env: "Env", namers: list[PrefixedNamer]) -> Interpreter:
        """The interpreter over `namers`, of which the first whose prefix matches is asked first."""
        raise NotImplementedError(type(self).__name__)


class AnnouncerConfig(KindModel):
    """An announcer: tells service discovery where a server listens."""

    prefix: PathField | None = None
    """What its names begin with, after `/#`; None is its kind."""

    @property
    def full_prefix(self) -> Path:
        """What the names it announces begin with, `/#` included."""
        return Path.of("#") + (Path.of(self.KIND) if self.prefix is None else self.prefix)

    def build(self, env: "Env") -> Any:
        """The announcer."""
        raise NotImplementedError(type(self).__name__)


class BalancerConfig(KindModel):
    """A load balancer: picks an endpoint for each request."""

    enable_probation: Flag = False
    """Whether endpoints that discovery dropped stay while they are open."""

    def build(self, env: "Env") -> Algorithm:
        """The algorithm, as the router's clients take it."""
        raise NotImplementedError(type(self).__name__)


class BackoffConfig(KindModel):
    """How long to wait before each of a row of attempts."""

    def build(self, rng: random.Random) -> Iterator[float]:
        """The waits in seconds; they never end."""
        raise NotImplementedError(type(self).__name__)


Backoff = Annotated[BackoffConfig, KindOf("backoff")]


class AccrualConfig(KindModel):
    """Failure accrual: when an endpoint is taken out of service, and for how long."""

    backoff: Backoff | None = None
    """None is from 5 seconds to 5 minutes."""

    def build(self, rng: random.Random) -> AccrualRule | None:
        """The rule for the endpoints of one client; None if it takes none out."""
        raise NotImplementedError(type(self).__name__)

    def waits(self, rng: random.Random) -> Waits:
        """How long an endpoint is out of service: the series begins anew with each removal."""
        if self.backoff is None:
            return partial(accrual_backoff, rng)
        return partial(self.backoff.build, rng)


class TelemeterConfig(KindModel):
    """A telemeter: exports metrics or traces."""

    experimental: Flag | None = None
    """To be set for kinds that are experimental in linkerd."""

    def build(self, env: "Env") -> "Telemeter":
        """The telemeter, not yet running."""
        raise NotImplementedError(type(self).__name__)


class StoreConfig(KindModel):
    """A store: where namerd keeps dtabs."""

    experimental: Flag | None = None
    """To be set for kinds that are experimental in linkerd."""


class InterfaceConfig(KindModel):
    """An interface: how namerd is asked. Kinds give `port` its default."""

    ip: Ip = "127.0.0.1"
    """The address it listens on."""
    port: Port
    """Where it listens; 0 is any free port."""
    socket_options: SocketOptions = SocketOptions()
    """Of the listening socket and of the connections it accepts."""
    tls: ServerTls | None = None
    """None is plain text."""
