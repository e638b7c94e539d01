"""The header of a signed or encrypted token (RFC 7515 §4, RFC 7516 §4). Nothing in it is trusted: it selects, at most.

`jku`, `x5u`, `jwk` and `x5c` are never read: keys come from the configuration alone (RFC 8725 §3.10). Some providers
put them into every token, so that refusing them would refuse good tokens.
"""

from typing import Any

from hotgate.identity import base64url, strict_json
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.verification_keys.public_key import MAX_KID_LENGTH


def parsed_header(segment: bytes) -> dict[str, Any]:
    """The header in one segment of a token of bounded size; `alg` is text. Raises CredentialRefused."""
    header = parsed_object(decoded(segment), "header")
    if "crit" in header or "b64" in header:
        raise malformed("a critical header extension")  # RFC 7515 §4.1.11: none is understood here
    if not isinstance(header.get("alg"), str):
        raise malformed("no alg")
    kid = header.get("kid", "")
    if not isinstance(kid, str) or len(kid) > MAX_KID_LENGTH:
        raise malformed("its kid is not a short string")
    return header


def media_type(header: dict[str, Any], name: str) -> str | None:
    """`typ` or `cty` in lower case, without the "application/" that may be left out (RFC 7515 §4.1.9), or None.

    Raises CredentialRefused unless it is text.
    """
    if name not in header:
        return None
    value = header[name]
    if not isinstance(value, str):
        raise malformed(f"its {name} is not text")
    return value.lower().removeprefix("application/")


def parsed_object(text: bytes, part: str) -> dict[str, Any]:
    """The JSON object in one part of a token. Raises CredentialRefused (token-malformed)."""
    try:
        return strict_json.parse_object(text)
    except ValueError as error:
        # A decoding error quotes the text it could not decode: only our own sentences go to the log.
        reason = "not UTF-8 JSON" if type(error) is not ValueError else str(error)
        raise malformed(f"{part}: {reason}") from None


def decoded(segment: bytes) -> bytes:
    """The octets of one segment. Raises CredentialRefused (token-malformed)."""
    try:
        return base64url.decode(segment)
    except ValueError:
        raise malformed("a segment is not base64url") from None


def malformed(log_detail: str) -> CredentialRefused:
    """The refusal of a token that is not what it should be."""
    return CredentialRefused("token-malformed", log_detail)
