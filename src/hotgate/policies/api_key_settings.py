"""The settings of `identity: {name: {api_key: …}}`."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from hotgate.config.notation import Notation, refused
from hotgate.config.settings import Flag, Form, Realm, Settings
from hotgate.config.timestamp import Timestamp
from hotgate.identity.api_keys.api_key import ApiKey, ApiKeys
from hotgate.identity.api_keys.managed_key import DEFAULT_ENVIRONMENT, ENVIRONMENT
from hotgate.identity.principal import Principal
from hotgate.policies.credential_header import CredentialHeader

_OTHER_SCHEMES = frozenset({"basic", "bearer", "digest", "dpop", "hoba", "mutual", "negotiate", "ntlm"})


def _read_scheme(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,31}", value):
        raise refused("use the name of a scheme, such as ApiKey")
    if value.lower() in _OTHER_SCHEMES:
        raise refused("this scheme carries no API key; use another, such as ApiKey")
    return value


def _read_digest(value: object) -> bytes:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9A-Fa-f]{64}", value):
        raise refused("write the SHA-256 digest of the key as 64 hexadecimal digits, never the key itself")
    return bytes.fromhex(value)


_Digest = Annotated[bytes, Notation(_read_digest, {"type": "string", "pattern": "^[0-9A-Fa-f]{64}$"})]
_Scheme = Annotated[str, Notation(_read_scheme, {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9-]{0,31}$"})]
_Text = Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,256}", "use text of 1 to 256 characters")]
_Names = Annotated[tuple[_Text, ...], Field(max_length=256)]


class KeySettings(Settings):
    """One API key, known by its digest only."""

    id: _Text = Field(description="The name of the key, for logs. Not secret.")
    consumer: _Text | None = Field(
        default=None, description="Who calls with it; several keys may share one. Default: id."
    )
    sha256: _Digest = Field(description="The SHA-256 digest of the key in hexadecimal.")
    scopes: _Names = Field(default=(), description="The scopes that the key grants.")
    roles: _Names = Field(default=(), description="The roles that the key grants.")
    not_before: Timestamp | None = Field(default=None, description="From when on it is valid (RFC 3339).")
    expires: Timestamp | None = Field(default=None, description="From when on it is no longer valid (RFC 3339).")
    revoked: Flag = Field(default=False, description="Whether it is refused, whatever the times say.")

    def known_key(self, provider: str) -> ApiKey:
        """The same, as the look-up wants it."""
        expires = None if self.expires is None else self.expires.timestamp()
        principal = Principal(
            self.consumer or self.id,
            provider=provider,
            mechanism="api_key",
            scopes=frozenset(self.scopes),
            roles=frozenset(self.roles),
            credential=self.id,
            expires=expires,
            claims={"key_id": self.id},
        )
        return ApiKey(
            key_id=self.id,
            digest=self.sha256,
            principal=principal,
            not_before=None if self.not_before is None else self.not_before.timestamp(),
            expires=expires,
            is_revoked=self.revoked,
        )


class ManagedSettings(Settings):
    """The keys of the store."""

    environment: Annotated[str, Form(ENVIRONMENT, "use 1 to 16 lower-case letters and digits")] = Field(
        default=DEFAULT_ENVIRONMENT,
        description="The environment that keys must be of, so that a key made for tests opens nothing else.",
    )


class ApiKeySettings(Settings):
    """API keys: those of the list below, and those of the store. They must be random: a digest does not protect a key
    that can be guessed. A key may stand in one place only; a request with two is refused."""

    header: CredentialHeader = Field(default="x-api-key", description="The header that carries the key.")
    scheme: _Scheme | None = Field(
        default=None,
        description="What stands before the key in that header, such as `ApiKey`; `header: authorization` needs one.",
    )
    basic: Flag = Field(
        default=False,
        description="Whether the key may also be the user or the password of HTTP Basic, the other one being empty.",
    )
    query: (
        Annotated[str, Form(r"[A-Za-z0-9_.~-]{1,64}", "use a name of letters, digits, '_', '.', '~' and '-'")] | None
    ) = Field(
        default=None,
        description="A parameter of the query that may also carry the key. Backends do not see it, but histories"
        " and the logs of what stands before the gateway do (RFC 6750, section 5.3).",
    )
    managed: Literal[False, True] | ManagedSettings = Field(
        default=False, description="Whether the keys of the store are known too (`hotgate keys`): `true`, or a mapping."
    )
    keys: Annotated[tuple[KeySettings, ...], Field(max_length=100_000)] = Field(
        default=(), description="The keys that are known by this file. They are looked up first."
    )
    forward_key: Flag = Field(default=False, description="Whether the backend gets the key too.")
    realm: Realm = None

    @property
    def environment(self) -> str | None:
        """Of which environment keys of the store must be; None: they are not looked up."""
        if isinstance(self.managed, ManagedSettings):
            return self.managed.environment
        return DEFAULT_ENVIRONMENT if self.managed else None

    def dangers(self) -> Iterator[tuple[str, str, str]]:
        """What is weak or of no use about it: (key, message, hint)."""
        if not self.keys and not self.managed:
            yield "keys", "no key is known, so nobody gets in", "add `managed: true` for keys of the store, or `keys`"
        if self.query is not None:
            yield (
                "query",
                "a key in the query ends up in histories and logs",
                "use a header wherever clients can set one",
            )

    @model_validator(mode="after")
    def _no_duplicates(self) -> "ApiKeySettings":
        try:
            ApiKeys(key.known_key("") for key in self.keys)
        except ValueError as error:
            raise refused(str(error)) from None
        return self

    @model_validator(mode="after")
    def _scheme_fits(self) -> "ApiKeySettings":
        if self.header == "authorization" and self.scheme is None:
            raise refused("`header: authorization` needs a `scheme`, such as ApiKey")
        return self
