"""Store `io.l5d.k8s`: dtabs as objects of a Kubernetes cluster.

Source: discovery spec, section 4.3.
"""

from typing import ClassVar

from linkerpy.config.fields import Port, Text
from linkerpy.router.families import StoreConfig


class K8sConfig(StoreConfig):
    """The dtab objects of one Kubernetes namespace."""

    KIND: ClassVar[str] = "io.l5d.k8s"
    NOT_YET: ClassVar[str] = "namerd"

    host: Text = "localhost"
    """The Kubernetes API, as `kubectl proxy` offers it."""
    port: Port = 8001
    """The port of the API."""
    namespace: Text = "default"
    """Where the dtab objects are."""
