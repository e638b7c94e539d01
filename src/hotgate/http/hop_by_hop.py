"""Fields that belong to one connection and are never forwarded (RFC 9110 §7.6.1)."""

from hotgate.http.headers import Field
from hotgate.http.reserved import ASSERTION_FIELD

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authentication-info",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"http2-settings",  # RFC 7540 §3.2.1: only with an h2c upgrade, which is never passed on
    }
)

# Policies may set any field of an answer but those that frame it or name the request.
ANSWER_FRAME = HOP_BY_HOP | {b"content-length", b"x-request-id"}

# What a client says of these never reaches a backend: each request that is sent says them anew.
WRITTEN_ANEW = HOP_BY_HOP | {b"host", b"content-length", b"expect", b"x-request-id", b"traceparent"}

# A `Connection` field may name any field to be removed. Removing one of these would change what the request means
# or who sent it, so the name is ignored (the "hop-by-hop abuse" that strips X-Forwarded-For or credentials).
_PROTECTED = frozenset({b"host", b"content-length", b"authorization", b"cookie", b"cache-control", b"content-type"})

# RFC 9110 §6.5.1: trailers must not carry framing, routing, authentication or content-type information.
_NEVER_TRAILERS = HOP_BY_HOP | {
    b"host",
    b"content-length",
    b"content-encoding",
    b"content-type",
    b"content-range",
    b"authorization",
    b"cookie",
    b"set-cookie",
    b"cache-control",
    b"expect",
    b"max-forwards",
    b"location",
    b"vary",
    b"www-authenticate",
    ASSERTION_FIELD,
}


def connection_options(values: list[bytes]) -> frozenset[bytes]:
    """The lower-case options of all `Connection` fields: `close`, `keep-alive`, `upgrade` or names of fields."""
    return frozenset(option.strip(b" \t").lower() for value in values for option in value.split(b",") if option)


def without_named(fields: list[Field], options: frozenset[bytes]) -> list[Field]:
    """Fields less those that `Connection` names."""
    named = options - _PROTECTED
    return [field for field in fields if field[0] not in named]


def is_allowed_trailer(name: bytes) -> bool:
    """Whether a field may travel after the body. `name` is lower case."""
    return name not in _NEVER_TRAILERS
