"""What an authorization server has said of a token (RFC 7662 §2.2), checked by the rules of an entry."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from hotgate.identity.principal import Principal
from hotgate.identity.tokens import token_checks
from hotgate.identity.tokens.claim_mapping import text
from hotgate.identity.tokens.jose_header import malformed, parsed_object
from hotgate.identity.tokens.token_rules import TokenRules

MECHANISM = "introspection"

_TOKEN_TYPES = frozenset({"bearer", "dpop"})  # RFC 6749 §7.1: whoever does not understand a type must not use it


class AnswersOnly:
    """Stands for a key set where tokens are remembered by somebody's word: it ends with its time, and no key goes."""

    generation = 1
    keys = frozenset({None})


class IntrospectedToken(NamedTuple):
    """principal: who the token speaks for. expires: epoch seconds until which the answer may be believed."""

    principal: Principal
    expires: float
    key: None = None


class IntrospectedTokens:
    """provider: the entry's name under `identity:`. checks_issuer: whether an `iss`, where there is one, must be one
    of the rules'."""

    def __init__(self, provider: str, rules: TokenRules, *, checks_issuer: bool) -> None:
        self._provider = provider
        self._rules = rules
        self._checks_issuer = checks_issuer

    def verified(self, answer: bytes, keep: float, now: float) -> IntrospectedToken:
        """Whom an active token speaks for, to be remembered for `keep` seconds at most, and never past its `exp`.

        answer: the members of the server's answer as JSON. now: epoch seconds. Raises CredentialRefused.
        """
        claims = parsed_object(answer, "answer")
        if self._checks_issuer and "iss" in claims:
            self._rules.issuers.check(claims)
        end = token_checks.check_but_issuer(claims, self._rules, now)
        _check_token_type(claims)
        expires = token_checks.numeric_date(claims, "exp")
        principal = self._rules.mapping.principal(
            self._provider, claims, text(claims, ("jti",)), None if expires is None else end, MECHANISM
        )
        return IntrospectedToken(principal, now + keep if expires is None else min(now + keep, expires))


def _check_token_type(claims: Mapping[str, Any]) -> None:
    """A server may say that a refresh token is active too; nobody may call with one."""
    kind = (text(claims, ("token_type",)) or "bearer").lower()
    if kind not in _TOKEN_TYPES:
        raise malformed("its token_type is not that of an access token")
    confirmation = claims.get("cnf")
    if kind == "dpop" and not (isinstance(confirmation, dict) and "jkt" in confirmation):
        raise malformed("its token_type wants proofs, and its server does not say of which key")  # RFC 9449 §6.2
