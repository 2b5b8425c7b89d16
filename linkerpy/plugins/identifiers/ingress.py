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
    """The Kubernetes API, as `kubectl proxy` offers it."""
    port: Port = 8001
    """The port of the API."""
    namespace: Text | None = None
    """None is all namespaces."""
    ingress_class_annotation: Text = "linkerd"
    """Ingresses of other classes are ignored; those without a class are not."""
    ignore_default_backends: Flag = False
    """Whether default backends take nothing that no rule matches."""


class IstioConfig(IdentifierConfig):
    """Istio's route rules. Deprecated, as in linkerd."""

    KIND: ClassVar[str] = "io.l5d.k8s.istio"
    NOT_YET: ClassVar[str] = "Istio"

    discovery_host: Text = "istio-pilot"
    """Pilot, for the clusters that there are."""
    discovery_port: Port = 8080
    """Where Pilot answers for clusters."""
    apiserver_host: Text = "istio-pilot"
    """Pilot, for route rules."""
    apiserver_port: Port = 8081
    """Where Pilot answers for route rules."""
    mixer_host: Text = "istio-mixer"
    """The mixer."""
    mixer_port: Port = 9091
    """Where the mixer listens."""


class IstioIngressConfig(IstioConfig):
    """Istio's route rules behind ingress rules. Deprecated, as in linkerd."""

    KIND: ClassVar[str] = "io.l5d.k8s.istio-ingress"

    host: Text = "localhost"
    """The Kubernetes API, as `kubectl proxy` offers it."""
    port: Port = 8001
    """The port of the API."""
    namespace: Text | None = None
    """Whose ingresses count; None is all namespaces."""
