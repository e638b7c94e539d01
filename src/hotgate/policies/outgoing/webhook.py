"""`sign.webhook`: requests of internal services to partners, signed as Standard Webhooks 1.0 says.

What is signed is `<id>.<timestamp>.<body>`; each secret gives one signature, and a partner needs one that it knows.
"""

import hmac
import re
import time
from base64 import b64decode, b64encode
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hotgate.config.request_signing import WebhookSigning
from hotgate.http.response import Response
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.outgoing import OutgoingContext
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import PhasedStep
from hotgate.policies.outgoing.own_fields import OwnFields

_ID, _TIMESTAMP, _SIGNATURE = b"webhook-id", b"webhook-timestamp", b"webhook-signature"
_SEED_BYTES = 32
_valid_id = re.compile(rb"[A-Za-z0-9_-]{1,256}").fullmatch  # no full stop: it separates what is signed


def webhook_step(settings: WebhookSigning, context: OutgoingContext) -> PhasedStep:
    """Every body is held, for every one is signed."""
    signers = [_signer(secret.reveal()) for secret in settings.secrets]
    own = OwnFields(_ID, _TIMESTAMP, _SIGNATURE)
    id_from = None if settings.id_from is None else settings.id_from.lower().encode("ascii")
    needs_id = f"Say in `{settings.id_from}` which event it is: 1 to 256 letters, digits, '_' and '-'."
    now: Callable[[], float] = context.services.get("wall_clock", time.time)

    def sign(exchange: Exchange) -> Response | None:
        request = exchange.request
        event = exchange.request_id.encode("ascii") if id_from is None else request.headers.get(id_from) or b""
        if not _valid_id(event):
            return Response.problem(400, code="webhook-id-invalid", detail=needs_id)
        timestamp = b"%d" % now()
        signed = b"%b.%b.%b" % (event, timestamp, request.body or b"")
        signatures = b" ".join([signer(signed) for signer in signers])
        own.set(request.headers, ((_ID, event), (_TIMESTAMP, timestamp), (_SIGNATURE, signatures)))
        return None

    return PhasedStep(Phase.SHAPE, sign, settings.max_body, own.spellings)


def _signer(secret: str) -> Callable[[bytes], bytes]:
    kind, _, text = secret.partition("_")
    octets = b64decode(text)
    if kind == "whsec":
        return lambda signed: b"v1," + b64encode(hmac.digest(octets, signed, "sha256"))
    key = Ed25519PrivateKey.from_private_bytes(octets[:_SEED_BYTES])
    return lambda signed: b"v1a," + b64encode(key.sign(signed))
