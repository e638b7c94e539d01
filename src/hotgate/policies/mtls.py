"""`identity: {name: {mtls: …}}`: callers prove who they are with the certificate of their TLS connection."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.settings import Flag, Form, Realm, Settings, given
from hotgate.http.bounded_cache import BoundedCache
from hotgate.http.response import Response
from hotgate.identity.certificates.certificate_rules import (
    UNKNOWN,
    CertificateRule,
    claims_of,
    compiled_pattern,
    places_in,
    recognize,
)
from hotgate.identity.certificates.client_certificate import MAX_BYTES, CertificateFacts, read_certificate
from hotgate.identity.certificates.forwarded_certificate import read_xfcc
from hotgate.identity.challenge import certificate_challenge, certificate_refused, store_unavailable
from hotgate.identity.places.credential_source import CredentialSource
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.stored_consumer import ConsumerDisabled, NoConsumer, StoredConsumers
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import MechanismSpec
from hotgate.store.credentials import Credentials
from hotgate.store.errors import StoreUnavailable

Kind = Literal["san_uri", "san_dns", "san_email", "common_name", "subject", "fingerprint"]

_KINDS = ("san_uri", "san_dns", "san_email", "common_name", "subject", "fingerprint")
_MAX_KNOWN = 4096  # certificates
_MAX_KNOWN_BYTES = 8 * 1024 * 1024  # of all of them: 2 KiB for each
_Text = Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,1024}", "use text of 1 to 1,024 characters")]
_Fingerprint = Annotated[
    str, Form(r"[0-9A-Fa-f]{64}", "use the SHA-256 of the certificate: 64 hexadecimal digits, without colons")
]
_Names = Annotated[tuple[_Text, ...], Field(max_length=256)]


class CertificateMatch(Settings):
    """Names that a certificate must have, all of those given. `*` stands for one part of a name: what is between two
    slashes, two dots, or before the `@`.
    """

    san_uri: _Text | None = Field(default=None, description="A URI, as `spiffe://corp.example/ns/*/sa/*`.")
    san_dns: _Text | None = Field(default=None, description="A host name, as `*.devices.example`.")
    san_email: _Text | None = Field(default=None, description="An e-mail address, as `*@example.com`.")
    common_name: _Text | None = Field(default=None, description="The common name, if there is only one.")
    subject: _Text | None = Field(default=None, description="The whole distinguished name, as RFC 4514 writes it.")
    fingerprint: _Fingerprint | None = Field(default=None, description="SHA-256 of the certificate, in hexadecimal.")
    issuer: _Text | None = Field(
        default=None, description="The distinguished name of who signed it. Say it if client_ca has several."
    )

    @model_validator(mode="after")
    def _names_something(self) -> "CertificateMatch":
        if not given(self, _KINDS):
            raise refused("give at least one name that the certificate must have")
        if any("**" in getattr(self, kind) for kind in given(self, _KINDS)):
            raise refused("put something between two stars")
        return self


class CertificateRuleSettings(Settings):
    """Some certificates, and who calls with them."""

    match: CertificateMatch = Field(description="Which certificates.")
    consumer: _Text = Field(
        description="Who calls. `{1}` is what the first `*` of the match stands for; names count in the order in which "
        "they are listed under `match` here."
    )
    scopes: _Names = Field(default=(), description="The scopes that it grants.")
    roles: _Names = Field(default=(), description="The roles that it grants.")
    groups: _Names = Field(default=(), description="The groups of the caller.")

    @model_validator(mode="after")
    def _places_exist(self) -> "CertificateRuleSettings":
        stars = sum(getattr(self.match, kind).count("*") for kind in given(self.match, _KINDS))
        if places_in(self.consumer) > stars:
            raise refused("`consumer` has more places than `match` has stars")
        return self

    def rule(self) -> CertificateRule:
        """The same, as the look-up wants it."""
        kinds = given(self.match, _KINDS)
        return CertificateRule(
            tuple((kind, compiled_pattern(kind, getattr(self.match, kind))) for kind in kinds),
            self.consumer,
            self.match.issuer or "",
            frozenset(self.scopes),
            frozenset(self.roles),
            frozenset(self.groups),
        )


class MtlsSettings(Settings):
    """Certificates of clients, which the listener asks for and verifies (`tls.client_auth`)."""

    subject: Kind = Field(
        default="common_name",
        description="Without `rules`: which name of the certificate is the caller's; it must have exactly one.",
    )
    rules: Annotated[tuple[CertificateRuleSettings, ...], Field(max_length=10_000)] = Field(
        default=(),
        description="Who calls with which certificate: the first that fits. Others are refused. Not set: every "
        "certificate of the listener's authorities is somebody's.",
    )
    source: Literal["connection", "xfcc"] = Field(
        default="connection",
        alias="from",
        description="`connection`: the certificate that was shown here. `xfcc`: the one that a proxy in "
        "`trusted_proxies` says it was shown, in X-Forwarded-Client-Cert; nothing of it is verified here.",
    )
    consumers: Flag = Field(
        default=False,
        description="Whether the caller must be a consumer of the store (`hotgate consumers`) that is not disabled, "
        "and has its groups, roles, tier and metadata too.",
    )
    realm: Realm = None

    @model_validator(mode="after")
    def _says_one_way_to_know_callers(self) -> "MtlsSettings":
        if "rules" in self.model_fields_set and not self.rules:
            raise refused("`rules` is empty; without the key every certificate of the authorities is somebody's")
        if self.rules and "subject" in self.model_fields_set:
            raise refused("`subject` says who calls where there are no `rules`; remove one of them")
        return self


@dataclass(frozen=True, slots=True)
class _Known:
    """outcome: whom the certificate proves, or the answer if nobody. It is worth that from `begins` until `ends`."""

    outcome: Principal | Response
    begins: float = 0.0
    ends: float = float("inf")


class MtlsAuthenticator:
    """One entry, compiled. clock: seconds since the epoch. consumers: who may call; None: whoever has a name."""

    forwards_credential = False
    sources: tuple[CredentialSource, ...] = ()  # it is not in the request

    def __init__(
        self, name: str, settings: MtlsSettings, clock: Callable[[], float], consumers: StoredConsumers | None = None
    ) -> None:
        self.name = name
        self.challenge = certificate_challenge(settings.realm or name)
        self._is_forwarded = settings.source == "xfcc"
        self._kind = settings.subject
        self._rules = tuple(each.rule() for each in settings.rules)
        self._clock = clock
        self._consumers = consumers
        look_up = self._of_proxy if self._is_forwarded else self._of_connection
        self._known = BoundedCache(look_up, max_entries=_MAX_KNOWN, max_key_bytes=MAX_BYTES, max_bytes=_MAX_KNOWN_BYTES)

    def authenticate(self, exchange: Exchange) -> Principal | Response | None:
        """Principal, refusal, or None without a certificate."""
        certificate = exchange.certificate
        if certificate is None:
            return None
        shown = certificate.forwarded if self._is_forwarded else certificate.der
        if not shown:
            return None
        known = self._known[shown]
        outcome = known.outcome
        if isinstance(outcome, Response):
            return outcome
        if not known.begins <= self._clock() < known.ends:
            return certificate_refused(self.challenge, CredentialRefused("certificate-expired", "not valid now"))
        return outcome if self._consumers is None else self._completed(outcome, self._consumers)

    def _completed(self, proved: Principal, consumers: StoredConsumers) -> Principal | Response:
        try:
            return consumers.completed(proved)
        except NoConsumer as reason:
            return certificate_refused(self.challenge, CredentialRefused(UNKNOWN, str(reason)))
        except ConsumerDisabled as reason:
            return Response.problem(
                403, code="forbidden", detail="The certificate must not be used so.", log_detail=str(reason)
            )
        except StoreUnavailable as error:
            return store_unavailable(error)

    def _of_connection(self, der: bytes) -> _Known:
        try:
            return self._known_by(read_certificate(der))
        except CredentialRefused as refusal:  # not kept: its traceback knows this object, and the certificate
            return _Known(certificate_refused(self.challenge, refusal))

    def _of_proxy(self, value: bytes) -> _Known:
        try:
            fingerprint, facts = read_xfcc(value)
            return self._known_by(facts or _only_hash(fingerprint))
        except CredentialRefused as refusal:
            return _Known(certificate_refused(self.challenge, refusal))

    def _known_by(self, facts: CertificateFacts) -> _Known:
        found = recognize(facts, self._rules, self._kind)
        rule = found.rule
        principal = Principal(
            found.subject,
            provider=self.name,
            mechanism="mtls",
            scopes=rule.scopes if rule else frozenset(),
            roles=rule.roles if rule else frozenset(),
            groups=rule.groups if rule else frozenset(),
            credential=facts.fingerprint,
            expires=facts.not_after,
            claims={**claims_of(facts), "verified_by_proxy": self._is_forwarded},
        )
        return _Known(principal, facts.not_before, facts.not_after)


def _only_hash(fingerprint: str) -> CertificateFacts:
    """A proxy that sends no certificate: only its fingerprint is known."""
    names: dict[str, tuple[str, ...]] = dict.fromkeys(_KINDS, ())
    return CertificateFacts("", "", "", 0.0, float("inf"), {**names, "fingerprint": (fingerprint,)})


def compile_mtls(name: str, settings: MtlsSettings, services: Mapping[str, Any]) -> MtlsAuthenticator:
    """The authenticator of one entry; takes the services `wall_clock` and `credentials` when there are such.

    Without the latter nobody is found: a configuration that is only checked has none.
    """
    consumers = StoredConsumers(services.get("credentials") or Credentials()) if settings.consumers else None
    return MtlsAuthenticator(name, settings, services.get("wall_clock", time.time), consumers)


MECHANISM = MechanismSpec("mtls", MtlsSettings, compile_mtls)
