"""Interpreters `io.l5d.namerd` and `io.l5d.namerd.http`: a namerd, by Thrift and by HTTP.

Source: discovery spec, section 3.
"""

from typing import ClassVar

from linkerpy.config.discovery import FailureThreshold, Retry
from linkerpy.config.fields import PathField, Text
from linkerpy.config.model import Model
from linkerpy.config.tls import ClientTls
from linkerpy.router.families import InterpreterConfig


class NamerdTls(Model):
    """The name to verify, and whom to trust; None is the system's roots."""

    common_name: Text
    ca_cert: Text | None = None


class NamerdConfig(InterpreterConfig):
    """Asks namerd's Thrift interface."""

    KIND: ClassVar[str] = "io.l5d.namerd"
    NOT_YET: ClassVar[str] = "namerd"

    dst: PathField
    namespace: Text = "default"
    retry: Retry = Retry()
    tls: NamerdTls | None = None
    failure_threshold: FailureThreshold = FailureThreshold()


class NamerdHttpConfig(InterpreterConfig):
    """Asks namerd's HTTP interface."""

    KIND: ClassVar[str] = "io.l5d.namerd.http"
    NOT_YET: ClassVar[str] = "namerd"
    EXPERIMENTAL: ClassVar[str] = "io.l5d.namerd.http interpreter"

    dst: PathField
    namespace: Text = "default"
    retry: Retry = Retry()
    tls: ClientTls | None = None
