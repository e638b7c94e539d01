"""A request signed with a shared secret, in one field, for partners who want no library:

    Authorization: HMAC-SHA256 key="acme", timestamp="1764115200", nonce="8d1f…", body="e3b0…", signature="9f86…"

`body` is the SHA-256 of the body in hexadecimal, `signature` the HMAC-SHA256, in hexadecimal, of eight lines:

    HMAC-SHA256, key, timestamp, nonce, method, host[:port], path[?query], body

joined by one line feed. None of the eight can hold a line feed, so no two requests have one text.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from hotgate.http.request import Request
from hotgate.http.targets import BadTarget
from hotgate.identity.places.credential_field import only_value
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.signatures.signed_message import received

SCHEME = "HMAC-SHA256"
KEY_MARK = b'key="'
_FIELD = b"authorization"
_CODE = "signature-malformed"
_MAX_BYTES = 1024  # of the field
_FORMS = {
    "key": rb"[A-Za-z0-9_.-]{1,128}",
    "timestamp": rb"[0-9]{1,12}",
    "nonce": rb"[A-Za-z0-9_-]{8,128}",
    "body": rb"[0-9a-f]{64}",
    "signature": rb"[0-9a-f]{64}",
}
# In this order, with one spelling: two readers cannot differ about it.
_credentials = re.compile(
    rb", ?".join(rb'%b="(%b)"' % (name.encode(), form) for name, form in _FORMS.items())
).fullmatch


@dataclass(frozen=True, slots=True)
class Partner:
    """Who owns a secret. thumbprint: of that."""

    secret: bytes = field(repr=False)
    thumbprint: str
    principal: Principal


@dataclass(frozen=True, slots=True)
class VerifiedHmac:
    """key: its thumbprint. body: what its SHA-256 must be, in hexadecimal. created, expires: epoch seconds, between
    which it counts."""

    principal: Principal
    key: str
    nonce: str
    created: int
    body: str
    expires: float

    def is_of(self, body: bytes) -> bool:
        """Whether the body is the one that was signed."""
        return hmac.compare_digest(sha256(body).hexdigest(), self.body)


class HmacVerifier:
    """partners: by key. max_age, leeway: seconds."""

    def __init__(self, partners: Mapping[bytes, Partner], max_age: float, leeway: float) -> None:
        self._partners = partners
        self._decoy = sha256(b"".join(each.secret for each in partners.values())).digest()
        self._max_age = max_age
        self._leeway = leeway

    def verify(self, request: Request, now: float) -> VerifiedHmac | None:
        """None when the request is not signed so. Raises CredentialRefused."""
        value = only_value(request.headers.fields, _FIELD, _CODE)
        scheme, _, credentials = (value or b"").partition(b" ")
        if scheme.upper() != SCHEME.encode("ascii"):
            return None
        match = _credentials(credentials) if len(credentials) <= _MAX_BYTES else None
        if match is None:
            raise CredentialRefused(_CODE, "its parameters are not those of the scheme, in their order")
        key, timestamp, nonce, body, signature = match.groups()
        created = int(timestamp)
        self._check_time(created, now)
        partner = self._partners.get(key)
        secret = self._decoy if partner is None else partner.secret  # an unknown key costs as much as a known one
        made = hmac.digest(secret, text_to_sign(request, key, timestamp, nonce, body), "sha256").hex()
        is_good = hmac.compare_digest(made, signature.decode("ascii"))
        if partner is None or not is_good:
            why = "nobody here has the key" if partner is None else "not of this request and the key"
            raise CredentialRefused("signature-invalid", f"{why} {key.decode('ascii')!r}")
        end = created + self._max_age + self._leeway
        said = nonce.decode("ascii"), created, body.decode("ascii")
        return VerifiedHmac(partner.principal, partner.thumbprint, *said, end)

    def _check_time(self, created: int, now: float) -> None:
        if created > now + self._leeway:
            raise CredentialRefused("signature-not-yet-valid", "its timestamp is in the future")
        if now >= created + self._max_age + self._leeway:
            raise CredentialRefused("signature-expired", "its timestamp is older than max_age")


def text_to_sign(request: Request, key: bytes, timestamp: bytes, nonce: bytes, body: bytes) -> bytes:
    """The eight lines, of the request as its client sent it. Raises CredentialRefused."""
    message = received(request)
    try:
        target = message.origin_form
    except BadTarget as error:
        raise CredentialRefused(_CODE, str(error)) from None
    method = request.method.encode("ascii")
    return b"\n".join((SCHEME.encode("ascii"), key, timestamp, nonce, method, message.authority, target, body))
