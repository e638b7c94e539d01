"""Where credentials come from: exactly one header field, never the query (RFC 6750 §5.3: URLs end up in logs)."""

from hotgate.http.headers import Field
from hotgate.identity.refusal import CredentialRefused


def only_value(fields: list[Field], name: bytes, code: str) -> bytes | None:
    """The value of a field that may be there once, or None. Raises CredentialRefused with `code` if it is there twice.

    Whoever picks one of two may pick another one than the backend does.
    """
    found = None
    for field_name, value in fields:
        if field_name == name:
            if found is not None:
                raise CredentialRefused(code, f"more than one {name.decode('latin-1')} field")
            found = value
    return found


def bearer_token(authorization: bytes) -> bytes | None:
    """The token of `Bearer <token>` (RFC 6750 §2.1), or None for another scheme; as `token_of`."""
    return token_of(authorization, b"bearer")


def token_of(authorization: bytes, wanted: bytes) -> bytes | None:
    """The token behind a scheme in any case (RFC 9110 §11.1), or None behind another one. wanted: in lower case.

    Raises CredentialRefused (token-malformed) unless one token follows, behind one space: verified fields are cached as
    they came, and one token must not fill the cache in many spellings.
    """
    scheme, _, credentials = authorization.partition(b" ")
    if scheme.lower() != wanted:
        return None
    token = credentials.removesuffix(b" ")
    if not token or b" " in token or b"," in token or b"\t" in token:
        raise CredentialRefused("token-malformed", f"not exactly one {wanted.decode()} token")
    return token
