"""`counters`: where limits are counted, and what becomes of requests when that place cannot be reached."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.settings import Name, Settings, WholeNumber
from hotgate.config.units import DurationBetween


class Counters(Settings):
    """Limits count for this node alone (`local`), or for all nodes that name the same Valkey or Redis (`valkey`). They
    cannot change while the gateway runs, but for the server's address."""

    store: Literal["local", "valkey"] = Field(
        default="local",
        description="`local`: each node counts for itself. `valkey`: all nodes with the same `valkey` and `prefix` "
        "count together, and no request passes above a limit.",
    )
    when_lost: Literal["share", "open", "closed"] = Field(
        default="closed",
        description="While the server cannot be reached. `closed`: what is limited is answered 503. `share`: each node "
        "admits its part of each rate, 1 / `nodes`, from nothing; sliding windows, and limits too small for that, are "
        "closed. `open`: nothing is limited. Envoy's rate limit service: open, unless `failure_mode_deny`.",
    )
    nodes: Annotated[int, WholeNumber(1, 64)] | None = Field(
        default=None,
        description="How many nodes there are; `share` needs it, the same on all of them. The part of a node that is "
        "down is given to nobody, for the others cannot know that it admits nothing.",
    )
    node: Name | None = Field(
        default=None,
        description="This node's name, another one on each. Not set: the name of the machine.",
    )
    prefix: Name = Field(
        default="hotgate",
        description="What all keys in the server begin with; the same on all nodes that count together.",
    )
    unknown: Literal["empty", "full"] = Field(
        default="empty",
        description="What a bucket holds that the server does not know of, in the beginning or because it has lost its "
        "memory. `empty`: what flows in from then on, so that no limit is ever exceeded. `full`: all of it; "
        "each loss lets each caller have its quota once more.",
    )
    failover: Annotated[float, DurationBetween("0s", "10m")] = Field(
        default=10.0,
        description="For how long a primary that was replaced may go on answering some nodes: after a change of "
        "primary nothing is admitted for so long. Only with `sentinel` and `cluster`. Valkey: `min-replicas-max-lag`"
        " is 10 s.",
    )
    max_keys: Annotated[int, WholeNumber(1000, 100_000_000)] = Field(
        default=1_000_000,
        description="Buckets that the server keeps, some 200 bytes each, of sliding windows up to 2 KB. Beyond, the "
        "fullest go first, and nobody who is new starts with more than the fullest that went.",
    )

    @property
    def are_shared(self) -> bool:
        """Whether several nodes count together."""
        return self.store == "valkey"

    @model_validator(mode="after")
    def _knows_nodes(self) -> "Counters":
        if self.when_lost == "share" and self.nodes is None:
            raise refused("`share` needs `nodes`: how many there are to share the rates")
        return self
