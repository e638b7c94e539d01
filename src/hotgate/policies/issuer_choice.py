"""Several entries for tokens on one route: what the token itself claims says which of them verifies it.

The claims are not verified at that point, so they select and nothing else: the entry that is asked checks all of them.
"""

from collections.abc import Sequence
from typing import Any

from hotgate.identity.jose_header import malformed
from hotgate.identity.jwt import unverified_claims
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.token_checks import is_addressed
from hotgate.identity.token_rules import MAX_TOKEN_BYTES
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import Authenticator
from hotgate.policies.jwt import Admission, JwtAuthenticator


class IssuerChoice:
    """Entries that look for their tokens in the same places of a request."""

    def __init__(self, authenticators: Sequence[JwtAuthenticator]) -> None:
        self._authenticators = tuple(authenticators)
        self._finder = authenticators[0].finder

    def authenticate(self, exchange: Exchange) -> Admission:
        """As for one entry; a token of none of their issuers is refused (token-issuer-unknown)."""
        try:
            found = self._finder.find(exchange.request)
            if found is None:
                return None
            for authenticator in self._authenticators:
                principal = authenticator.recognized(found)
                if principal is not None:
                    return principal
            token = self._finder.token(found)
            return None if token is None else self._chosen(token).admit(found)
        except CredentialRefused as refusal:
            return self._authenticators[0].refuse(refusal)

    def _chosen(self, token: bytes) -> JwtAuthenticator:
        """The entry of the token's issuer; of several, the first that the token is addressed to."""
        claims = unverified_claims(token, MAX_TOKEN_BYTES)
        candidates = self._of_issuer(claims)
        addressed = (each for each in candidates if is_addressed(claims, each.rules))
        return next(addressed, candidates[0])

    def _of_issuer(self, claims: dict[str, Any]) -> list[JwtAuthenticator]:
        """One entry or more. Raises CredentialRefused."""
        issuer = claims.get("iss")
        if issuer is None and "enc" in claims:  # the header of an encrypted token, which need not repeat its claims
            candidates = [each for each in self._authenticators if each.opens_encrypted]
        elif not isinstance(issuer, str):
            raise malformed("iss is missing or not a string")
        else:
            candidates = [each for each in self._authenticators if issuer in each.issuers]
        if not candidates:
            raise CredentialRefused("token-issuer-unknown", "of none of the route's issuers")
        return candidates


def with_choices(authenticators: Sequence[Authenticator]) -> tuple[Authenticator | IssuerChoice, ...]:
    """Whom to ask, in order: entries for tokens in the same places become one choice, where the first of them was."""
    groups: dict[object, list[Authenticator]] = {}
    for each in authenticators:
        key = each.places if isinstance(each, JwtAuthenticator) else each.name
        groups.setdefault(key, []).append(each)
    return tuple(_choice(group) for group in groups.values())


def _choice(group: list[Authenticator]) -> Authenticator | IssuerChoice:
    issuers = [each for each in group if isinstance(each, JwtAuthenticator)]
    return group[0] if len(group) == 1 else IssuerChoice(issuers)
