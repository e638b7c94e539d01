"""Of whom or what an event tells: subject identifiers (RFC 9493), and the complex ones of Shared Signals (SSF 1.0 §3).

An identifier is understood only as far as tokens and sessions can be found by it. An account (`acct:`), a telephone
number or a device names nobody here, and an address is never taken for a `sub`.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from hotgate.identity.events.ended import EndedKind
from hotgate.identity.refusal import CredentialRefused

MAX_VALUE = 512  # characters, as many as can be revoked (`store/bounds.py`)
MAX_ALIASES = 16

Named = tuple[EndedKind, str]


class Subject(NamedTuple):
    """user: the ways in which the event names them. session: the session, or the one token. Either may be empty."""

    user: tuple[Named, ...] = ()
    session: tuple[Named, ...] = ()


def read_subject(value: Any, issuers: Collection[str]) -> Subject:
    """issuers: whose subjects and tokens may be spoken of. Raises CredentialRefused for another's, and for nonsense."""
    if not isinstance(value, Mapping):
        raise invalid("the subject is not an object")
    if _format(value) == "complex":
        return _complex(value, issuers)
    simple = _simple(value, issuers)
    return Subject(
        user=tuple(each for each in simple if each[0] in ("sub", "email")),
        session=tuple(each for each in simple if each[0] == "jti"),
    )


def _complex(value: Mapping[str, Any], issuers: Collection[str]) -> Subject:
    """Members narrow each other: this user's this session (SSF 1.0 §3.2)."""
    user = _simple(value["user"], issuers) if "user" in value else ()
    session = _simple(value["session"], issuers) if "session" in value else ()
    return Subject(
        user=tuple(each for each in user if each[0] in ("sub", "email")),
        # A session is named by an opaque id of its issuer; that is the `sid` of its tokens.
        session=tuple(("sid", name) if kind == "sub" else (kind, name) for kind, name in session if kind != "email"),
    )


def _simple(value: Any, issuers: Collection[str]) -> tuple[Named, ...]:
    if not isinstance(value, Mapping):
        raise invalid("a subject identifier is not an object")
    kind = _format(value)
    if kind == "aliases":
        aliases = value.get("identifiers")
        if not isinstance(aliases, list) or len(aliases) > MAX_ALIASES or "aliases" in map(_format, aliases):
            raise invalid("aliases are not a short list of simple identifiers")  # RFC 9493 §3.2.8: never nested
        return tuple(named for each in aliases for named in _simple(each, issuers))
    if kind in ("iss_sub", "jwt_id") and str(value.get("iss")) not in issuers:
        raise invalid("its subject is another issuer's")
    member, named = _MEMBERS.get(kind, ("", "sub"))
    return ((named, _text(value, member)),) if member else ()


# Format → the member that names, and the claim that it is of.
_MEMBERS: dict[str, tuple[str, EndedKind]] = {
    "iss_sub": ("sub", "sub"),
    "opaque": ("id", "sub"),
    "email": ("email", "email"),
    "jwt_id": ("jti", "jti"),
}


def _format(value: Any) -> str:
    """`format`, or `subject_type` as it was called before RFC 9493, with hyphens."""
    named = value.get("format", value.get("subject_type", "")) if isinstance(value, Mapping) else ""
    if not isinstance(named, str):
        raise invalid("the format of a subject is not text")
    return named.replace("-", "_")


def _text(value: Mapping[str, Any], member: str) -> str:
    found = value.get(member)
    if not isinstance(found, str) or not 0 < len(found) <= MAX_VALUE or "\0" in found:
        raise invalid(f"{member} is not a text of 1 to {MAX_VALUE} characters")
    return found


def invalid(log_detail: str) -> CredentialRefused:
    """The refusal of an event that cannot be understood."""
    return CredentialRefused("event-invalid", log_detail)
