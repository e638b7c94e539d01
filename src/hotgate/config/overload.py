"""`overload:`: when a worker has too much to do, and what it gives up then."""

from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.percent import PercentBetween
from hotgate.config.settings import Flag, Settings
from hotgate.config.units import DurationBetween, SizeBetween

_FROM = "Where pressure begins. Once begun, it ends a fifth below."
_TO = "Where it is full."


class LoopLag(Settings):
    """How long one turn of a worker's event loop takes: what every request waits for each time it has to go on."""

    start: Annotated[float, DurationBetween("1ms", "1m")] = Field(default=0.25, alias="from", description=_FROM)
    to: Annotated[float, DurationBetween("1ms", "1m")] = Field(default=1.0, description=_TO)

    @model_validator(mode="after")
    def _is_in_order(self) -> "LoopLag":
        if self.to <= self.start:
            raise refused("`to` must be more than `from`")
        return self


class Share(Settings):
    """A share of what there is."""

    start: Annotated[float, PercentBetween(1, 100)] = Field(default=0.85, alias="from", description=_FROM)
    to: Annotated[float, PercentBetween(1, 100)] = Field(default=0.95, description=_TO)

    @model_validator(mode="after")
    def _is_in_order(self) -> "Share":
        if self.to <= self.start:
            raise refused("`to` must be more than `from`")
        return self


class Memory(Share):
    """Resident memory of a worker."""

    limit: Annotated[int, SizeBetween("64MiB", "1024GiB")] | None = Field(
        default=None,
        description="What one worker may have. Not set: no bound, for what is normal depends on routes and connections"
        ". Let `limits.worker_memory`, at which a worker is replaced, be less.",
    )

    @model_validator(mode="after")
    def _has_a_measure(self) -> "Memory":
        if self.limit is None and self.model_fields_set:
            raise refused("memory is not measured without `limit`: say what one worker may have")
        return self


class Overload(Settings):
    """When a worker has too much to do, it answers some requests 503 with `Retry-After` at once, the least important
    first and the more the higher the pressure; before it would answer all of them late. Envoy: overload manager."""

    enabled: Flag = Field(default=True, description="Say `false` to serve whatever comes, however late.")
    loop_lag: LoopLag = Field(default=LoopLag(), description="Sheds requests.")
    memory: Memory = Field(
        default=Memory(),
        description="Sheds requests and ends connections after their answer; full, new connections are turned away.",
    )
    open_files: Share = Field(
        default=Share(), description="Of the descriptors that clients may have. Ends connections after their answer."
    )
    connections: Share = Field(
        default=Share(), description="Of `limits.max_connections`. Ends connections after their answer."
    )
    retry_after: Annotated[float, DurationBetween("1s", "10m")] = Field(
        default=5.0,
        description="The longest `Retry-After`; each answer has one of its own, so that clients do not come back all at"
        " once.",
    )
