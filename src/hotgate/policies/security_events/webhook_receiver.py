"""Receives plain messages of a program that knows a shared secret, signed as Standard Webhooks 1.0 says:

webhook-id: 5f2c…                webhook-timestamp: 1764115200
webhook-signature: v1,<base64 of HMAC-SHA256(secret, "<id>.<timestamp>.<body>")>

{"subject": "ada"}               all that was issued to this user until `timestamp`; or one of `email`, `sid`, `jti`,
                                 `client`, and `"provider": "corp"` for one of the entries alone
"""

import hmac
import re
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from hotgate.config.security_events import SecurityEvents, Webhook
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity import strict_json
from hotgate.identity.events.ended import Ended, EndedKind
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.security_events.delivery import Delivery

MAX_BODY = 16 * 1024
MAX_SIGNATURES = 8  # a sender that changes its secret signs with both
_MAX_VALUE = 512  # characters
_KINDS: Mapping[str, EndedKind] = {"subject": "sub", "email": "email", "sid": "sid", "jti": "jti", "client": "client"}

_valid_id = re.compile(rb"[A-Za-z0-9_-]{1,256}").fullmatch  # no full stop: it separates what is signed
_valid_time = re.compile(rb"[0-9]{1,12}").fullmatch


class _Refused(Exception):
    """status, code: of the answer. detail: what the sender is told; the text is for our log."""

    def __init__(self, status: int, code: str, says: str, detail: str = "The signature is not good.") -> None:
        super().__init__(says)
        self.status = status
        self.code = code
        self.detail = detail


class _BadMessage(_Refused):
    """It comes from who knows the secret, who is told what is wrong with it."""

    def __init__(self, says: str) -> None:
        super().__init__(422, "webhook-invalid", says, f"The message is not good: {says}.")


class WebhookReceiver:
    """services: if they are there "wall_clock" (epoch seconds) and "ask"."""

    def __init__(self, name: str, settings: SecurityEvents, webhook: Webhook, services: Mapping[str, Any]) -> None:
        self._secret = webhook.octets()
        self._max_age = webhook.max_age
        self._entries = settings.revokes
        self._clock: Callable[[], float] = services.get("wall_clock", time.time)
        self._delivery = Delivery(name, services.get("ask"))

    async def answer(self, exchange: Exchange) -> Response:
        """202, a problem, or 503."""
        try:
            message, happened = self._verified(exchange.request)
            ended, entries = self._read(exchange.request.body or b"", happened)
        except _Refused as refusal:
            return Response.problem(refusal.status, code=refusal.code, detail=refusal.detail, log_detail=str(refusal))
        return await self._delivery.deliver(message, [ended], types=("webhook",), entries=entries)

    def _verified(self, request: Request) -> tuple[str, float]:
        """The message's id and time."""
        identifier, timestamp, signatures = (
            _only(request, name) for name in (b"webhook-id", b"webhook-timestamp", b"webhook-signature")
        )
        if not _valid_id(identifier) or not _valid_time(timestamp):
            raise _Refused(401, "webhook-signature-missing", "no webhook-id and webhook-timestamp of the right form")
        made = hmac.digest(self._secret, b"%b.%b.%b" % (identifier, timestamp, request.body or b""), "sha256")
        expected = b"v1," + b64encode(made)
        given = signatures.split(b" ", MAX_SIGNATURES)[:MAX_SIGNATURES]
        if not any(hmac.compare_digest(expected, each) for each in given):
            raise _Refused(401, "webhook-signature-invalid", "no signature is of this message and the secret")
        if abs(self._clock() - int(timestamp)) > self._max_age:
            says = "its timestamp is further from now than max_age"
            raise _Refused(
                401, "webhook-expired", says, "The message is too old, or from the future: compare the clocks."
            )
        return identifier.decode("ascii"), float(timestamp)

    def _read(self, body: bytes, happened: float) -> tuple[Ended, Sequence[str]]:
        try:
            message = strict_json.parse_object(body)
        except ValueError as error:
            raise _BadMessage(f"not a JSON object: {type(error).__name__}") from None
        provider = message.pop("provider", None)
        if provider is not None and provider not in self._entries:
            raise _BadMessage("provider is none of `revokes`")
        if len(message) != 1 or not message.keys() <= _KINDS.keys():
            raise _BadMessage(f"not exactly one of {', '.join(_KINDS)}")
        [(name, value)] = message.items()
        if not isinstance(value, str) or not 0 < len(value) <= _MAX_VALUE or "\0" in value:
            raise _BadMessage(f"{name} is not a text of 1 to {_MAX_VALUE} characters")
        kind = _KINDS[name]
        before = None if kind in ("sid", "jti") else happened
        return Ended(kind, value, before), () if provider is None else (cast("str", provider),)


def _only(request: Request, name: bytes) -> bytes:
    values = request.headers.get_all(name)
    return values[0] if len(values) == 1 else b""
