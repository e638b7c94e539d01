"""What the admin interface may ask about the gateway; the runtime implements it."""

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from hotgate.control.api.explain import Explained, Question


class ExplainBusy(Exception):
    """Too many questions wait already."""


class LimitState(Protocol):
    """Limits and quotas. Names and keys are as they are shown. Those of quotas raise StoreUnavailable."""

    def limited(self, limit: str, containing: str, most: int) -> list[dict[str, Any]]:
        """Who is limited now."""
        ...

    def standing(self, limit: str, key: str) -> dict[str, Any] | None:
        """How one key stands; None for a limit that nobody has used."""
        ...

    async def reset(self, limit: str, key: str) -> bool:
        """Let a key have its whole burst again. Returns whether there was anything. Raises StoreUnavailable."""
        ...

    async def quotas(self, quota: str, containing: str, most: int) -> list[dict[str, Any]]:
        """Who has used most."""
        ...

    async def quota(self, quota: str, key: str) -> dict[str, Any] | None:
        """How much of one is used; None for none at all."""
        ...

    async def reset_quota(self, quota: str, key: str) -> bool:
        """Begin anew. Returns whether anything was used."""
        ...


class Releases(Protocol):
    """What operators may do to releases. Everything but `state` raises AdministrationError."""

    def state(self) -> list[dict[str, Any]]:
        """One object for each."""
        ...

    def set_share(self, route: str, upstream: str, share: float) -> None:
        """An upstream gets so much, 0.0 to 1.0; the route's own gets the rest."""
        ...

    def switch(self, route: str, upstream: str) -> None:
        """One upstream gets everything."""
        ...

    def abort(self, route: str) -> None:
        """The route's own upstream gets everything."""
        ...

    def reset(self, route: str) -> None:
        """The file counts again."""
        ...


class Versions(Protocol):
    """What is known of the versions of APIs."""

    def state(self) -> list[dict[str, Any]]:
        """One object for each."""
        ...

    def callers(self, api: str, version: str) -> list[dict[str, Any]] | None:
        """Who has used one; None if there is no such version."""
        ...


class GatewayState(Protocol):
    """Answers are of the moment; none of them holds a secret. limits: those of callers."""

    @property
    def limits(self) -> LimitState:
        """Who is limited, and what of quotas is used."""
        ...

    @property
    def releases(self) -> Releases:
        """Those of the configuration in force."""
        ...

    @property
    def versions(self) -> Versions:
        """Those of the configuration in force."""
        ...

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
