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
    filename: Text
    namespace: Text = "default"
    host: Text = "localhost"
    port: Port = 8001


class IstioConfig(InterpreterConfig):
    """Istio's route rules. Deprecated, as in linkerd."""

    KIND: ClassVar[str] = "io.l5d.k8s.istio"
    NOT_YET: ClassVar[str] = "Istio"
    EXPERIMENTAL: ClassVar[str] = "io.l5d.k8s.istio interpreter"

    k8s_apiserver_host: Text = "localhost"
    k8s_apiserver_port: Port = 8001
    env_var: Text = "POD_NAMESPACE"
    label_selector: Text | None = None
    discovery_host: Text = "istio-pilot"
    discovery_port: Port = 8080
    apiserver_host: Text = "istio-pilot"
    apiserver_port: Port = 8081
