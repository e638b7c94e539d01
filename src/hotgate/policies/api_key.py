"""`identity: {name: {api_key: …}}`: callers prove who they are with a long random key in a header field."""

import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, model_validator

from hotgate.config.notation import Notation, refused
from hotgate.config.settings import Flag, Form, Settings
from hotgate.http.response import Response
from hotgate.identity.api_key import ApiKey, ApiKeys
from hotgate.identity.challenge import api_key_challenge, api_key_refused
from hotgate.identity.credential_source import HeaderSource
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import MechanismSpec

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)  # RFC 3339 §5.6

# Fields that frame a message, name its destination, or are the gateway's own: none of them can carry a key.
_NOT_FOR_KEYS = re.compile(
    r"host|connection|content-.*|transfer-encoding|te|trailer|upgrade|cookie|forwarded|x-forwarded-.*|x-auth-.*|x-hotgate-.*|x-real-ip"
)


def _read_timestamp(value: object) -> datetime:
    says = "write a time with its zone, as 2027-01-31T00:00:00Z"
    if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
        raise refused(says)
    try:
        return datetime.fromisoformat(value.upper())
    except ValueError:
        raise refused(says) from None


def _read_header(value: object) -> str:
    name = value.lower() if isinstance(value, str) else ""
    if not re.fullmatch(r"[a-z0-9-]{1,64}", name) or _NOT_FOR_KEYS.fullmatch(name):
        raise refused("use a header name of letters, digits and '-' that the gateway does not use itself")
    return name


def _read_digest(value: object) -> bytes:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9A-Fa-f]{64}", value):
        raise refused("write the SHA-256 digest of the key as 64 hexadecimal digits, never the key itself")
    return bytes.fromhex(value)


_Timestamp = Annotated[datetime, Notation(_read_timestamp, {"type": "string", "format": "date-time"})]
_Header = Annotated[str, Notation(_read_header, {"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$"})]
_Digest = Annotated[bytes, Notation(_read_digest, {"type": "string", "pattern": "^[0-9A-Fa-f]{64}$"})]
_Text = Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,256}", "use text of 1 to 256 characters")]
_Names = Annotated[tuple[_Text, ...], Field(max_length=256)]
_Realm = Annotated[str, Form(r"[ !#-\[\]-~]{1,128}", "use printable ASCII without quotes and backslashes")]


class KeySettings(Settings):
    """One API key, known by its digest only."""

    id: _Text = Field(description="The name of the key, for logs. Not secret.")
    consumer: _Text | None = Field(
        default=None, description="Who calls with it; several keys may share one. Default: id."
    )
    sha256: _Digest = Field(description="The SHA-256 digest of the key in hexadecimal.")
    scopes: _Names = Field(default=(), description="The scopes that the key grants.")
    roles: _Names = Field(default=(), description="The roles that the key grants.")
    not_before: _Timestamp | None = Field(default=None, description="From when on it is valid (RFC 3339).")
    expires: _Timestamp | None = Field(default=None, description="From when on it is no longer valid (RFC 3339).")
    revoked: Flag = Field(default=False, description="Whether it is refused, whatever the times say.")

    def known_key(self, provider: str) -> ApiKey:
        """The same, as the look-up wants it."""
        principal = Principal(
            self.consumer or self.id,
            provider=provider,
            mechanism="api_key",
            scopes=frozenset(self.scopes),
            roles=frozenset(self.roles),
            claims={"key_id": self.id},
        )
        return ApiKey(
            key_id=self.id,
            digest=self.sha256,
            principal=principal,
            not_before=None if self.not_before is None else self.not_before.timestamp(),
            expires=None if self.expires is None else self.expires.timestamp(),
            is_revoked=self.revoked,
        )


class ApiKeySettings(Settings):
    """API keys in a header field. They must be random: a digest does not protect a key that can be guessed."""

    header: _Header = Field(default="x-api-key", description="The header that carries the key.")
    keys: Annotated[tuple[KeySettings, ...], Field(max_length=100_000)] = Field(
        default=(), description="The keys that are known."
    )
    forward_key: Flag = Field(default=False, description="Whether the backend gets the key too.")
    realm: _Realm | None = Field(default=None, description="The realm in WWW-Authenticate. Default: the entry's name.")

    @model_validator(mode="after")
    def _no_duplicates(self) -> "ApiKeySettings":
        try:
            ApiKeys(key.known_key("") for key in self.keys)
        except ValueError as error:
            raise refused(str(error)) from None
        return self


class ApiKeyAuthenticator:
    """One provider's keys, compiled. clock: seconds since the epoch."""

    def __init__(self, name: str, settings: ApiKeySettings, clock: Callable[[], float]) -> None:
        self.name = name
        self.challenge = api_key_challenge(settings.realm or name, settings.header)
        self.sources = (HeaderSource(settings.header.encode("ascii"), "key-unknown"),)
        self.forwards_credential = settings.forward_key
        self._keys = ApiKeys(key.known_key(name) for key in settings.keys)
        self._clock = clock

    def authenticate(self, exchange: Exchange) -> Principal | Response | None:
        """Principal, refusal, or None without a key."""
        try:
            presented = self.sources[0].read(exchange.request)
            return None if presented is None else self._keys.verify(presented, self._clock())
        except CredentialRefused as refusal:
            return api_key_refused(self.challenge, refusal)


def compile_api_key(name: str, settings: ApiKeySettings, services: Mapping[str, Any]) -> ApiKeyAuthenticator:
    """The authenticator of one entry; takes the service `wall_clock` when there is one."""
    return ApiKeyAuthenticator(name, settings, services.get("wall_clock", time.time))


MECHANISM = MechanismSpec("api_key", ApiKeySettings, compile_api_key)
