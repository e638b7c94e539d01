"""The keys of an entry for tokens that say which tokens only their owner can send."""

from typing import Literal

from pydantic import Field

from hotgate.config.settings import Settings
from hotgate.policies.dpop.settings import DpopSettings


class SenderSettings(Settings):
    """What tokens are bound to (RFC 7800)."""

    certificate_bound: Literal["required"] | None = Field(
        default=None,
        description="`required`: only tokens that are bound to the certificate of the client's connection (RFC 8705). "
        "Not set: others as well; one that is bound is never accepted on another connection.",
    )
    dpop: DpopSettings | None = Field(
        default=None,
        description="Proof of possession (DPoP, RFC 9449). Not set: tokens that are bound to a key are refused.",
    )

    @property
    def needs_hosts(self) -> bool:
        """Whether the address in a proof is compared with what the request itself says of its host."""
        return self.dpop is not None and not self.dpop.origins
