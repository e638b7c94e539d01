"""Further rules of a jwt entry: what a token must say, and how long and how often it may be used."""

from typing import Annotated, Literal

from pydantic import Field

from hotgate.config.settings import Flag, Form, Settings
from hotgate.config.units import Duration

_Client = Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,1024}", "use text of 1 to 1,024 characters")]


class TokenLimits(Settings):
    """Rules beyond signature, issuer, audience and expiry."""

    profile: Literal["rfc9068"] | None = Field(
        default=None,
        description="`rfc9068`: only access tokens of that profile: `typ` at+jwt, with iss, exp, aud, sub, client_id,"
        " iat and jti.",
    )
    clients: Annotated[tuple[_Client, ...], Field(min_length=1, max_length=1024)] | None = Field(
        default=None, description="The only clients whose tokens are accepted: `client_id`, or else `azp`."
    )
    max_age: Duration | None = Field(
        default=None, description="How long after `iat` a token is accepted, whatever its `exp` says."
    )
    max_lifetime: Duration | None = Field(
        default=None, description="The longest time from `iat` to `exp`; a token made for longer is refused."
    )
    single_use: Flag = Field(
        default=False,
        description="Whether each token is accepted once only, told by its `jti`. Without `store` a restart forgets "
        "which were used.",
    )
