"""Receives security event tokens that a transmitter pushes (RFC 8935)."""

import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from hotgate.config.security_events import SetTransmitter
from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.events.security_event_token import SecurityEvents, SetRules, verified_events
from hotgate.identity.events.transmitter_keys import keys_location
from hotgate.identity.refusal import CredentialRefused, KeySetUnavailable
from hotgate.identity.verification_keys.key_sets import KeySets, key_set_name
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.gateway_endpoint import events_name
from hotgate.policies.security_events.delivery import Delivery, unavailable

_MEDIA_TYPE = b"application/secevent+jwt"
# RFC 8935 §2.4, by the code of the refusal; anything else is `invalid_request`.
_ERRORS = {
    "token-signature-invalid": "invalid_key",
    "key-unknown": "invalid_key",
    "token-issuer-unknown": "invalid_issuer",
    "token-audience-mismatch": "invalid_audience",
}


class SetReceiver:
    """One transmitter's. services: "key_sets", and if they are there "wall_clock" (epoch seconds) and "ask"."""

    def __init__(self, name: str, settings: SetTransmitter, services: Mapping[str, Any]) -> None:
        self._rules = SetRules(
            issuer=settings.issuer,
            audiences=frozenset(settings.audiences),
            subject_issuers=frozenset({settings.issuer, *settings.subject_issuers}),
            algorithms=frozenset(settings.algorithms),
            leeway=settings.leeway,
            max_age=settings.max_age,
        )
        self._key_sets: KeySets = services["key_sets"]
        self._keys = self._key_sets.get(key_set_name(events_name(name), keys_location(settings)))
        self._token = None if settings.token is None else settings.token.reveal().encode()
        self._clock: Callable[[], float] = services.get("wall_clock", time.time)
        self._delivery = Delivery(name, services.get("ask"))

    async def answer(self, exchange: Exchange) -> Response:
        """202, an error of RFC 8935 §2.3, or 503."""
        request = exchange.request
        if self._token is not None and not _is_bearer(request, self._token):
            return _refused(401, "authentication_failed", "no bearer token, or another one")
        if (request.headers.get(b"content-type") or b"").partition(b";")[0].strip().lower() != _MEDIA_TYPE:
            return _refused(400, "invalid_request", "its content type is not application/secevent+jwt")
        try:
            events = await self._verified(request.body or b"")
        except CredentialRefused as refusal:
            return _refused(400, _ERRORS.get(refusal.code, "invalid_request"), refusal.log_detail)
        except KeySetUnavailable as error:
            return unavailable(str(error))
        return await self._delivery.deliver(
            events.jti, events.ended, types=events.types, unmapped=events.unmapped, txn=events.txn
        )

    async def _verified(self, token: bytes) -> SecurityEvents:
        """With fresher keys if the transmitter has a new one."""
        try:
            return verified_events(token, self._rules, self._keys, self._clock())
        except CredentialRefused as refusal:
            if refusal.code != "key-unknown" or not self._key_sets.may_refresh(self._keys.name):
                raise
        await self._key_sets.refresh(self._keys.name)
        return verified_events(token, self._rules, self._keys, self._clock())


def _is_bearer(request: Request, token: bytes) -> bool:
    values = request.headers.get_all(b"authorization")
    scheme, _, given = (values[0] if len(values) == 1 else b"").partition(b" ")
    return scheme.lower() == b"bearer" and hmac.compare_digest(given, token)


def _refused(status: int, error: str, log_detail: str) -> Response:
    """What exactly is wrong stands in our log only."""
    fields = [(b"content-type", b"application/json"), (b"content-language", b"en"), (b"cache-control", b"no-store")]
    if status == 401:
        fields.append((b"www-authenticate", b'Bearer realm="security events"'))
    body = {"err": error, "description": "The gateway's log says why."}
    response = Response(status, Headers(fields), json.dumps(body).encode())
    response.code, response.log_detail = f"event-{error.replace('_', '-')}", log_detail
    return response
