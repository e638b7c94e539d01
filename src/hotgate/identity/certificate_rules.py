"""Which certificate is whose: rules with patterns for names, the first that fits decides."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hotgate.identity.client_certificate import CertificateFacts
from hotgate.identity.refusal import CredentialRefused

UNKNOWN = "certificate-unknown"

# What `*` stands for: one part of a name, as wildcards in certificates and SPIFFE ids are read. Never for nothing.
_STAR = {"san_uri": r"([^/?#]+)", "san_dns": r"([^.]+)", "san_email": r"([^@]+)"}
_ANY = r"([^,+=\\]+)"  # a backslash escapes what would end a part (RFC 4514 §2.4)
_PLACE = re.compile(r"\{([1-9])\}")


def compiled_pattern(kind: str, pattern: str) -> re.Pattern[str]:
    """A whole name, in which `*` stands for one part."""
    star = _STAR.get(kind, _ANY)
    text = pattern.lower() if kind in ("san_dns", "fingerprint") else pattern
    return re.compile(star.join(re.escape(part) for part in text.split("*")))


@dataclass(frozen=True, slots=True)
class CertificateRule:
    """patterns: by kind of name; all of them must fit. consumer: who it is; `{1}` is what the first `*` stands for.

    issuer: the distinguished name that must have signed, or "".
    """

    patterns: tuple[tuple[str, re.Pattern[str]], ...]
    consumer: str
    issuer: str = ""
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def subject(self, facts: CertificateFacts) -> str | None:
        """Who it is, or None if the rule is not about this certificate. Raises CredentialRefused."""
        if self.issuer and facts.issuer != self.issuer:
            return None
        parts: list[str] = []
        for kind, pattern in self.patterns:
            found = [match for name in facts.names[kind] if (match := pattern.fullmatch(name))]
            if not found:
                return None
            if len(found) > 1:
                raise CredentialRefused(UNKNOWN, f"two names of the certificate fit one pattern for {kind}")
            parts += found[0].groups()
        return _PLACE.sub(lambda place: parts[int(place[1]) - 1], self.consumer)


def places_in(consumer: str) -> int:
    """The highest `{n}` of a template."""
    return max((int(number) for number in _PLACE.findall(consumer)), default=0)


@dataclass(frozen=True, slots=True)
class Recognized:
    """subject: who it is. rule: why; None if there are no rules."""

    subject: str
    rule: CertificateRule | None


def recognize(facts: CertificateFacts, rules: Sequence[CertificateRule], kind: str) -> Recognized:
    """Who this is: by the first rule that fits, or, without rules, by its only name of a kind.

    Raises CredentialRefused (certificate-unknown).
    """
    for rule in rules:
        if (subject := rule.subject(facts)) is not None:
            return Recognized(subject, rule)
    if rules:
        raise CredentialRefused(UNKNOWN, "no rule is about this certificate")
    names = facts.names[kind]
    if len(names) != 1:
        raise CredentialRefused(UNKNOWN, f"the certificate has {len(names)} names of the kind {kind}, not one")
    return Recognized(names[0], None)


def claims_of(facts: CertificateFacts) -> Mapping[str, object]:
    """Everything that is known, in JSON types."""
    return {
        "subject_dn": facts.subject,
        "issuer_dn": facts.issuer,
        "serial": facts.serial,
        "fingerprint": facts.fingerprint,
        "san_uri": list(facts.names["san_uri"]),
        "san_dns": list(facts.names["san_dns"]),
        "san_email": list(facts.names["san_email"]),
        "not_after": facts.not_after,
    }
