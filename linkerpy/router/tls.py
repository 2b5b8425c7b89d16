"""`tls` of servers and clients, as `net` takes it; and the contexts that a router's clients share.

Source: config spec, sections 7.2 and 8.4; dataplane spec, section 7.
"""

from typing import Any

from linkerpy.config.tls import Certificate as CertificateKeys
from linkerpy.config.tls import ClientTls as ClientKeys
from linkerpy.config.tls import ServerTls as ServerKeys
from linkerpy.net.log import logger
from linkerpy.net.tls_context import LiveTls, TlsCalling, TlsServing, make_calling
from linkerpy.net.tls_files import Identity, TlsConfigError
from linkerpy.net.tls_handshake import Handshakes, ServerTls, Target, verify
from linkerpy.router.env import Env
from linkerpy.telemetry.metrics import Metrics

_log = logger("linkerpy.tls")


def server_tls(
    keys: ServerKeys | None,
    env: Env,
    metrics: Metrics,
    router: str,
    where: str,
    alpn: tuple[bytes, ...] = (),
) -> ServerTls | None:
    """A server's TLS, with its files read; None where there is none.

    `metrics` are the server's, `where` is its address.

    Raises: TlsConfigError.
    """
    if keys is None:
        metrics.gauge("tls", "connections", read=lambda: 0)  # as linkerd shows it
        return None
    teller = env.tls_failures.teller(env.clock, router, "server", where)
    handshakes = Handshakes(metrics, env.clock, teller)
    try:
        return ServerTls(env.reactor, serving(keys, alpn), handshakes)
    except TlsConfigError as error:
        raise TlsConfigError(f"tls of server {where}: {error}") from None


def serving(keys: ServerKeys, alpn: tuple[bytes, ...] = ()) -> TlsServing:
    """A server's settings."""
    return TlsServing(
        _identity(keys),
        by_name=tuple((name.lower(), _identity(one)) for name, one in keys.identities.items()),
        client_ca=keys.ca_cert_path,
        require_client=keys.require_client_auth,
        ciphers=_several(keys.ciphers),
        versions=_several(keys.protocols),
        alpn=alpn,
    )


def calling(keys: ClientKeys, alpn: tuple[bytes, ...] = ()) -> TlsCalling:
    """A client's settings."""
    mine = keys.client_auth
    return TlsCalling(
        trust=keys.trust_certs_bundle or keys.trust_certs or None,
        verify=not keys.disable_validation,
        identity=None if mine is None else _identity(mine),
        versions=_several(keys.protocols),
        alpn=alpn,
    )


def _identity(keys: CertificateKeys) -> Identity:
    return Identity(keys.cert_path, keys.key_path, keys.intermediate_certs_path)


def every_tls(client: Any) -> list[Any]:
    """Each `tls`, of whichever protocol, that a client configuration, global or static, has."""
    entries = client.configs if hasattr(client, "configs") else [client]
    return [entry.tls for entry in entries if entry.tls is not None]


class ClientContexts:
    """The TLS contexts of a router's clients: one for all that ask for the same."""

    def __init__(self, env: Env, router: str, alpn: tuple[bytes, ...] = ()) -> None:
        self._reactor = env.reactor
        self._alpn = alpn
        self._router = router
        self._teller = env.tls_failures.teller(env.clock, router, "client", f"router {router}")
        self._metrics = env.metrics.scope("rt", router, "tls")
        self._made: dict[TlsCalling, LiveTls[TlsCalling]] = {}

    def target(
        self, keys: ClientKeys | None, alpn: tuple[bytes, ...] | None = None
    ) -> Target | None:
        """How to speak TLS with the servers of a client; None where it is not to.

        `alpn` is what this client offers, if that is not what all of the router's do.

        Raises: TlsConfigError.
        """
        if keys is None or not keys.enabled:
            return None
        settings = calling(keys, self._alpn if alpn is None else alpn)
        live = self._made.get(settings)
        if live is None:
            try:
                live = LiveTls(self._reactor, settings, make_calling, verify, self._reloaded)
            except TlsConfigError as error:
                raise TlsConfigError(f"client.tls: {error}") from None
            self._made[settings] = live
            self._warn(keys)
        return Target(live, keys.common_name, self._teller)

    def _reloaded(self, good: bool) -> None:
        self._metrics.counter("reloads" if good else "failed_reloads").incr()

    def _warn(self, keys: ClientKeys) -> None:
        if keys.disable_validation:
            _log.warn(
                "router {router}: client.tls has disableValidation: whoever answers is believed",
                router=self._router,
            )
        if keys.trust_certs is not None:
            _log.warn(
                "router {router}: client.tls: trustCerts is deprecated: write trustCertsBundle",
                router=self._router,
            )

    def close(self) -> None:
        """Follow the files no more."""
        for live in self._made.values():
            live.close()


def _several(values: Any) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
