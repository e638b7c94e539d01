"""What a worker holds of a token that the control process has got for it (`runtime/desks/upstream_tokens.py`)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from hotgate.http.headers import Field, valid_field

WAIT = 8.0  # seconds that a request may wait: a call of the control process may take five, metadata before it three
_ABOUT = "upstream_token"

Ask = Callable[..., Awaitable[Any]]


def fingerprint(token: str) -> str:
    """Names a token without telling it."""
    return sha256(token.encode("ascii")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class ShownToken:
    """fields: as they are sent. good_until, renew_at: monotonic seconds. fingerprint: names it."""

    fields: tuple[Field, ...] = field(repr=False)
    good_until: float
    renew_at: float
    fingerprint: str

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return 512 + len(self.fields[0][1])


@dataclass(frozen=True, slots=True)
class Refused:
    """The authorization server gives no token for the caller's. code: why. good_until: how long that is believed."""

    code: str
    good_until: float

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return 256


class NoToken(Exception):
    """There is none now. retry_after: seconds."""

    def __init__(self, reason: str, retry_after: float = 1.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


async def asked(ask: Ask | None, body: Mapping[str, Any], now: Callable[[], float]) -> ShownToken | str:
    """A token for what `body` says, or the code with which it is refused. Raises NoToken.

    now: monotonic seconds.
    """
    if ask is None:
        raise NoToken("there is no control process to ask")
    try:
        answer = await ask(_ABOUT, dict(body), wait=WAIT)
    except Exception as error:  # runtime's Unanswered, which is defined above this package
        raise NoToken(str(error)) from error
    if "refused" in answer:
        return str(answer["refused"])
    if "token" not in answer:
        raise NoToken(str(answer["unavailable"]), float(answer["retry_after"]))
    token, since = str(answer["token"]), now()
    value = valid_field(b"authorization", b"Bearer " + token.encode("ascii"))
    return ShownToken((value,), since + answer["good_for"], since + answer["renew_in"], fingerprint(token))
