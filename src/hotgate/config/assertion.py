"""`assertion:` at the top of the file: how the gateway signs what it tells backends of a caller."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.secret import Secret
from hotgate.config.settings import Form, Settings
from hotgate.config.units import DurationBetween

_ISSUER = Form(r"[^\x00-\x1f\x7f]{1,1024}", "use text of 1 to 1,024 characters, such as https://gateway.example.com")


class AssertionIssuer(Settings):
    """Who signs assertions, and with what keys."""

    issuer: Annotated[str, _ISSUER] = Field(
        default="hotgate", description="`iss` of every assertion; backends compare it. Two gateways need two names."
    )
    algorithm: Literal["ES256", "EdDSA", "RS256"] = Field(
        default="ES256",
        description="What keys the gateway makes. Every library verifies ES256; EdDSA is quicker, RS256 for those that"
        " know nothing else.",
    )
    rotate: Annotated[float, DurationBetween("1d", "366d")] = Field(
        default=30 * 86400.0,
        description="How long a key of its own signs. The next one is published an hour before, the last one an hour"
        " after.",
    )
    keys: tuple[Secret, ...] = Field(
        default=(),
        max_length=8,
        description="Private keys in PEM (`file:key.pem`) in place of the gateway's own, for gateways that share them:"
        " P-256, Ed25519 or RSA. The first signs, all are published. Then you rotate them.",
    )

    @model_validator(mode="after")
    def _looks_after_given_keys_no_more(self) -> "AssertionIssuer":
        if self.keys and self.model_fields_set & {"algorithm", "rotate"}:
            raise refused("`algorithm` and `rotate` are for keys that the gateway makes; remove them, or `keys`")
        if len({key.reveal() for key in self.keys}) < len(self.keys):
            raise refused("`keys` has the same key twice")
        return self
