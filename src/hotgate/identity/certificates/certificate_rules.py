"""Which certificate is whose: rules with patterns for names, the first that fits decides."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hotgate.identity.certificates.client_certificate import CertificateFacts
from hotgate.identity.refusal import CredentialRefused

UNKNOWN = "certificate-unknown"

# What ends a part of a name, for which `*` stands, as wildcards in certificates and SPIFFE ids are read.
_ENDS = {"san_uri": "/?#", "san_dns": ".", "san_email": "@"}
_OTHER_ENDS = ",+=\\"  # a backslash escapes what would end a part (RFC 4514 §2.4)
_PLACE = re.compile(r"\{([1-9])\}")


def compiled_pattern(kind: str, pattern: str) -> re.Pattern[str]:
    """A whole name, in which `*` stands for one part, never for nothing.

    If there is another one behind it, it ends where the text between them begins: otherwise one name could be read in
    several ways, and it would take long to try them all.
    """
    ends = _ENDS.get(kind, _OTHER_ENDS)
    first, *others = (pattern.lower() if kind in ("san_dns", "fingerprint") else pattern).split("*")
    stars = [re.escape(ends + text[:1]) for text in others[:-1]] + [re.escape(ends)]
    rest = (f"([^{star}]+){re.escape(text)}" for star, text in zip(stars, others, strict=False))
    return re.compile(re.escape(first) + "".join(rest))


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
        raise CredentialRefused(UNKNOWN, f"no rule is about certificate {facts.fingerprint}")
    names = facts.names[kind]
    if len(names) != 1:
        shown = f"certificate {facts.fingerprint} has {len(names)} names of the kind {kind}, not one"
        raise CredentialRefused(UNKNOWN, shown)
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
