"""What the admin interface may ask about the gateway; the runtime implements it."""

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from hotgate.control.api.explain import Explained, Question


class ExplainBusy(Exception):
    """Too many questions wait already."""


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

    async def explain(self, question: "Question") -> "Explained":
        """What would become of a request, and why. Raises ExplainBusy, TimeoutError, ValueError for what is none."""
        ...

    def explain_ticket(self) -> tuple[str, float] | None:
        """A ticket for explained answers, and when it ends (epoch seconds); None where answers are not explained."""
        ...

    def jwks(self) -> bytes:
        """The public keys that verify the gateway's assertions: a JWK Set."""
        ...

    async def exposition(self) -> tuple[bytes, str]:
        """The page for Prometheus, and its content type."""
        ...
