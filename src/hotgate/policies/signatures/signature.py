"""`identity: {name: {signature: …}}`: callers prove who they are by signing each request (RFC 9421)."""

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from hotgate.http.content_digest import CONTENT_DIGEST, DigestMismatch, check_content_digest
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.challenge import (
    key_set_unavailable,
    signature_challenge,
    signature_refused,
    store_unavailable,
)
from hotgate.identity.confirmation import Confirmation
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused, KeySetUnavailable
from hotgate.identity.signatures.request_verifier import RequestVerifier, UnknownSigner, VerifiedSignature
from hotgate.identity.signatures.signature_fields import SIGNATURE, SIGNATURE_INPUT
from hotgate.identity.stored_consumer import ConsumerDisabled, NoConsumer, StoredConsumers
from hotgate.identity.verification_keys.key_sets import KeySets, key_set_name
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import MechanismSpec
from hotgate.policies.signatures.named_key import NamedKeySource
from hotgate.policies.signatures.replay import SingleUseOfNonces
from hotgate.policies.signatures.settings import SignatureSettings
from hotgate.policies.signatures.signed_body import expect_body
from hotgate.policies.signatures.signers import PublishedSigners, Signers
from hotgate.store.credentials import Credentials
from hotgate.store.errors import StoreUnavailable

Outcome = Principal | Response | None


class SignatureAuthenticator:
    """One entry, compiled. services: if they are there "wall_clock" (seconds since the epoch), "proof_uses", "key_sets"
    and "credentials". needs_hosts: a request signed for another host, with the same key, must not count here."""

    needs_hosts = True

    def __init__(self, name: str, settings: SignatureSettings, services: Mapping[str, Any]) -> None:
        self.name = name
        self.challenge = signature_challenge(settings.realm or name)
        self.forwards_credential = settings.forward_signature
        self.sources = (NamedKeySource(SIGNATURE_INPUT, b'keyid="'), NamedKeySource(SIGNATURE, b'keyid="'))
        self.max_body = settings.max_body
        self._once = None if settings.nonce == "ignored" else SingleUseOfNonces(name, self.challenge, services)
        demands = () if self._once is None else (self._once,)
        self._signers = _signers(name, settings, services.get("key_sets") or KeySets(), demands)
        self._verifier = RequestVerifier(settings.rules(), self._signers)
        self._needs_digest = settings.digest == "required"
        self._clock: Callable[[], float] = services.get("wall_clock", time.time)
        credentials = services.get("credentials") or Credentials()
        self._consumers = StoredConsumers(credentials) if settings.consumers else None

    def authenticate(self, exchange: Exchange) -> Outcome | Awaitable[Outcome]:
        """Principal, refusal, an awaitable of them while fresher keys are asked for, or None without a signature for
        this entry."""
        try:
            return self._authenticated(exchange)
        except UnknownSigner as unknown:
            return self._with_fresh_keys(exchange) if self._signers.may_refresh else self._refused(unknown)
        except CredentialRefused as refusal:
            return self._refused(refusal)

    async def _with_fresh_keys(self, exchange: Exchange) -> Outcome:
        """A caller may have published a new key: ask once, wait a little, look again once."""
        await self._signers.refresh()
        try:
            return self._authenticated(exchange)
        except CredentialRefused as refusal:
            return self._refused(refusal)

    def _refused(self, refusal: CredentialRefused) -> Response:
        if isinstance(refusal, UnknownSigner) and not self._signers.are_loaded:
            return key_set_unavailable(KeySetUnavailable("a caller's keys were never fetched"))
        return signature_refused(self.challenge, refusal)

    def _authenticated(self, exchange: Exchange) -> Outcome:
        """Raises CredentialRefused."""
        verified = self._verifier.verify(exchange.request, self._clock())
        if verified is None:
            return None
        if (refused := self._expect_body(verified, exchange)) is not None:
            return refused
        principal, nonce = verified.principal, verified.nonce
        if self._once is not None and nonce is not None:
            self._once.expect(exchange, verified.key, nonce, verified.created, verified.expires)
        return principal if self._consumers is None else self._completed(principal, self._consumers)

    def _expect_body(self, verified: VerifiedSignature, exchange: Exchange) -> Response | None:
        if verified.covers_digest:
            return expect_body(exchange, partial(self._compare_body, _digests(exchange.request)))
        return expect_body(exchange, self._miss_digest) if self._needs_digest else None

    def _compare_body(self, digests: list[bytes], body: bytes) -> Response | None:
        try:
            check_content_digest(digests, body)
        except DigestMismatch as error:
            return signature_refused(self.challenge, CredentialRefused("digest-mismatch", str(error)))
        return None

    def _miss_digest(self, body: bytes) -> Response | None:
        if not body:
            return None
        refusal = CredentialRefused("signature-incomplete", "a body, and content-digest is not covered")
        return signature_refused(self.challenge, refusal)

    def _completed(self, proved: Principal, consumers: StoredConsumers) -> Principal | Response:
        try:
            return consumers.completed(proved)
        except NoConsumer as reason:
            return signature_refused(self.challenge, CredentialRefused("signature-invalid", str(reason)))
        except ConsumerDisabled as reason:
            return Response.problem(
                403, code="forbidden", detail="The key must not be used so.", log_detail=str(reason)
            )
        except StoreUnavailable as error:
            return store_unavailable(error)


def _signers(name: str, settings: SignatureSettings, key_sets: KeySets, demands: tuple[Confirmation, ...]) -> Signers:
    fixed = {key_id: key.signer(key_id, name, demands) for key_id, key in settings.keys.items()}
    published = [
        PublishedSigners(key_sets.get(key_set_name(name, each.location)), each.caller(name, demands))
        for each in settings.jwks
    ]
    return Signers(fixed, published, key_sets)


def _digests(request: Request) -> list[bytes]:
    return request.headers.get_all(CONTENT_DIGEST)


MECHANISM = MechanismSpec("signature", SignatureSettings, SignatureAuthenticator)
