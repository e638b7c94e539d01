"""`sign.message`: the step that signs each request to an upstream (RFC 9421), with its body if it must be."""

import time
from collections.abc import Callable
from secrets import token_urlsafe

from hotgate.config.request_signing import MessageSigning
from hotgate.http.content_digest import CONTENT_DIGEST, content_digest
from hotgate.http.headers import Field
from hotgate.http.response import Response
from hotgate.identity.signatures.component import InvalidComponent
from hotgate.identity.signatures.message_signer import MessageSigner, SignatureTerms
from hotgate.identity.signatures.signature_fields import SIGNATURE, SIGNATURE_INPUT
from hotgate.identity.signatures.signed_message import SignedMessage, normal_authority
from hotgate.identity.signatures.signing_key import MessageSigningKey
from hotgate.identity.verification_keys.shared_secret import secret_octets
from hotgate.keys.key_ring import RingHolder
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.outgoing import OutgoingContext
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import PhasedStep
from hotgate.policies.outgoing.own_fields import OwnFields

_NONCE_BYTES = 16  # random, so that none comes twice (RFC 9421 §7.2.2)
_NOTHING: tuple[Field, ...] = ()


def message_step(settings: MessageSigning, context: OutgoingContext) -> PhasedStep:
    """Raises ValueError for keys that cannot sign, and where the Host is not known when a request is signed."""
    key_at = _keys(settings, context)
    host_of = context.host_of()
    scheme = "https" if context.is_https else "http"
    components = settings.components
    if settings.digest and CONTENT_DIGEST.decode("ascii") not in components:
        components = (*components, CONTENT_DIGEST.decode("ascii"))
    signer = MessageSigner(SignatureTerms(settings.label, components, settings.lifetime, settings.tag))
    own = OwnFields(SIGNATURE, SIGNATURE_INPUT, *((CONTENT_DIGEST,) if settings.digest else ()))
    now: Callable[[], float] = context.services.get("wall_clock", time.time)

    def sign(exchange: Exchange) -> Response | None:
        request = exchange.request
        own.set(request.headers, _digest(request.body) if settings.digest else _NOTHING)
        key = key_at(now())
        if key is None:
            return Response.problem(503, code="signing-unavailable", log_detail="the worker has no signing key")
        authority = normal_authority(host_of(request), scheme)
        message = SignedMessage(request.method, scheme, authority, request.target, _fields(exchange))
        try:
            request.headers.fields += signer.fields(message, key, now(), token_urlsafe(_NONCE_BYTES))
        except InvalidComponent as error:
            return Response.problem(500, code="signing-failed", log_detail=str(error))
        return None

    return PhasedStep(Phase.SHAPE, sign, settings.max_body if settings.digest else 0, own.spellings)


def _digest(body: bytes | None) -> tuple[Field, ...]:
    return ((CONTENT_DIGEST, content_digest(body)),) if body else _NOTHING


def _fields(exchange: Exchange) -> list[Field]:
    """Those that the backend gets, also of the caller."""
    principal, fields = exchange.principal, exchange.request.headers.fields
    return [*fields, *principal.backend_fields] if principal is not None and exchange.route.tells_identity else fields


def _keys(settings: MessageSigning, context: OutgoingContext) -> Callable[[float], MessageSigningKey | None]:
    """The key that signs at a time in epoch seconds. Raises ValueError."""
    key_id = settings.key_id or ""
    if settings.key is not None:
        of_pem = MessageSigningKey.of_pem(key_id, settings.key.reveal())
        return lambda now: of_pem
    if settings.secret is not None:
        of_secret = MessageSigningKey.of_secret(key_id, secret_octets(settings.secret.reveal()))
        return lambda now: of_secret
    holder: RingHolder = context.services.get("signing", RingHolder())
    return lambda now: None if holder.ring is None else MessageSigningKey.of_own(holder.ring.signing_at(now))
