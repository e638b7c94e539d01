"""How long things may take between a node and the counter store, and why the sums come out safe."""

from dataclasses import dataclass
from typing import Literal

LEASE = 5.0  # seconds for which a node may spend what it was lent
DRIFT = 1.1  # a clock that runs faster than another one by a tenth is broken
SILENCE = 5.0  # seconds after which a node that says nothing counts as away; no less than LEASE
# A node that lost the store accrues nothing for so long: by then it counts as away, and its leases are over.
PATIENCE = max(SILENCE, LEASE) * DRIFT
OPENING = LEASE * DRIFT * DRIFT  # a store that begins anew waits for so long: leases of before are over everywhere

PARTITIONS = 16  # hashes in the store: they spread over a cluster, and each is asked by itself
MOST_ASKS = 256  # of one call, so that a script takes a few milliseconds at most
MOST_CHUNK = 65_536  # tokens to want at once
SWEPT = 16  # buckets of each partition that are looked at once a second, to forget those that are full


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What all nodes agree upon.

    place: this node's name. nodes: how many share the rates when the store is lost; 0 if they do not. when_lost: what
    becomes of requests then. grace: seconds for which a primary that was replaced may go on answering some nodes.
    most_keys: buckets that the store keeps. trusted: what the store does not know was never spent.
    """

    place: str
    nodes: int = 0
    when_lost: Literal["share", "open", "closed"] = "closed"
    grace: float = 0.0
    most_keys: int = 1_000_000
    most_chunk: int = MOST_CHUNK
    trusted: bool = False

    @property
    def opening(self) -> float:
        """Seconds from the beginning of a partition to its first token."""
        return OPENING + self.grace
