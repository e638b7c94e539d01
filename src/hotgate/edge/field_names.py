"""What becomes of a header name that a client sent: lower-cased, dropped or refused. Decided once per spelling."""

from typing import Literal

from hotgate.http.bounded_cache import BoundedCache
from hotgate.http.forwarded import is_reserved

DROPPED = b""

# These say how a request came here. They are dropped or read in one place only, `RequestReader`.
FORWARDED_CERTIFICATE = b"x-forwarded-client-cert"
FORWARDING = frozenset(
    {b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", FORWARDED_CERTIFICATE}
)


class RefusedName(ValueError):
    """A header name with an underscore or a dot, where the configuration refuses those."""


def field_names(
    *,
    refuse_underscores: bool,
    dots: Literal["pass", "drop", "refuse"] = "pass",
    read: frozenset[bytes] = frozenset(),
) -> BoundedCache[bytes]:
    """Maps a name as sent to its lower-case form, or to DROPPED for a name that only the gateway may set.

    read: names of the gateway's own that some step reads and takes away; no other spelling of them passes.

    Names with `_` never pass: WSGI and CGI backends read `X_Auth_Subject` and `X-Auth-Subject` as one
    (CVE-2025-64484, and nginx's underscores_in_headers). Dots do if `dots` says so: PHP alone reads them as `_`, and
    `is_reserved` knows that spelling. Raises RefusedName if they are to be refused.
    """

    def canonical_name(name: bytes) -> bytes:
        lower = name.lower()
        if b"_" in lower:
            if refuse_underscores:
                raise RefusedName("an underscore")
            return DROPPED
        if b"." in lower and dots != "pass":
            if dots == "refuse":
                raise RefusedName("a dot")
            return DROPPED
        if lower in FORWARDING or lower in read:
            return lower
        return DROPPED if is_reserved(lower) else lower

    return BoundedCache(canonical_name, max_entries=1024, max_key_bytes=64)
