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
    weight: Number


class ConsulConfig(NamerConfig):
    """Names are `/<datacentre>/<service>`, with a tag between them if `includeTag` is set."""

    KIND: ClassVar[str] = "io.l5d.consul"
    NOT_YET: ClassVar[str] = "Consul"

    host: Text = "localhost"
    port: Port = 8500
    include_tag: Flag = False
    use_health_check: Flag = False
    health_statuses: Many[Literal["passing", "warning", "critical", "maintenance"]] = ("passing",)
    token: Secret | None = None
    set_host: Flag = False
    consistency_mode: ConsistencyMode = "default"
    fail_fast: Flag = False
    prefer_service_address: Flag = True
    weights: Many[TagWeight] = ()
    fixed_length_streamed_after_kb: Positive = 5120
    tls: ClientTls | None = None
    transfer_metadata: Flag = False
