"""Transformer `io.l5d.k8s.daemonset`: the gateway pod on each replica's node.

Source: naming spec, section 7.
"""

from typing import ClassVar

from linkerpy.config.fields import Flag, Port, Text
from linkerpy.naming.path import Path
from linkerpy.router.families import TransformerConfig


class DaemonSetConfig(TransformerConfig):
    """Replaces each replica by the pod of a daemon set on the same node."""

    KIND: ClassVar[str] = "io.l5d.k8s.daemonset"
    NOT_YET: ClassVar[str] = "Kubernetes"
    NEEDS: ClassVar[dict[str, str]] = {
        key: f"io.l5d.k8s.daemonset: {key} property is required"
        for key in ("namespace", "service", "port")
    }

    namespace: Text
    """The Kubernetes namespace of the pods."""
    service: Text
    """The service that has the pods."""
    port: Text
    """The name of a port of the service."""
    k8s_host: Text = "localhost"
    """The Kubernetes API, as `kubectl proxy` offers it."""
    k8s_port: Port = 8001
    """The port of the API."""
    host_network: Flag = False
    """Whether nodes are told apart by name; if not, by the first three bytes of addresses."""

    @property
    def default_prefix(self) -> Path:
        """The kind, and which pods."""
        return Path.of(self.KIND, self.namespace, self.port, self.service)
