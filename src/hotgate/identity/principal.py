"""Who is calling, whatever the mechanism that proved it."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hotgate.http.headers import Field, encode_fields
from hotgate.identity.confirmation import Confirmation, in_order
from hotgate.limits.limit import Limit

if TYPE_CHECKING:
    from hotgate.identity.assertion import KeptAssertion

ANONYMOUS = "anonymous"  # the mechanism of a caller who has shown nothing

# What must be percent-encoded, by the characters of printable ASCII that are unsafe.
_ESCAPED = {unsafe: re.compile(f"[^ -~]|[{unsafe}]") for unsafe in ("%", "% ", "% ,")}


class Principal:
    """An authenticated caller. Immutable by convention: one is shared by all requests that carry the same credential.

    subject: the stable name of the caller (`sub`, or the key's consumer). provider: the name under `identity:`.
    mechanism: as under `identity:`, "jwt" or "api_key". is_anonymous: it is everybody who has shown nothing. groups,
    tier, tenant: what the token or the consumer says of the caller. client: the application that calls for it
    (`client_id`, `azp`). credential: names the proof, never secret (a key's id, `jti`, a fingerprint). expires: when
    the proof ends (epoch seconds), None if that is not known. confirmations: what each request must bring besides for
    the proof to be worth anything, in order. limit: the caller's own, besides the route's. claims: verified facts, JSON
    types. backend_fields: the header fields that tell the backend who calls; backend_block: the same for the wire.
    assertions: what has been signed of the caller (see `assertion.py`). forwarded: the field that the backend gets
    instead of the credential, if its mechanism gives one.
    proofs: by provider, everything that was proved where several proofs had to come together; otherwise empty.
    """

    __slots__ = (
        "assertions",
        "backend_block",
        "backend_fields",
        "claims",
        "client",
        "confirmations",
        "credential",
        "expires",
        "forwarded",
        "groups",
        "is_anonymous",
        "limit",
        "mechanism",
        "proofs",
        "provider",
        "roles",
        "scopes",
        "subject",
        "tenant",
        "tier",
    )

    def __init__(
        self,
        subject: str,
        *,
        provider: str,
        mechanism: str,
        scopes: frozenset[str] = frozenset(),
        roles: frozenset[str] = frozenset(),
        groups: frozenset[str] = frozenset(),
        tier: str | None = None,
        tenant: str | None = None,
        client: str | None = None,
        credential: str | None = None,
        expires: float | None = None,
        limit: Limit | None = None,
        claims: Mapping[str, Any] | None = None,
        confirmations: tuple[Confirmation, ...] = (),
    ) -> None:
        self.subject = subject
        self.provider = provider
        self.mechanism = mechanism
        self.is_anonymous = mechanism == ANONYMOUS
        self.scopes = scopes
        self.roles = roles
        self.groups = groups
        self.tier = tier
        self.tenant = tenant
        self.client = client
        self.credential = credential
        self.expires = expires
        self.limit = limit
        self.confirmations = confirmations
        self.claims: Mapping[str, Any] = {} if claims is None else claims
        self.forwarded: Field | None = None
        self.proofs: Mapping[str, Principal] = {}
        self.backend_fields: tuple[Field, ...] = _backend_fields(self)
        self.backend_block = encode_fields(self.backend_fields)
        self.assertions: dict[str, KeptAssertion] = {}

    def with_credential(
        self, credential: str, expires: float | None, limit: Limit | None, claims: Mapping[str, Any]
    ) -> "Principal":
        """The same caller, who has proved it otherwise: what backends are told of both is the same, and made once."""
        other = self._twin()
        other.credential, other.expires, other.limit, other.claims = credential, expires, limit, claims
        return other

    def with_proofs(self, proofs: Sequence["Principal"]) -> "Principal":
        """The same caller, who has proved all of this at once. Rights are not added up: they stay this one's."""
        joined = self._twin()
        joined.proofs = {each.provider: each for each in proofs}
        joined.confirmations = in_order(demand for each in proofs for demand in each.confirmations)
        joined.forwarded = next((each.forwarded for each in proofs if each.forwarded is not None), None)
        joined.expires = min((each.expires for each in proofs if each.expires is not None), default=None)
        return joined

    def _twin(self) -> "Principal":
        twin = Principal.__new__(Principal)  # `copy` takes three times as long
        for name in Principal.__slots__:
            setattr(twin, name, getattr(self, name))
        twin.assertions = {}  # what is signed of one is not true of the other, or not for as long
        return twin

    def __repr__(self) -> str:
        return f"<Principal {self.subject!r} of {self.provider}>"


def _backend_fields(principal: Principal) -> tuple[Field, ...]:
    """The `X-Auth-*` fields. Clients cannot send them: the edge removes every name that starts so."""
    fields = [
        (b"x-auth-subject", _header_text(principal.subject)),
        _provider_field(principal.provider),
    ]
    if principal.scopes:
        fields.append((b"x-auth-scopes", _header_list(principal.scopes, b" ")))
    if principal.roles:
        fields.append((b"x-auth-roles", _header_list(principal.roles, b",")))
    if principal.groups:
        fields.append((b"x-auth-groups", _header_list(principal.groups, b",")))
    if principal.tenant is not None:
        fields.append((b"x-auth-tenant", _header_text(principal.tenant)))
    if principal.client is not None:
        fields.append((b"x-auth-client", _header_text(principal.client)))
    return tuple(fields)


@lru_cache(maxsize=1024)
def _provider_field(provider: str) -> Field:
    """One for all callers of an entry."""
    return b"x-auth-provider", _header_text(provider)


def _header_list(names: frozenset[str], separator: bytes) -> bytes:
    """Sorted names, in which spaces and commas are percent-encoded, so that one name cannot pass for two."""
    encoded = [_percent_encoded(name, "% ,") for name in sorted(names)]
    return separator.join(encoded)


def _header_text(text: str) -> bytes:
    """Printable ASCII as it is; anything else percent-encoded as UTF-8, so that no claim can inject a field.

    Spaces at the ends are encoded too: a recipient strips them (RFC 9110 §5.5), and then ` admin` would be `admin`.
    """
    outer_space = text != text.strip(" ")
    return _percent_encoded(text, "% " if outer_space else "%")


def _percent_encoded(text: str, unsafe: str) -> bytes:
    if _ESCAPED[unsafe].search(text) is None:
        return text.encode("ascii")
    # Lone surrogates keep their own encoding: replaced by "?" they would equal another name.
    octets = text.encode("utf-8", errors="surrogatepass")
    return b"".join(
        b"%c" % octet if 0x20 <= octet < 0x7F and chr(octet) not in unsafe else b"%%%02X" % octet for octet in octets
    )
