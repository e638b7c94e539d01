"""A session: what the gateway keeps of one login, from the callback to its end."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from sys import intern
from typing import Any, TypeVar

from hotgate.http.headers import Field, InvalidHeader
from hotgate.identity.strict_json import parse_object

T = TypeVar("T")

ID_BYTES = 16
_is_token = re.compile(r"[!-~]{1,16384}").fullmatch  # RFC 6749 appendix A.12
_COMMON = frozenset({"acr", "azp", "client_id", "iss", "scope", "scp"})


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the provider has given. access_expires: epoch seconds, None if it did not say."""

    access: str | None = None
    access_expires: float | None = None
    refresh: str | None = None
    id_token: str | None = None

    def authorization(self, kind: str) -> Field:
        """What a backend gets of these, `access_token` or `id_token`. Raises InvalidHeader if there is none."""
        token = self.access if kind == "access_token" else self.id_token
        if token is None or not _is_token(token):
            raise InvalidHeader("there is no such token, or it has characters that no token has")
        return b"authorization", b"Bearer " + token.encode("ascii")

    def __repr__(self) -> str:
        return "<Tokens>"


@dataclass(frozen=True, slots=True)
class Session:
    """Times are epoch seconds.

    id: random, new at every login; no secret, it names the session in logs and revocations. subject, sid: what the
    provider calls the user and its own session. claims: those that are mapped or kept. acr, auth_time: how and when
    the user was authenticated. created: at the login. absolute_end: when it ends, however much it is used. seen: when
    its use was last written down. version: of the record in a store.
    """

    id: str
    subject: str
    claims: Mapping[str, Any]
    created: float
    absolute_end: float
    seen: float
    sid: str | None = None
    acr: str | None = None
    auth_time: float | None = None
    tokens: Tokens = field(default_factory=Tokens)
    version: int = 0

    @classmethod
    def begun(cls, found: Mapping[str, Any], now: float, absolute: float) -> "Session":
        """A new one, of what the control process says that a login has given. Raises KeyError, TypeError."""
        made = {
            "id": secrets.token_urlsafe(ID_BYTES),
            "created": now,
            "absolute_end": now + absolute,
            "seen": now,
        }
        return cls.of({**found, **made})

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "Session":
        """From JSON types. Raises KeyError, TypeError or ValueError."""
        claims = {intern(name): _shared(name, claim) for name, claim in value["claims"].items()}
        return cls(
            id=str(value["id"]),
            subject=_same(claims.get("sub"), str(value["subject"])),
            claims=claims,
            created=float(value["created"]),
            absolute_end=float(value["absolute_end"]),
            seen=float(value["seen"]),
            sid=_same(claims.get("sid"), value.get("sid")),
            acr=value.get("acr"),
            auth_time=value.get("auth_time"),
            tokens=Tokens(**value["tokens"]),
            version=int(value.get("version", 0)),
        )

    @classmethod
    def decoded(cls, text: bytes) -> "Session":
        """What `encoded` gave. Raises KeyError, TypeError or ValueError."""
        return cls.of(parse_object(text))

    @property
    def value(self) -> dict[str, Any]:
        """The same in JSON types, for other processes."""
        return asdict(self)

    def encoded(self) -> bytes:
        """The same as JSON text."""
        return json.dumps(self.value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")

    def used(self, now: float) -> "Session":
        """The same, seen just now."""
        return replace(self, seen=now)

    def recorded(self, version: int, seen: float) -> "Session":
        """The same, as a store has noted its version and its last use."""
        return replace(self, version=version, seen=seen)

    def renewed(self, value: Mapping[str, Any], now: float) -> "Session":
        """After a refresh: what may change is what the provider says; a refresh is no login, so no life gets longer and
        nobody becomes somebody else."""
        new = Session.of({**self.value, **value})
        return replace(
            new, id=self.id, subject=self.subject, created=self.created, absolute_end=self.absolute_end, seen=now
        )

    def limited(self, absolute: float) -> "Session":
        """The same, which ends as soon as a new one would: a configuration may want shorter lives than at the login.
        absolute: seconds."""
        return replace(self, absolute_end=min(self.absolute_end, self.created + absolute))

    def is_over(self, now: float, idle: float) -> bool:
        """Whether its time is up. idle: seconds without use."""
        return now >= self.absolute_end or now >= self.seen + idle

    def __repr__(self) -> str:
        return f"<Session {self.id}>"


def _shared(name: str, claim: Any) -> Any:
    """What many users have in common, such as names of groups, thousands of sessions hold once."""
    if name in _COMMON and isinstance(claim, str):
        return intern(claim)
    if isinstance(claim, list):
        return [intern(item) if isinstance(item, str) else item for item in claim]
    return claim


def _same(one: Any, other: T) -> T:
    """`other`; as the very object that one is, if they are equal, for there are thousands of sessions."""
    return one if type(one) is type(other) and one == other else other
