"""The authority's answer to a worker that asks for tokens."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grant:
    """granted: tokens that the worker may now spend. remaining: whole tokens left in the bucket.

    retry_after: seconds until there is a token, when there was none; 0 otherwise. must_wait: nothing could be decided
    yet, ask again soon. Nothing granted, no `must_wait` and no `retry_after`: there is no need to take more now.
    """

    granted: int = 0
    remaining: int = 0
    retry_after: float = 0.0
    must_wait: bool = False


NOT_YET = Grant(must_wait=True)
