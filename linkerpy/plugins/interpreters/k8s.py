"""Interpreters `io.l5d.k8s.configMap` and `io.l5d.k8s.istio`: dtabs made from Kubernetes objects.

Source: discovery spec, section 3.
"""

from typing import ClassVar

from linkerpy.config.fields import Port, Text
from linkerpy.router.families import InterpreterConfig


class ConfigMapConfig(InterpreterConfig):
    """The dtab in one entry of a ConfigMap."""

    KIND: ClassVar[str] = "io.l5d.k8s.configMap"
    NOT_YET: ClassVar[str] = "Kubernetes"
    EXPERIMENTAL: ClassVar[str] = "io.l5d.k8s.configMap interpreter"
    NEEDS: ClassVar[dict[str, str]] = {
        "name": "ConfigMap name is required!",
        "filename": "ConfigMap dtab filename is required!",
    }

    name: Text
    """The ConfigMap."""
    filename: Text
    """The entry that holds the dtab."""
    namespace: Text = "default"
    """The Kubernetes namespace of the ConfigMap."""
    host: Text = "localhost"
    """The Kubernetes API, as `kubectl proxy` offers it."""
    port: Port = 8001
    """The port of the API."""


class IstioConfig(InterpreterConfig):
    """Istio's route rules. Deprecated, as in linkerd."""

    KIND: ClassVar[str] = "io.l5d.k8s.istio"
    NOT_YET: ClassVar[str] = "Istio"
    EXPERIMENTAL: ClassVar[str] = "io.l5d.k8s.istio interpreter"

    k8s_apiserver_host: Text = "localhost"
    """The Kubernetes API, as `kubectl proxy` offers it."""
    k8s_apiserver_port: Port = 8001
    """The port of the API."""
    env_var: Text = "POD_NAMESPACE"
    """The environment variable with the Kubernetes namespace."""
    label_selector: Text | None = None
    """The key of a label that services are told apart by."""
    discovery_host: Text = "istio-pilot"
    """Pilot, for the clusters that there are."""
    discovery_port: Port = 8080
    """Where Pilot answers for clusters."""
    apiserver_host: Text = "istio-pilot"
    """Pilot, for route rules."""
    apiserver_port: Port = 8081
    """Where Pilot answers for route rules."""
