"""Whether a request is signed by somebody known, recently, and all of it that matters (RFC 9421 §3.2).

What is cheap is looked at first. At most one signature is verified: which one is decided by label, tag and key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from hotgate.http.request import Request
from hotgate.http.structured_values import InvalidField
from hotgate.http.targets import BadTarget
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.signatures.component import InvalidComponent
from hotgate.identity.signatures.covered_components import CoveredComponents, known_components
from hotgate.identity.signatures.signature_base import signature_base
from hotgate.identity.signatures.signature_fields import SignatureInput, signature_inputs, signature_octets
from hotgate.identity.signatures.signature_key import VerifyingKey
from hotgate.identity.signatures.signed_message import received

TARGET_URI = "@target-uri"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who owns a key. principal: its caller, the same object for every request."""

    key: VerifyingKey
    principal: Principal


@dataclass(frozen=True, slots=True)
class SignatureRules:
    """required: components that must be covered; `@target-uri` also by those that it consists of.

    max_age, leeway: seconds. label, tag: of the signature that counts; None: any.
    """

    required: frozenset[str] = frozenset({"@method", TARGET_URI})
    max_age: float = 300.0
    leeway: float = 30.0
    label: str | None = None
    tag: str | None = None
    needs_nonce: bool = True


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """key: its thumbprint. covers_digest: whether a digest of the body is signed. created, expires: from and until when
    it counts, in epoch seconds."""

    principal: Principal
    key: str
    nonce: str | None
    created: int
    expires: float
    covers_digest: bool


class SignerLookup(Protocol):
    """By keyid. `any`: one to verify with in the place of an unknown one."""

    def find(self, key_id: str | None) -> Signer | None: ...

    def any(self) -> Signer | None: ...


class UnknownSigner(CredentialRefused):
    """Nobody has a key of that name. Clients are told the same as of a wrong signature."""

    def __init__(self, key_id: str | None) -> None:
        super().__init__("signature-invalid", f"nobody here has the key {key_id!r:.100}")


class RequestVerifier:
    """One way to verify. It remembers lists of components."""

    def __init__(self, rules: SignatureRules, signers: SignerLookup) -> None:
        self._rules = rules
        self._signers = signers
        self._components = known_components()

    def verify(self, request: Request, now: float) -> VerifiedSignature | None:
        """None when no signature is meant for this verifier. Raises CredentialRefused."""
        try:
            inputs = signature_inputs(request.headers.fields, self._components.__getitem__)
            label = None if inputs is None else self._chosen(inputs)
            if inputs is None or label is None:
                return None
            chosen = inputs[label]
            created, expires = self._check_times(chosen, now)
            self._check_coverage(chosen, request)
            signature = signature_octets(request.headers.fields, label)
        except (InvalidField, InvalidComponent) as error:
            raise CredentialRefused("signature-malformed", str(error)) from None
        signer = self._signer_of(chosen, request, signature)
        nonce, key = chosen.text("nonce"), signer.key.thumbprint
        return VerifiedSignature(signer.principal, key, nonce, created, expires, chosen.covered.digest)

    def _chosen(self, inputs: Mapping[str, SignatureInput]) -> str | None:
        """The label of the first one that fits and whose key is known; of any that fits, if no key is."""
        rules = self._rules
        fitting = [
            label
            for label, each in inputs.items()
            if rules.label in (None, label) and rules.tag in (None, each.text("tag"))
        ]
        find = self._signers.find
        known = (label for label in fitting if find(inputs[label].text("keyid")) is not None)
        return next(known, fitting[0]) if fitting else None

    def _check_times(self, chosen: SignatureInput, now: float) -> tuple[int, float]:
        rules = self._rules
        created, expires = chosen.time("created"), chosen.time("expires")
        if created is None:
            raise CredentialRefused("signature-incomplete", "no `created`")
        if created > now + rules.leeway:
            raise CredentialRefused("signature-not-yet-valid", "created in the future")
        end = created + rules.max_age if expires is None else min(created + rules.max_age, expires)
        if now >= end + rules.leeway:
            raise CredentialRefused("signature-expired", "older than max_age, or past its `expires`")
        return created, end + rules.leeway

    def _check_coverage(self, chosen: SignatureInput, request: Request) -> None:
        rules, covered = self._rules, chosen.covered
        missing = rules.required - covered.names
        if TARGET_URI in missing and _covers_target(covered, request):
            missing -= {TARGET_URI}
        if missing:
            raise CredentialRefused("signature-incomplete", f"does not cover {', '.join(sorted(missing))}")
        if rules.needs_nonce and not chosen.text("nonce"):
            raise CredentialRefused("signature-incomplete", "no `nonce`")

    def _signer_of(self, chosen: SignatureInput, request: Request, signature: bytes) -> Signer:
        """An unknown key costs as much as a known one: the decoy's verdict does not count."""
        signer = self._signers.find(chosen.text("keyid"))
        checking = signer or self._signers.any()
        try:
            base = signature_base(received(request), chosen.covered, chosen.written_parameters)
        except (InvalidComponent, BadTarget) as error:
            raise CredentialRefused("signature-invalid", str(error)) from None
        is_good = checking is not None and checking.key.verifies(base, signature)
        if signer is None:
            raise UnknownSigner(chosen.text("keyid"))
        if chosen.text("alg") not in (None, signer.key.algorithm):
            raise CredentialRefused("signature-invalid", f"its alg is not {signer.key.algorithm}, the one of its key")
        if not is_good:
            raise CredentialRefused(
                "signature-invalid", f"not of the key {chosen.text('keyid')!r:.100} and these components"
            )
        return signer


def _covers_target(covered: CoveredComponents, request: Request) -> bool:
    """Whether the whole target is covered in parts. No query needs no cover; one that somebody adds does."""
    names = covered.names
    if "@authority" not in names:
        return False
    return "@request-target" in names or ("@path" in names and ("@query" in names or b"?" not in request.sent_target))
