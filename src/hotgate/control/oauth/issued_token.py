"""The answer of a token endpoint: a token that can be shown to a backend, or why there is none (RFC 6749 §5)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hotgate.control.download import FetchFailed
from hotgate.control.oauth.endpoint_call import Answer
from hotgate.identity import strict_json

UNSAID_LIFETIME = 300.0  # seconds of a token whose answer does not say; it may have less, so it is asked for often
LONGEST_LIFETIME = 86400.0  # what a server says beyond it is not believed: its clock or its unit may be wrong

_TOKEN = re.compile(r"[!-~]{1,8192}")  # RFC 6749 appendix A.12, without spaces: nothing that could end a field
_SECONDS = re.compile(r"[0-9]{1,10}")  # some servers write the number as text
_CODE = re.compile(r"[a-z_]{1,64}")
_REFUSALS = frozenset({400, 401, 403})


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """value: fit for `Authorization: Bearer`. lifetime: seconds from the moment when it was asked for."""

    value: str = field(repr=False)
    lifetime: float


class TokenRefused(Exception):
    """The server has understood, and gives no token. code: of RFC 6749 §5.2 or RFC 8693 §2.2.2."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the authorization server refuses: {code}")
        self.code = code


def issued_token(answer: Answer) -> IssuedToken:
    """Raises TokenRefused; FetchFailed for what is no answer to such a request. Neither quotes it."""
    document = _document(answer)
    if answer.status in _REFUSALS:
        raise TokenRefused(_code(document))
    if answer.status != 200:
        raise FetchFailed(f"status {answer.status} instead of 200")
    return granted_token(document)


def granted_token(document: Mapping[str, Any]) -> IssuedToken:
    """The access token in an answer that grants one (RFC 6749 §5.1). Raises FetchFailed, without a quotation."""
    value, kind = document.get("access_token"), document.get("token_type")
    if not isinstance(kind, str) or kind.lower() != "bearer":  # RFC 6749 §7.1: what is not known must not be used
        raise FetchFailed("the token is of another type than Bearer")
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise FetchFailed("there is no access_token, or one that no header field can carry")
    return IssuedToken(value, _lifetime(document.get("expires_in")))


def _document(answer: Answer) -> dict[str, Any]:
    if answer.status not in _REFUSALS and answer.status != 200:
        return {}
    if answer.media_type != "application/json":
        raise FetchFailed(f"status {answer.status} with an answer that is not JSON")
    try:
        return strict_json.parse_object(answer.body)
    except ValueError:
        raise FetchFailed(f"status {answer.status} with an answer that is not a JSON object") from None


def _code(document: dict[str, Any]) -> str:
    code = document.get("error")
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise FetchFailed("an error without a code")
    return code


def _lifetime(said: object) -> float:
    if said is None:
        return UNSAID_LIFETIME
    if isinstance(said, str) and _SECONDS.fullmatch(said):
        said = int(said)
    if isinstance(said, bool) or not isinstance(said, int | float) or said < 1:
        raise FetchFailed("expires_in is no number of seconds to come")
    return float(min(said, LONGEST_LIFETIME))  # JSON has integers that no float can hold
