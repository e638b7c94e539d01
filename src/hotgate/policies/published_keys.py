"""`respond: {jwks: true}`: the keys that verify the gateway's assertions, answered by the workers themselves."""

from collections.abc import Callable, Sequence

from hotgate.http.headers import Field, Headers
from hotgate.http.response import Response
from hotgate.keys.key_ring import JWKS_MAX_AGE, JWKS_MEDIA_TYPE, RingHolder
from hotgate.pipeline.exchange import Exchange

_OWN: tuple[Field, ...] = (
    (b"content-type", JWKS_MEDIA_TYPE.encode("ascii")),
    (b"cache-control", b"public, max-age=%d" % JWKS_MAX_AGE),
)


def publishing_keys(signing: RingHolder, fields: Sequence[Field]) -> Callable[[Exchange], Response]:
    """Answers with the published set. fields: what the answer has besides, or instead of its own."""
    given = {name for name, _ in fields}
    head = [*fields, *(field for field in _OWN if field[0] not in given)]

    def publish(exchange: Exchange) -> Response:
        if signing.ring is None:
            return Response.problem(503, code="keys-unavailable", log_detail="the worker has no signing key")
        return Response(200, Headers(list(head)), signing.ring.jwks)

    return publish
