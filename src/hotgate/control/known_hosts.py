"""Protection against DNS rebinding: a page of the web must not read the admin interface through a name of its own."""

import ipaddress
from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from hotgate.control.problem import Problem


class KnownHosts:
    """ASGI middleware that answers 421 unless Host is an address, localhost, or one of `names` (RFC 9110 §15.5.20).

    An attacker can have a victim's browser resolve the attacker's name to 127.0.0.1, but not make it send an address
    or our name as Host.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names) | {"localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] == "http" and not self._knows([v for name, v in scope["headers"] if name == b"host"]):
            refusal = Problem(
                421, "unknown-host", "Host is neither an address, nor localhost, nor a name of this gateway."
            )
            await refusal.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _knows(self, hosts: list[bytes]) -> bool:
        if len(hosts) != 1:
            return False
        name = _without_port(hosts[0].decode("latin-1").lower())
        return name in self._names or _is_address(name)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].removesuffix(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
