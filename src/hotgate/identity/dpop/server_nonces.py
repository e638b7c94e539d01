"""What ties a proof to the memory of who has seen the others: nonces of the control process (RFC 9449 §8, §9).

They are random, the same for every client, and follow one another; all workers are sent the accepted ones. A new
control process knows nothing of the proofs that were used before it, so it must not take one from then: what carries
one of its nonces, or was signed after its start, is none of them.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from hotgate.identity.dpop.proof import MAX_AHEAD


class ServerNonces(NamedTuple):
    """epoch: names the control process. newest: what clients are given. accepted: that one, and the one before.

    since: when it began to be asked about every proof (epoch seconds); None: it is not yet.
    """

    epoch: str
    newest: str
    accepted: frozenset[str]
    since: float | None

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> "ServerNonces":
        """As the control process sends them. Raises KeyError, TypeError or ValueError."""
        newest, *older = map(str, message["nonces"])
        since = message["since"]
        return cls(str(message["epoch"]), newest, frozenset((newest, *older)), None if since is None else float(since))

    def is_of_this_epoch(self, issued: float) -> bool:
        """Whether a proof without a nonce was certainly not used before: clocks of clients may be MAX_AHEAD ahead."""
        return self.since is not None and issued > self.since + MAX_AHEAD
