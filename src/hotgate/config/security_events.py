"""`security_events`: who may tell the gateway that a session, a token or an account is no longer good."""

from base64 import b64decode
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.https_url import HttpsUrl
from hotgate.config.notation import refused
from hotgate.config.routes import HostPattern
from hotgate.config.secret import Secret
from hotgate.config.settings import Form, Name, Settings
from hotgate.config.units import DurationBetween

MIN_SECRET = 32  # characters
_PREFIX = "whsec_"

_TEXT = r"[^\x00-\x1f\x7f]{1,1024}"
_ALGORITHM = r"(RS|PS|ES)(256|384|512)|EdDSA|Ed25519|Ed448"
_PATH = r"(/[A-Za-z0-9._~-]{1,64}){1,8}"

_Audience = Annotated[str, Form(_TEXT, "use text of 1 to 1,024 characters")]
_Algorithm = Annotated[str, Form(_ALGORITHM, "use RS256, PS256, ES256 (or 384, 512), EdDSA, Ed25519 or Ed448")]
_Path = Annotated[str, Form(_PATH, "use a path of segments such as /.hotgate/events/idp, without a slash at its end")]


class SetTransmitter(Settings):
    """A transmitter of signed events: Shared Signals (CAEP, RISC), pushed as RFC 8935 says."""

    issuer: HttpsUrl = Field(description="What `iss` must be, exactly. Subjects may be those of this issuer only.")
    audience: _Audience | Annotated[tuple[_Audience, ...], Field(min_length=1, max_length=32)] = Field(
        description="What `aud` must hold: the name of this receiver at the transmitter, or several."
    )
    subject_issuers: Annotated[tuple[_Audience, ...], Field(max_length=32)] = Field(
        default=(),
        description="Issuers of the subjects that the transmitter may speak of, besides itself: it may be another "
        "service than the one that issues tokens.",
    )
    jwks_url: HttpsUrl | None = Field(default=None, description="Where its keys are. Not set: found by discovery.")
    discovery_url: HttpsUrl | None = Field(
        default=None,
        description="Where its metadata is. Not set: `/.well-known/ssf-configuration` of the issuer (OpenID SSF).",
    )
    algorithms: Annotated[tuple[_Algorithm, ...], Field(min_length=1, max_length=16)] = Field(
        default=("RS256", "ES256"), description="The only signature algorithms that are accepted."
    )
    token: Secret | None = Field(
        default=None,
        description="What the transmitter must send as `Authorization: Bearer …`, at least 32 characters. Not set: the "
        "signature is what proves who it is.",
    )
    leeway: Annotated[float, DurationBetween("0s", "5m")] = Field(
        default=30.0, description="By how much its clock may be ahead."
    )
    max_age: Annotated[float, DurationBetween("1m", "30d")] = Field(
        default=604800.0,
        description="An event that was issued longer ago is refused. Long, because a transmitter sends again what it "
        "could not deliver for days; to be sent twice changes nothing.",
    )

    @property
    def audiences(self) -> tuple[str, ...]:
        """All that were configured."""
        return (self.audience,) if isinstance(self.audience, str) else self.audience

    @model_validator(mode="after")
    def _can_be_verified(self) -> "SetTransmitter":
        if self.jwks_url is not None and self.discovery_url is not None:
            raise refused("give only one of jwks_url and discovery_url")
        if self.token is not None and len(self.token.reveal()) < MIN_SECRET:
            raise refused(f"`token`: at least {MIN_SECRET} characters, such as `openssl rand -hex 32` makes")
        return self


class Webhook(Settings):
    """Messages of a program of your own, signed with a shared secret."""

    secret: Secret = Field(description="What the signature is made with, at least 32 characters.")
    max_age: Annotated[float, DurationBetween("10s", "1h")] = Field(
        default=300.0, description="How old a message may be, and how far ahead its clock."
    )

    @model_validator(mode="after")
    def _is_not_guessed(self) -> "Webhook":
        if len(self.secret.reveal()) < MIN_SECRET:
            raise refused(f"`secret`: at least {MIN_SECRET} characters, such as `openssl rand -hex 32` makes")
        try:
            self.octets()
        except ValueError:
            raise refused(f"`secret`: {_PREFIX} must be followed by base64") from None
        return self

    def octets(self) -> bytes:
        """The key: what stands in base64 behind `whsec_`, as Standard Webhooks writes it; otherwise the text itself."""
        secret = self.secret.reveal()
        if not secret.startswith(_PREFIX):
            return secret.encode()
        return b64decode(secret.removeprefix(_PREFIX), validate=True)


class SecurityEvents(Settings):
    """One who tells of such events, and what these end here."""

    revokes: Annotated[tuple[Name, ...], Field(min_length=1, max_length=100)] = Field(
        description="The entries of `identity` whose tokens and sessions the events are about. Nothing else can be "
        "ended by them."
    )
    path: _Path | None = Field(
        default=None,
        description="Where events are posted to. Not set: `/.hotgate/events/` and the name of the entry.",
    )
    hosts: tuple[HostPattern, ...] = Field(
        default=(), max_length=1000, description="On which hosts, as for routes. Default: any."
    )
    set_: SetTransmitter | None = Field(default=None, alias="set", description="Signed events are sent (SET).")
    webhook: Webhook | None = Field(default=None, description="Messages with an HMAC are sent.")
    keep: Annotated[float, DurationBetween("1m", "366d")] = Field(
        default=2592000.0,
        description="How long a revocation is kept: longer than any token and session of the entries lives.",
    )

    @model_validator(mode="after")
    def _has_one_way(self) -> "SecurityEvents":
        if (self.set_ is None) == (self.webhook is None):
            raise refused("give `set` or `webhook`, one of both")
        return self

    def base_path(self, name: str) -> str:
        """`path`, or the default for an entry of this name."""
        return self.path or f"/.hotgate/events/{name}"

    def dangers(self) -> Iterator[tuple[str, str, str]]:
        """Weak choices: key, what is wrong with it, what to do instead."""
        if self.keep < 86400.0:
            yield "keep", "a revoked token that lives longer is accepted again", "write at least the longest life"
