"""What the admin interface may ask about the gateway; the runtime implements it."""

from typing import Any, Protocol


class GatewayState(Protocol):
    """Answers are of the moment; none of them holds a secret."""

    def not_ready(self) -> list[str]:
        """Why the gateway is not ready; empty when every worker serves the current configuration."""
        ...

    def status(self) -> dict[str, Any]:
        """Workers, revision, uptime, the last reload, key sets, health of targets, their names, bans, as JSON."""
        ...

    def lift_ban(self, address: str) -> bool:
        """End the ban of an address, or of the /64 that it is in. Returns whether there was one."""
        ...

    def jwks(self) -> bytes:
        """The public keys that verify the gateway's assertions: a JWK Set."""
        ...

    async def exposition(self) -> tuple[bytes, str]:
        """The page for Prometheus, and its content type."""
        ...
