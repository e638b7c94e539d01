"""`dpop:` of an entry: which proofs its tokens must come with."""

import re
from typing import Annotated, Literal

from pydantic import Field

from hotgate.config.notation import Notation, refused
from hotgate.config.settings import Flag, Settings
from hotgate.config.units import DurationBetween
from hotgate.http.targets import BadTarget
from hotgate.identity.dpop.target_uri import normal_uri
from hotgate.identity.verification_keys.signature_algorithm import PublicKeyAlgorithm

_ORIGIN = r"https?://[A-Za-z0-9.\[\]:_-]{1,270}"
_ORIGIN_SAYS = "use scheme, host and, if need be, port, such as https://api.example.com"


def _read_origin(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(_ORIGIN, value):
        raise refused(_ORIGIN_SAYS)
    try:
        normal_uri(value.encode("ascii"))
    except BadTarget:
        raise refused(_ORIGIN_SAYS) from None
    return value


_Origin = Annotated[str, Notation(_read_origin, {"type": "string", "pattern": f"^{_ORIGIN}$"})]


class DpopSettings(Settings):
    """Proof of possession (DPoP, RFC 9449): who sends a token shows with each request that they hold its key."""

    required: Flag = Field(
        default=True,
        description="Whether every token must be bound to a key and come with a proof. `false`: tokens that are not "
        "bound may still come as `Bearer`; those that are need their proof in any case.",
    )
    algorithms: Annotated[tuple[PublicKeyAlgorithm, ...], Field(min_length=1)] = Field(
        default=("ES256", "EdDSA", "Ed25519", "PS256"),
        description="The only signature algorithms of proofs that are accepted.",
    )
    nonce: Literal["required", "off"] = Field(
        default="off",
        description="`required`: each proof must hold a nonce of the gateway, which it gives out in `DPoP-Nonce` and "
        "renews every 150s; each is accepted for 300s at most. So no proof can be made long before it is used. `off`: "
        "one is asked for only within 10s after a start of the gateway.",
    )
    max_age: Annotated[float, DurationBetween("5s", "60s")] = Field(
        default=60.0, description="How long after it was signed (`iat`) a proof is accepted, as in Spring Security."
    )
    origins: Annotated[tuple[_Origin, ...], Field(max_length=64)] = Field(
        default=(),
        description="Where clients find the gateway, such as https://api.example.com: what `htu` of a proof may begin "
        "with. Not set: the scheme and the host of each request; then its routes must name their `hosts`.",
    )
