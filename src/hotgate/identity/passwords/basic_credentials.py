"""`Authorization: Basic …` (RFC 7617): a name and a password in UTF-8."""

import binascii
import unicodedata
from base64 import b64decode
from dataclasses import dataclass, field

from hotgate.http.request import Request
from hotgate.identity.places.credential_field import only_value
from hotgate.identity.refusal import CredentialRefused

MAX_NAME = 256  # characters
MAX_PASSWORD = 1024  # bytes; hashing a longer one would only be work for an attacker's sake

_AUTHORIZATION = b"authorization"
_MALFORMED = "password-malformed"
_UNSEEN = frozenset(
    {"Cc", "Cf", "Mn"}
)  # controls, soft hyphens and joiners; variation selectors, and with them accents


@dataclass(frozen=True, slots=True)
class BasicCredentials:
    """What was sent, unverified."""

    name: str
    password: str = field(repr=False)


class NameAndPasswordSource:
    """The field as a place of a credential. `read` gives the claimed name only: a guess is an attempt on that name, in
    whatever spelling a directory takes for the same (RFC 4518 §2).
    """

    field: bytes | None = _AUTHORIZATION

    def read(self, request: Request) -> bytes | None:
        """The name that somebody claims to have, in one spelling."""
        value = basic_value(request)
        return None if value is None else _one_spelling(parse(value).name).encode()

    def strip(self, request: Request) -> None:
        """Remove the field."""
        request.headers.fields = [field for field in request.headers.fields if field[0] != _AUTHORIZATION]


def basic_value(request: Request) -> bytes | None:
    """What stands behind `Basic `, or None for another scheme. Raises CredentialRefused for a field that is twice."""
    value = only_value(request.headers.fields, _AUTHORIZATION, _MALFORMED)
    return value[6:] if value is not None and value[:6].lower() == b"basic " else None


def parse(value: bytes) -> BasicCredentials:
    """Read what `basic_value` has found. Raises CredentialRefused.

    A name cannot hold a colon, and neither part may hold control characters (RFC 7617 §2).
    """
    try:
        name, colon, password = b64decode(value.strip(b" "), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise CredentialRefused(_MALFORMED, "Basic credentials that are not UTF-8 in base64") from None
    if not (colon and name and password) or len(name) > MAX_NAME or len(password.encode()) > MAX_PASSWORD:
        raise CredentialRefused(_MALFORMED, "no name and password of a sensible length")
    if not (_is_plain(name) and _is_plain(password)):
        raise CredentialRefused(_MALFORMED, "control characters in a name or a password")
    return BasicCredentials(name, password)


def _one_spelling(name: str) -> str:
    """Without case, forms of the same character, characters that nobody sees, and spaces that do not count."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    seen = "".join(character for character in folded if unicodedata.category(character) not in _UNSEEN)
    return " ".join(seen.split())


def _is_plain(text: str) -> bool:
    return not any(ord(character) < 0x20 or ord(character) == 0x7F for character in text)
