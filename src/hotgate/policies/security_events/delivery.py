"""Hands verified events to the control process, and says so to the sender only when they are stored."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from hotgate.http.response import Response
from hotgate.identity.events.ended import Ended

ABOUT = "security_events"
WAIT = 5.0  # seconds

Ask = Callable[..., Awaitable[Any]]


class Delivery:
    """receiver: the name under `security_events`. ask: the question to the control process; None: nobody to ask."""

    def __init__(self, receiver: str, ask: Ask | None) -> None:
        self._receiver = receiver
        self._ask = ask

    async def deliver(
        self,
        jti: str,
        ended: Sequence[Ended],
        *,
        types: Sequence[str],
        unmapped: Sequence[str] = (),
        txn: str | None = None,
        entries: Sequence[str] = (),
    ) -> Response:
        """202 (RFC 8935 §2.2) when it is stored; 503 when that is not known, and the sender sends it again.

        entries: only these of `revokes`; none for all.
        """
        body: Mapping[str, Any] = {
            "receiver": self._receiver,
            "jti": jti,
            "txn": txn,
            "types": list(types),
            "ended": [list(each) for each in ended],
            "unmapped": list(unmapped),
            "entries": list(entries),
        }
        try:
            if self._ask is None:
                raise ConnectionError("there is no control process")
            await self._ask(ABOUT, body, wait=WAIT)
        except Exception as error:  # noqa: BLE001 (Unanswered of the runtime, which is defined above this package)
            return unavailable(f"{type(error).__name__}: {error}")
        return Response(202)


def unavailable(log_detail: str) -> Response:
    """The event may be good, but that cannot be judged or kept at the moment."""
    return Response.problem(
        503,
        code="event-not-stored",
        detail="The event could not be stored. Send it again.",
        headers={"retry-after": "5"},
        log_detail=log_detail,
    )
