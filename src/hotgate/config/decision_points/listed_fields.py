"""Names of header fields that a decision point may set, because the file lists them."""

from typing import Annotated

from pydantic import Field

from hotgate.config.notation import Notation, refused
from hotgate.config.settings import Form
from hotgate.http.hop_by_hop import HOP_BY_HOP, WRITTEN_ANEW
from hotgate.http.reserved import ASSERTION_FIELD, spelling

# The gateway itself says these to backends; a second copy would leave them to choose.
_WRITTEN_TO_BACKENDS = WRITTEN_ANEW | {
    *(b"forwarded", b"via", b"content-encoding", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"),
    *(b"x-auth-subject", b"x-auth-provider", b"x-auth-scopes", b"x-auth-roles", b"x-auth-groups", b"x-auth-tenant"),
    *(b"x-auth-client", ASSERTION_FIELD),
}
_WRITTEN_TO_CLIENTS = HOP_BY_HOP | {b"content-length", b"content-encoding", b"date", b"x-request-id", ASSERTION_FIELD}
_SCHEMA = {"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$"}


def _name_outside(taken: frozenset[bytes]) -> Notation:
    def read(value: object) -> str:
        name = value.lower() if isinstance(value, str) else ""
        if not name or len(name) > 64 or not name.replace("-", "").isalnum() or not name.isascii():
            raise refused("use a header name of letters, digits and '-'")
        if spelling(name.encode("ascii")) in taken:
            raise refused(f"{name} is written by the gateway itself")
        return name

    return Notation(read, _SCHEMA)


ToUpstream = Annotated[tuple[Annotated[str, _name_outside(_WRITTEN_TO_BACKENDS)], ...], Field(max_length=64)]
ToClient = Annotated[tuple[Annotated[str, _name_outside(_WRITTEN_TO_CLIENTS)], ...], Field(max_length=64)]
# RFC 9110 §5.6.2, without the asterisk, which Envoy's configurations have in patterns.
_ExactName = Annotated[
    str, Form(r"[!#$%&'+\-.^_`|~0-9A-Za-z]{1,128}", "name each header field as it is; there are no patterns")
]
Forwarded = Annotated[tuple[_ExactName, ...], Field(max_length=64)]
