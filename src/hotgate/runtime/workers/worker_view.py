"""How a worker sees a limit, places, itself, and an upstream: what it answers to `look`."""

from collections.abc import Mapping
from dataclasses import dataclass

from hotgate.limits.concurrency.outlook import FREE, Outlook
from hotgate.runtime.workers.channel import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerView:
    """held: tokens of the limit that it may spend. place: what a request would find that needs one.
    chances: of a request to be shed, by class, where there is one, and the cause, a key of `overload`. refusal: the
    problem code of all requests for the upstream, empty if somebody can be asked. in_panic: all its targets are used
    because too few are available. out: its targets that are out of service, and why.
    """

    held: int = 0
    place: Outlook = FREE
    cause: str = ""
    chances: Mapping[str, float]
    refusal: str = ""
    in_panic: bool = False
    out: Mapping[str, str]

    @classmethod
    def from_message(cls, message: Message) -> "WorkerView":
        """Raises KeyError, TypeError or ValueError for what is none."""
        chances, out = dict(message["chances"]), dict(message["out"])
        return cls(
            held=int(message["held"]),
            place=Outlook.from_message(message["place"]),
            cause=str(message["cause"]),
            chances={str(name): float(chance) for name, chance in chances.items()},
            refusal=str(message["refusal"]),
            in_panic=message["panic"] is True,
            out={str(name): str(why) for name, why in out.items()},
        )
