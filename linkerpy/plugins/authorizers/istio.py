"""Request authorizer `io.l5d.k8s.istio`: Istio's mixer. Deprecated, as in linkerd.

Source: config spec, section 14.2.
"""

from typing import ClassVar

from linkerpy.config.fields import Port, Text
from linkerpy.protocol.http.config import AuthorizerConfig


class IstioConfig(AuthorizerConfig):
    """Asks the mixer before each request, and reports after."""

    KIND: ClassVar[str] = "io.l5d.k8s.istio"
    NOT_YET: ClassVar[str] = "Istio"

    mixer_host: Text = "istio-mixer"
    """The mixer."""
    mixer_port: Port = 9091
    """Where the mixer listens."""
