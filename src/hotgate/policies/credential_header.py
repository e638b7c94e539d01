"""The name of a header field that carries a credential."""

import re
from typing import Annotated

from hotgate.config.notation import Notation, refused

# Fields that frame a message, name its destination, or are the gateway's own: none of them can carry a credential.
_HAS_ANOTHER_MEANING = re.compile(
    r"host|connection|content-.*|transfer-encoding|te|trailer|upgrade|cookie"
    r"|forwarded|x-forwarded-.*|x-auth-.*|x-hotgate-.*|hotgate-.*|x-real-ip"
)


def _read(value: object) -> str:
    name = value.lower() if isinstance(value, str) else ""
    if not re.fullmatch(r"[a-z0-9-]{1,64}", name) or _HAS_ANOTHER_MEANING.fullmatch(name):
        raise refused("use a header name of letters, digits and '-' that the gateway does not use itself")
    return name


CredentialHeader = Annotated[str, Notation(_read, {"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$"})]
"""In lower case."""
