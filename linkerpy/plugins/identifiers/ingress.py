"""Identifiers by Kubernetes ingress rules and by Istio, for HTTP of both versions.

Source: config spec, section 14.
"""

from typing import ClassVar

from linkerpy.config.fields import Flag, Port, Text
from linkerpy.protocol.http.config import IdentifierConfig


class IngressConfig(IdentifierConfig):
    """The backend of the first ingress rule that matches."""

    KIND: ClassVar[str] = "io.l5d.ingress"
    NOT_YET: ClassVar[str] = "Kubernetes"

    host: Text = "localhost"
    port: Port = 8001
    namespace: Text | None = None
    """None is all namespaces."""
    ingress_class_annotation: Text = "linkerd"
    ignore_default_backends: Flag = False


class IstioConfig(IdentifierConfig):
    """Istio's route rules. Deprecated, as in linkerd."""

    KIND: ClassVar[str] = "io.l5d.k8s.istio"
    NOT_YET: ClassVar[str] = "Istio"

    discovery_host: Text = "istio-pilot"
    discovery_port: Port = 8080
    apiserver_host: Text = "istio-pilot"
    apiserver_port: Port = 8081
    mixer_host: Text = "istio-mixer"
    mixer_port: Port = 9091


class IstioIngressConfig(IstioConfig):
    """Istio's route rules behind ingress rules. Deprecated, as in linkerd."""

    KIND: ClassVar[str] = "io.l5d.k8s.istio-ingress"

    host: Text = "localhost"
    port: Port = 8001
    namespace: Text | None = None
