"""The keys under `session` of an oidc entry: where sessions are kept, and how long."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.settings import Settings
from hotgate.config.units import DurationBetween

_LONG = 7 * 86400.0  # seconds; NIST SP 800-63B wants a new login within 30 days at the least strict of its levels


class OidcSession(Settings):
    """One login, from the callback to its end."""

    keep: Literal["cookie", "store", "valkey"] = Field(
        default="cookie",
        description="Where the session is: sealed in cookies of the browser, or in the store or in Valkey, with only "
        "its key in a cookie.",
    )
    idle: Annotated[float, DurationBetween("1m", "30d")] = Field(
        default=1800.0, description="A session that is not used for so long ends."
    )
    absolute: Annotated[float, DurationBetween("1m", "90d")] = Field(
        default=43200.0, description="A session ends so long after its login, however much it is used."
    )
    same_site: Literal["lax", "strict"] = Field(
        default="lax",
        description="SameSite of the session's cookies. `strict`: who follows a link from another site is logged in "
        "only from the second page on.",
    )

    @model_validator(mode="after")
    def _idles_within_its_life(self) -> Self:
        if self.idle > self.absolute:
            raise refused("`idle` may not be longer than `absolute`")
        return self

    def dangers(self) -> Iterator[tuple[str, str, str]]:
        """Weak choices: key, what is wrong with it, what to do instead."""
        if self.absolute > _LONG:
            yield "session", "who has left or lost the device stays logged in for weeks", "write absolute: 12h"
