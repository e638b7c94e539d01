"""`mirror:` of a route, as the file says it."""

from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.settings import Flag, Form, HeaderName, Name, Settings, WholeNumber
from hotgate.config.units import DurationBetween, SizeBetween
from hotgate.policies.releases.release_settings import Share

SAFE = ("GET", "HEAD", "OPTIONS")  # RFC 9110 §9.2.1; TRACE is answered by nobody behind a gateway
_NEVER = frozenset({"CONNECT", "TRACE"})
_METHOD = Form(r"[A-Z][A-Z0-9_-]{0,31}", "use a method in capital letters, such as POST")


class MirrorSettings(Settings):
    """Copies of requests for another upstream, whose answers nobody reads and nobody waits for."""

    upstream: Name = Field(description="Who gets the copies.")
    share: Share = Field(default=1.0, description="How many of the requests are copied, picked at random.")
    methods: tuple[Annotated[str, _METHOD], ...] = Field(
        default=SAFE,
        min_length=1,
        max_length=16,
        description="Requests with these methods are copied. By default the safe ones: a copy of a POST is one more"
        " POST, so name it only where what stands behind `upstream` has data of its own.",
    )
    max_concurrent: Annotated[int, WholeNumber(1, 10_000)] = Field(
        default=64,
        description="Copies that may be under way at once with each worker, and as many whose body is not complete;"
        " further ones are left out.",
    )
    max_body: Annotated[int, SizeBetween("0", "1MiB")] = Field(
        default=64 * 1024,
        description="The largest body that is copied; requests with larger ones are left out. It is held in memory.",
    )
    timeout: Annotated[float, DurationBetween("10ms", "1m")] = Field(
        default=5.0, description="When a copy is given up."
    )
    credentials: Flag = Field(
        default=False,
        description="Whether copies carry what was sent to prove or remember a caller, as far as the route's own"
        " upstream gets it: `Authorization`, cookies, keys, signatures.",
    )
    identity: Flag = Field(
        default=False, description="Whether copies say who calls: `X-Auth-*`, assertions, client certificates."
    )
    remove: tuple[HeaderName, ...] = Field(
        default=(), max_length=64, description="Further header fields that copies do not have."
    )

    @model_validator(mode="after")
    def _copies_requests_only(self) -> "MirrorSettings":
        if not _NEVER.isdisjoint(self.methods):
            raise refused("CONNECT and TRACE are no requests that could be copied")
        return self
