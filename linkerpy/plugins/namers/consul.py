"""Namer `io.l5d.consul`: services of a Consul catalogue.

Source: discovery spec, section 2.2.
"""

from typing import ClassVar, Literal

from linkerpy.config.discovery import ConsistencyMode
from linkerpy.config.fields import Flag, Many, Number, Port, Positive, Secret, Text
from linkerpy.config.model import Model
from linkerpy.config.tls import ClientTls
from linkerpy.router.families import NamerConfig


class TagWeight(Model):
    """The weight of instances that carry a tag."""

    tag: Text
    """The tag."""
    weight: Number
    """Their share, where an instance without such a tag has 1."""


class ConsulConfig(NamerConfig):
    """Names are `/<datacentre>/<service>`, with a tag between them if `includeTag` is set."""

    KIND: ClassVar[str] = "io.l5d.consul"
    NOT_YET: ClassVar[str] = "Consul"

    host: Text = "localhost"
    """The Consul agent."""
    port: Port = 8500
    """The port of the agent's HTTP API."""
    include_tag: Flag = False
    """Whether names have a tag before the service, and only instances with it count."""
    use_health_check: Flag = False
    """Whether instances count only while their checks are as `healthStatuses` says."""
    health_statuses: Many[Literal["passing", "warning", "critical", "maintenance"]] = ("passing",)
    """What the checks of instances that count may say."""
    token: Secret | None = None
    """The access token that requests carry."""
    set_host: Flag = False
    """Whether requests get the `Host` by which Consul's DNS knows the service."""
    consistency_mode: ConsistencyMode = "default"
    """How fresh the catalogue's answers must be."""
    fail_fast: Flag = False
    """Whether an agent that cannot be connected to is left alone for a while."""
    prefer_service_address: Flag = True
    """Whether the address of the service goes before that of its node."""
    weights: Many[TagWeight] = ()
    """The shares of instances, by their tags."""
    fixed_length_streamed_after_kb: Positive = 5120
    """Answers up to this size are read as a whole."""
    tls: ClientTls | None = None
    """How the agent is spoken to; None is plain text."""
    transfer_metadata: Flag = False
    """Whether what Consul knows of services and nodes is kept with the addresses."""
