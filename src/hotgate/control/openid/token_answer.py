"""What a token endpoint has answered (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3 and §12.2), read with suspicion."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hotgate.control.openid.failures import ProviderUnavailable

UNSAID_LIFETIME = 300  # seconds of an access token whose answer does not say
LONGEST_LIFETIME = 86400  # what is said beyond it is not believed: a clock or a unit may be wrong

_ACCESS_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,8192}={0,64}")  # RFC 6750 §2.1: nothing that could end a field
_REFRESH_TOKEN = re.compile(r"[\x20-\x7e]{1,8192}")  # RFC 6749 appendix A.17
_SCOPE = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]{0,4096}")  # RFC 6749 §3.3
_SECONDS = re.compile(r"[0-9]{1,10}")  # some providers write the number as text


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """lifetime: seconds of the access token. refresh, id_token, scope: None where the answer has none."""

    access: str = field(repr=False)
    lifetime: int
    refresh: str | None = field(repr=False)
    id_token: str | None = field(repr=False)
    scope: str | None

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "TokenAnswer":
        """Raises ProviderUnavailable, for an answer that makes no sense takes nothing from whom it is about."""
        kind = document.get("token_type")
        if not isinstance(kind, str) or kind.lower() != "bearer":  # RFC 6749 §7.1: what is not known is not used
            raise ProviderUnavailable("its access token is of another type than Bearer")
        access = _text(document, "access_token", _ACCESS_TOKEN)
        if access is None:
            raise ProviderUnavailable("its answer has no access_token")
        id_token = document.get("id_token")
        return cls(
            access=access,
            lifetime=_lifetime(document.get("expires_in")),
            refresh=_text(document, "refresh_token", _REFRESH_TOKEN),
            id_token=id_token if isinstance(id_token, str) else None,
            scope=_text(document, "scope", _SCOPE),
        )


def _text(document: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str | None:
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not form.fullmatch(value):
        raise ProviderUnavailable(f"its {name} is of no form that there is")
    return value


def _lifetime(said: object) -> int:
    if said is None:
        return UNSAID_LIFETIME
    if isinstance(said, str) and _SECONDS.fullmatch(said):
        said = int(said)
    if isinstance(said, bool) or not isinstance(said, int | float) or said < 1:
        raise ProviderUnavailable("its expires_in is no number of seconds to come")
    return int(min(said, LONGEST_LIFETIME))
