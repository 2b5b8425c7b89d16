"""Namers `io.l5d.k8s`, `io.l5d.k8s.ns` and `io.l5d.k8s.external`: services of a Kubernetes cluster.

Source: discovery spec, section 2.3.
"""

from typing import ClassVar

from linkerpy.config.fields import Port, Text
from linkerpy.router.families import NamerConfig


class K8sConfig(NamerConfig):
    """Names are `/<namespace>/<port>/<service>`, and a label's value if `labelSelector` is set."""

    KIND: ClassVar[str] = "io.l5d.k8s"
    NOT_YET: ClassVar[str] = "Kubernetes"

    host: Text = "localhost"
    """The Kubernetes API, as `kubectl proxy` offers it."""
    port: Port = 8001
    """The port of the API."""
    label_selector: Text | None = None
    """The key of a label; names then end with the value that endpoints must have."""


class K8sNamespacedConfig(K8sConfig):
    """Names are `/<port>/<service>` in the namespace that an environment variable gives."""

    KIND: ClassVar[str] = "io.l5d.k8s.ns"

    env_var: Text = "POD_NAMESPACE"
    """The environment variable with the namespace."""


class K8sExternalConfig(K8sConfig):
    """Names are those of `io.l5d.k8s`, bound to load balancers' outside addresses."""

    KIND: ClassVar[str] = "io.l5d.k8s.external"
    EXPERIMENTAL: ClassVar[str] = "/#{prefix} namer"
