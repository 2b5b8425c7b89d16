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
    service: Text
    port: Text
    """The name of a port of the service."""
    k8s_host: Text = "localhost"
    k8s_port: Port = 8001
    host_network: Flag = False

    @property
    def default_prefix(self) -> Path:
        """The kind, and which pods."""
        return Path.of(self.KIND, self.namespace, self.port, self.service)
