"""The admin server of the process: its pages, and where they are served.

Both change with a reload. The site stays, so that who is connected gets the new pages.
"""

from collections.abc import Callable
from typing import Any

from linkerpy.admin.security import Security
from linkerpy.admin.site import serve
from linkerpy.admin.state import RouterView
from linkerpy.app.names import explain
from linkerpy.app.parts import Listens, Parts
from linkerpy.app.schema import Security as SecurityKeys
from linkerpy.core.clock import Clock
from linkerpy.core.closable import Group
from linkerpy.net.errors import show_address
from linkerpy.net.inherited import Inherited
from linkerpy.net.listen import ListeningPort, listen
from linkerpy.net.log import logger
from linkerpy.net.web import Pages
from linkerpy.router.running import RunningRouter
from linkerpy.router.sockets import socket_options
from linkerpy.router.view import client_named, names

_log = logger("linkerpy")


class AdminServer:
    """The admin server; `make_pages` gives the pages of some parts.

    Parts that are not to have a server have the pages all the same: another process asks for them.
    """

    def __init__(self, reactor: Any, make_pages: Callable[[Parts, Security], Pages]) -> None:
        self.pages: Pages = {}
        """The pages by path."""
        self._reactor = reactor
        self._make_pages = make_pages
        self._site: Any = None
        self._parts: Parts | None = None
        self._listening: ListeningPort | None = None

    @property
    def listens(self) -> list[Listens]:
        """Where it listens, if it does."""
        if self._parts is None or self._listening is None:
            return []
        keys = self._parts.config.admin
        return [((keys.ip, keys.port), self._listening)]

    def start(self, parts: Parts, sockets: Inherited) -> None:
        """Serve the pages of some parts.

        Raises: ListenError, if there is no socket for it in `sockets`.
        """
        security = _security(parts.config.admin.security)
        self.pages = self._make_pages(parts, security)
        if not parts.program.has_admin:
            return
        if self._site is None:
            self._site = serve(self.pages, security, parts.env.metrics, self._reactor)
        else:
            self._site.show(self.pages, security.filter())
        if self._listening is None or not parts.admin_kept:
            self._move(parts, sockets)
        self._parts = parts

    def _move(self, parts: Parts, sockets: Inherited) -> None:
        before, old = self._parts, self._listening
        keys, tls = parts.config.admin, parts.admin_tls
        options = socket_options(keys.socket_options)
        new = listen(self._reactor, self._site, keys.ip, keys.port, options, tls, sockets)
        new.use_up()
        self._listening = new
        host = new.getHost()
        scheme = "http" if tls is None else "https"
        where = show_address(host.host, host.port)
        _log.info("serving {scheme} admin on {where}", scheme=scheme, where=where)
        if before is not None and old is not None:
            old.stop_accepting()
            _close_admin(before)

    def stop_accepting(self) -> None:
        """Another process serves its address from now on."""
        if self._listening is not None:
            self._listening.stop_accepting()
            self._listening = None

    def close(self) -> None:
        """Serve no more."""
        if self._listening is not None:
            self._listening.stopListening()
        if self._parts is not None:
            _close_admin(self._parts)


def _close_admin(parts: Parts) -> None:
    tls = [] if parts.admin_tls is None else [parts.admin_tls]
    Group(parts.admin_metrics, *tls).close()


def view(router: RunningRouter, clock: Clock) -> RouterView:
    """A router as the admin pages see it."""
    config = router.config
    return RouterView(
        label=config.name,
        protocol=config.protocol,
        dtab=config.dtab.show(),
        servers=[f"{server.ip}/{server.port}" for server in config.servers],
        explain=explain(router.router.interpreter),
        clients=router.router.client_states,
        names=lambda: names(router.router, clock.seconds()),
        client=lambda client_id: client_named(router.router, client_id),
    )


def _security(keys: SecurityKeys | None) -> Security:
    """`admin.security`; none is everything open."""
    if keys is None:
        return Security()
    return Security(
        keys.ui_enabled,
        None if keys.control_enabled and not keys.control_for_all else keys.control_enabled,
        keys.diagnostics_enabled,
        keys.path_whitelist,
        keys.path_blacklist,
    )
