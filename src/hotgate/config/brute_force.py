"""`brute_force:`: what becomes of clients who send one bad credential after another."""

from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.addresses import parse_network
from hotgate.config.notation import Notation, refused
from hotgate.config.settings import Flag, Settings, WholeNumber
from hotgate.config.units import DurationBetween

Network = Annotated[str, Notation(parse_network, {"type": "string", "$comment": "network or address"}, str)]


class BruteForce(Settings):
    """Failed attempts to authenticate are counted for each client address (the /64 of an IPv6 address).

    A failure is a credential that was refused although it claimed to be good: a forged or unknown one, not an expired
    one, not a missing one, and never an answer 503.
    """

    enabled: Flag = Field(default=True, description="Say `false` to count nothing and ban nobody.")
    window: Annotated[float, DurationBetween("1s", "1d")] = Field(
        default=600.0,
        description="Time in which `ban_after` failures are forgotten again, one by one. fail2ban: `findtime`, 10 m.",
    )
    delay_after: Annotated[int, WholeNumber(0, 1_000_000)] = Field(
        default=5,
        description="Failures after which further bad credentials are answered late, up to 5 s. Good ones never are."
        " fail2ban bans after 5.",
    )
    ban_after: Annotated[int, WholeNumber(1, 1_000_000)] = Field(
        default=30,
        description="Failures after which an address is banned: every request that would have to authenticate is"
        " answered 429 at once. Keycloak: 30.",
    )
    ban: Annotated[float, DurationBetween("1s", "30d")] = Field(
        default=600.0, description="How long a ban lasts. fail2ban: `bantime`, 10 m."
    )
    exempt: tuple[Network, ...] = Field(
        default=("127.0.0.0/8", "::1/128"),
        max_length=1024,
        description="Networks or addresses that are never counted: load tests, a NAT with many users, a proxy that is"
        " not in `trusted_proxies`. By default the machine itself, as fail2ban's `ignoreself`.",
    )

    @model_validator(mode="after")
    def _delays_before_it_bans(self) -> "BruteForce":
        if self.delay_after > self.ban_after:
            raise refused("`delay_after` is more than `ban_after`: nobody would ever be delayed")
        return self
