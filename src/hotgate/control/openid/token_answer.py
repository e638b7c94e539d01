"""What a token endpoint has answered (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3 and §12.2), read with suspicion."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hotgate.control.download import FetchFailed
from hotgate.control.oauth.issued_token import granted_token
from hotgate.control.openid.failures import ProviderUnavailable

_REFRESH_TOKEN = re.compile(r"[\x20-\x7e]{1,8192}")  # RFC 6749 appendix A.17
_SCOPE = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]{0,4096}")  # RFC 6749 §3.3


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
        try:
            granted = granted_token(document)
        except FetchFailed as error:
            raise ProviderUnavailable(str(error)) from None
        id_token = document.get("id_token")
        return cls(
            access=granted.value,
            lifetime=int(granted.lifetime),
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
