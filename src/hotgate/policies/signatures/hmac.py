"""`identity: {name: {hmac: …}}`: partners sign each request with a secret, in one `Authorization` field."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.secret import Secret
from hotgate.config.settings import Form, Settings
from hotgate.config.units import DurationBetween, SizeBetween
from hotgate.http.response import Response
from hotgate.identity.challenge import hmac_challenge, signature_refused
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.signatures.hmac_request import KEY_MARK, HmacVerifier, Partner, VerifiedHmac
from hotgate.identity.signatures.signature_key import MIN_SECRET_BYTES, secret_thumbprint
from hotgate.identity.verification_keys.shared_secret import secret_octets
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import MechanismSpec
from hotgate.policies.signatures.named_key import NamedKeySource
from hotgate.policies.signatures.replay import SingleUseOfNonces
from hotgate.policies.signatures.signed_body import expect_body
from hotgate.policies.signatures.signer_settings import CallerSettings

_KeyId = Annotated[str, Form(r"[A-Za-z0-9_.-]{1,128}", "use letters, digits, '_', '.' and '-', at most 128")]
_Realm = Annotated[str, Form(r"[ !#-\[\]-~]{1,128}", "use printable ASCII without quotes and backslashes")]


class PartnerSettings(CallerSettings):
    """A partner's secret."""

    secret: Secret = Field(description="32 random bytes or more that both sides know.")

    @model_validator(mode="after")
    def _is_long_enough(self) -> "PartnerSettings":
        try:
            is_short = len(self.octets()) < MIN_SECRET_BYTES
        except ValueError:
            raise refused("secret: use random text or a JWK of kind `oct`, and no key of a pair") from None
        if is_short:
            raise refused(f"secret: needs {MIN_SECRET_BYTES} bytes or more, random ones")
        return self

    def octets(self) -> bytes:
        """Of the secret. Raises ValueError."""
        return secret_octets(self.secret.reveal())

    def partner(self, key_id: str, provider: str, once: SingleUseOfNonces) -> Partner:
        """The same, as the verifier wants it."""
        caller = self.principal(key_id, provider=provider, mechanism="hmac", demands=(once,))
        return Partner(self.octets(), secret_thumbprint(self.octets()), caller)


class HmacSettings(Settings):
    """Requests that partners sign with a shared secret (`Authorization: HMAC-SHA256 …`)."""

    keys: dict[_KeyId, PartnerSettings] = Field(
        min_length=1, max_length=10_000, description="Who signs: each secret by the key's id."
    )
    max_age: Annotated[float, DurationBetween("1s", "1d")] = Field(
        default=300.0, description="How old a signature may be, by its timestamp. AWS: 5 minutes."
    )
    leeway: Annotated[float, DurationBetween("0s", "5m")] = Field(
        default=30.0, description="By how much the partner's clock may differ."
    )
    max_body: Annotated[int, SizeBetween("1KiB", "64MiB")] = Field(
        default=1024 * 1024, description="The largest body that is held to be compared; a larger one is answered 413."
    )
    realm: _Realm | None = Field(default=None, description="The realm in WWW-Authenticate. Default: the entry's name.")


class HmacAuthenticator:
    """One entry, compiled. services: if they are there "wall_clock" (seconds since the epoch) and "proof_uses"."""

    forwards_credential = False

    def __init__(self, name: str, settings: HmacSettings, services: Mapping[str, Any]) -> None:
        self.name = name
        self.challenge = hmac_challenge(settings.realm or name)
        self.sources = (NamedKeySource(b"authorization", KEY_MARK),)
        self.max_body = settings.max_body
        self._once = SingleUseOfNonces(name, self.challenge, services)
        partners = {
            key_id.encode("ascii"): key.partner(key_id, name, self._once) for key_id, key in settings.keys.items()
        }
        self._verifier = HmacVerifier(partners, settings.max_age, settings.leeway)
        self._clock: Callable[[], float] = services.get("wall_clock", time.time)

    def authenticate(self, exchange: Exchange) -> Principal | Response | None:
        """Principal, refusal, or None without a signature of this scheme."""
        try:
            verified = self._verifier.verify(exchange.request, self._clock())
        except CredentialRefused as refusal:
            return signature_refused(self.challenge, refusal)
        if verified is None:
            return None
        self._once.expect(exchange, verified.key, verified.nonce, verified.created, verified.expires)
        return expect_body(exchange, partial(self._compare_body, verified)) or verified.principal

    def _compare_body(self, verified: VerifiedHmac, body: bytes) -> Response | None:
        if verified.is_of(body):
            return None
        return signature_refused(self.challenge, CredentialRefused("digest-mismatch", "another body than was signed"))


MECHANISM = MechanismSpec("hmac", HmacSettings, HmacAuthenticator)
