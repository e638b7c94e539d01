"""What somebody would find who came now and asked for a place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

Reason = Literal["", "full", "displaced", "late", "expired"]
"""Why there is no place: the line is full; it was, and somebody more important or more modest came; it could not be
served in time; its time is over."""


class PlaceWish(NamedTuple):
    """For which places, under which key, whose turn, and the class (`Priority.label`). No name: for none."""

    name: str = ""
    key: str = ""
    owner: str = ""
    priority: str = ""


NO_WISH = PlaceWish()


@dataclass(frozen=True, slots=True)
class Outlook:
    """refusal: why it would be of no use to wait. ahead: of those who wait, about how many would be first; None if a
    place is free. retry_after: seconds after which it is worth to try again, where none is.
    """

    refusal: Reason = ""
    ahead: int | None = None
    retry_after: int = 1

    def message(self) -> Sequence[Any]:
        """For another process."""
        return [self.refusal, self.ahead, self.retry_after]

    @classmethod
    def from_message(cls, message: Any) -> "Outlook":
        """Raises TypeError or ValueError for what is none."""
        refusal, ahead, retry_after = message
        if refusal not in get_args(Reason):
            raise ValueError("unknown reason")
        return cls(refusal, None if ahead is None else int(ahead), int(retry_after))


FREE = Outlook()
