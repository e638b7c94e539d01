"""`aws_sigv4`: the step that signs each request, with the body if it must be."""

import time
from collections.abc import Callable, Sequence
from hashlib import sha256

from hotgate.config.aws_sigv4 import AwsSigV4
from hotgate.http.headers import Field
from hotgate.http.response import Response
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.outgoing import OutgoingContext
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import PhasedStep
from hotgate.policies.outgoing.own_fields import OwnFields
from hotgate.policies.outgoing.sigv4 import UNSIGNED, Scope, SigV4

_DATE, _DIGEST, _TOKEN = b"x-amz-date", b"x-amz-content-sha256", b"x-amz-security-token"
_OTHER_OBJECT = frozenset({b"x-amz-copy-source", b"x-amz-rename-source"})
_OF_NOTHING = sha256(b"").hexdigest()


def aws_sigv4_steps(settings: AwsSigV4, context: OutgoingContext) -> Sequence[PhasedStep]:
    """Raises ValueError where bodies would go unprotected, or the Host is not known when the request is signed."""
    signs_payload = settings.signs_payload(is_https=context.is_https)
    if not signs_payload and not (settings.is_s3 and context.is_https):
        raise ValueError("`payload: unsigned` is for S3 alone, and needs targets with https://")
    scope = Scope(settings.region, settings.service, encodes_twice=not settings.is_s3)
    signer = SigV4(scope, settings.access_key_id.reveal(), settings.secret_access_key.reveal())
    host_of = context.host_of()
    own = OwnFields(b"authorization", _DATE, _DIGEST, _TOKEN)
    token = settings.session_token
    constant: tuple[Field, ...] = () if token is None else ((_TOKEN, token.reveal().encode("ascii")),)
    now: Callable[[], float] = context.services.get("wall_clock", time.time)

    may_copy = settings.copy_source or not settings.is_s3

    def sign(exchange: Exchange) -> Response | None:
        request = exchange.request
        if not may_copy and any(name in _OTHER_OBJECT for name, _ in request.headers.fields):
            return Response.problem(403, code="copy-not-allowed", detail="Objects cannot be copied here.")
        payload = _digest(request.body) if signs_payload or request.body is not None else UNSIGNED
        timestamp = signer.timestamp(now())
        said = ((_DATE, timestamp.encode("ascii")), (_DIGEST, payload.encode("ascii")), *constant)
        own.set(request.headers, said)
        authorization = signer.authorization(request, host_of(request), timestamp, payload)
        request.headers.fields.append((b"authorization", authorization))
        return None

    return (PhasedStep(Phase.SHAPE, sign, settings.max_body if signs_payload else 0, own.spellings),)


def _digest(body: bytes | None) -> str:
    return sha256(body).hexdigest() if body else _OF_NOTHING
