"""Interpreters `io.l5d.namerd` and `io.l5d.namerd.http`: a namerd, by Thrift and by HTTP.

linkerd-tcp's files have an interpreter of the second name that polls: `NamerdPollConfig`.

Source: discovery-namerd spec, section 3; dataplane spec, sections 8.1 and 8.2.
"""

from functools import partial
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from linkerpy.config.discovery import FailureThreshold, Retry
from linkerpy.config.fields import PathField, Text
from linkerpy.config.model import Model
from linkerpy.config.tls import ClientTls
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.namer import Interpreter, PrefixedNamer
from linkerpy.naming.path import Path
from linkerpy.router.families import InterpreterConfig

if TYPE_CHECKING:  # checking a file needs no network
    from linkerpy.net.tls_handshake import ClientTls as Secured
    from linkerpy.router.env import Env
    from linkerpy.telemetry.metrics import Metrics


class NamerdTls(Model):
    """The name to verify, and whom to trust; None is the system's roots."""

    common_name: Text
    """The name that namerd's certificate must have."""
    ca_cert: Text | None = None
    """A file with the certificates to trust."""


class NamerdConfig(InterpreterConfig):
    """Asks namerd's Thrift interface."""

    KIND: ClassVar[str] = "io.l5d.namerd"
    NOT_YET: ClassVar[str] = "namerd"

    dst: PathField
    """Where namerd is: a name such as `/$/inet/namerd/4100`."""
    namespace: Text = "default"
    """The dtab that binds names."""
    retry: Retry = Retry()
    """The waits before namerd is asked again."""
    tls: NamerdTls | None = None
    """How namerd is spoken to; None is plain text."""
    failure_threshold: FailureThreshold = FailureThreshold()
    """How the connection is checked."""


HTTP = "io.l5d.namerd.http"


class NamerdHttpConfig(InterpreterConfig):
    """Asks namerd's HTTP interface, which `dst` names to the configured namers."""

    KIND: ClassVar[str] = HTTP
    EXPERIMENTAL: ClassVar[str] = "io.l5d.namerd.http interpreter"
    MOVED: ClassVar[dict[str, str]] = {
        "baseUrl": "write `dst: /$/inet/HOST/PORT`; this key is linkerd-tcp's",
        "periodSecs": "leave it out: namerd is watched; this key is linkerd-tcp's",
    }

    dst: PathField
    """Where namerd is: a name such as `/$/inet/namerd/4180`."""
    namespace: Text = "default"
    """The dtab that binds names."""
    retry: Retry = Retry()
    """The waits before namerd is asked again."""
    tls: ClientTls | None = None
    """How namerd is spoken to; None is plain text."""

    def build(self, env: "Env", namers: list[PrefixedNamer]) -> Interpreter:
        """See `InterpreterConfig.build`. Raises: TlsConfigError."""
        from linkerpy.naming.addresses import addresses_of  # noqa: PLC0415
        from linkerpy.net.fetch import HttpService  # noqa: PLC0415
        from linkerpy.policy.backoff import exponential_jittered  # noqa: PLC0415
        from linkerpy.router.dtabs import dtab_interpreter  # noqa: PLC0415
        from linkerpy.router.namerd import NamerdHttp, Namespace  # noqa: PLC0415

        metrics = env.metrics.scope(*env.within, "interpreter", HTTP)
        addresses = addresses_of(dtab_interpreter(env, namers).bind(Dtab.EMPTY, self.dst))
        secured = _secured(self.tls, env, metrics)
        service = HttpService(env.reactor, addresses, self._authority(), env.random, secured)
        retry = self.retry
        waits = partial(exponential_jittered, retry.base_seconds, retry.max_seconds, env.random)
        interpreter = NamerdHttp(Namespace(service, self.namespace), waits, metrics, env)
        env.states[_state_path(env, self.namespace)] = interpreter.snapshot
        return interpreter

    def _authority(self) -> str:
        """What namerd is called: a host and port where `dst` has them."""
        match self.dst.elems:
            case (b"$", b"inet", host, port):
                return f"{host.decode('ascii', 'replace')}:{port.decode('ascii', 'replace')}"
        name = None if self.tls is None else self.tls.common_name
        return name or "namerd"


def _state_path(env: "Env", namespace: str) -> str:
    return "/".join(("", *env.within[1:], "interpreter_state", HTTP, f"{namespace}.json"))


def _secured(keys: ClientTls | None, env: "Env", metrics: "Metrics") -> "Secured | None":
    from linkerpy.router.tls import ClientContexts  # noqa: PLC0415

    target = ClientContexts(env, env.within[-1]).target(keys)
    return None if target is None else target.tls(metrics, env.clock)


class NamerdPollConfig(InterpreterConfig):
    """Polls namerd's HTTP interface at `baseUrl`, every `periodSecs`, as linkerd-tcp does.

    No file names this kind: linkerd-tcp's own spell it as the one above.
    """

    KIND: ClassVar[str] = HTTP

    base_url: Text
    namespace: Text
    period_secs: float

    @property
    def prefix(self) -> Path:
        """What the ids of its names begin with; then comes the name itself."""
        return Path.of("#", HTTP, self.namespace)

    def build(self, env: "Env", namers: list[PrefixedNamer]) -> Interpreter:
        """See `InterpreterConfig.build`."""
        from linkerpy.net.fetch import HttpService  # noqa: PLC0415
        from linkerpy.router.namerd import NamerdPoll, Namespace  # noqa: PLC0415

        url = urlsplit(self.base_url)
        host, secure = url.hostname or "", url.scheme == "https"
        metrics = env.metrics.scope(*env.within, "interpreter", HTTP)
        addresses = env.inet.addr(host, url.port or (443 if secure else 80))
        secured = _secured(ClientTls(common_name=host) if secure else None, env, metrics)
        authority = url.netloc.rpartition("@")[2]
        service = HttpService(env.reactor, addresses, authority, env.random, secured)
        namespace = Namespace(service, self.namespace, url.path.rstrip("/"))
        interpreter = NamerdPoll(namespace, self.prefix, self.period_secs, metrics, env)
        env.states[_state_path(env, self.namespace)] = interpreter.snapshot
        return interpreter
