"""Several entries for tokens on one route: what the token itself claims says which of them verifies it.

The claims are not verified at that point, so they select and nothing else: the entry that is asked checks all of them.
A token that says nothing, or names no issuer of a `jwt` entry, is the `introspection` entry's, if there is one.
"""

from collections.abc import Sequence
from typing import Any

from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.jose_header import malformed
from hotgate.identity.tokens.jwt import unverified_claims
from hotgate.identity.tokens.token_checks import is_addressed
from hotgate.identity.tokens.token_rules import MAX_TOKEN_BYTES
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import Authenticator
from hotgate.policies.introspection.authenticator import IntrospectionAuthenticator
from hotgate.policies.tokens.jwt import JwtAuthenticator
from hotgate.policies.tokens.token_places import TokenPlaces

TokenAuthenticator = JwtAuthenticator | IntrospectionAuthenticator


class IssuerChoice:
    """Entries that look for their tokens in the same places of a request. name: of all of them, for metrics.

    Raises ValueError for several that would be asked about the same opaque token: it would be shown to a stranger.
    """

    def __init__(self, authenticators: Sequence[TokenAuthenticator]) -> None:
        self.name = "|".join(authenticator.name for authenticator in authenticators)
        self.authenticators = tuple(authenticators)
        self._finder = max((each.finder for each in authenticators), key=lambda finder: len(finder.sources))
        self._readers = [each for each in authenticators if isinstance(each, JwtAuthenticator)]
        asked = [each for each in authenticators if isinstance(each, IntrospectionAuthenticator)]
        if len(asked) > 1:
            names = " and ".join(each.name for each in asked)
            raise ValueError(f"whether a token is for {names} cannot be told: give each a route or a place of its own")
        self._asked = asked[0] if asked else None

    def authenticate(self, exchange: Exchange) -> Any:
        """As for one entry; a token of none of their issuers is refused (token-issuer-unknown)."""
        try:
            found = self._finder.find(exchange.request)
            if found is None:
                return None
            for authenticator in self.authenticators:
                principal = authenticator.recognized(found)
                if principal is not None:
                    return principal
            token = self._finder.token(found)
            if token is None:
                return None
            chosen = self._chosen(token)
            return chosen.admit(found) if isinstance(chosen, JwtAuthenticator) else chosen.admit(found, exchange)
        except CredentialRefused as refusal:
            return self.authenticators[0].refuse(refusal)

    def _chosen(self, token: bytes) -> TokenAuthenticator:
        """The entry of the token's issuer; of several, the first that the token is addressed to."""
        try:
            claims = unverified_claims(token, MAX_TOKEN_BYTES)
            candidates = self._of_issuer(claims)
        except CredentialRefused:
            if self._asked is None:
                raise
            return self._asked
        addressed = (each for each in candidates if is_addressed(claims, each.rules))
        return next(addressed, candidates[0])

    def _of_issuer(self, claims: dict[str, Any]) -> list[JwtAuthenticator]:
        """One entry or more. Raises CredentialRefused."""
        issuer = claims.get("iss")
        if issuer is None and "enc" in claims:  # the header of an encrypted token, which need not repeat its claims
            candidates = [each for each in self._readers if each.opens_encrypted]
        elif not isinstance(issuer, str):
            raise malformed("iss is missing or not a string")
        else:
            candidates = [each for each in self._readers if issuer in each.issuers]
        if not candidates:
            raise CredentialRefused("token-issuer-unknown", "of none of the route's issuers")
        return candidates


def in_same_places(authenticators: Sequence[Authenticator]) -> list[list[TokenAuthenticator]]:
    """Which entries look for tokens in the same places, where there are several: only one of them can decide."""
    groups: dict[TokenPlaces, list[TokenAuthenticator]] = {}
    for each in authenticators:
        if isinstance(each, TokenAuthenticator):
            groups.setdefault(each.places, []).append(each)
    return [group for group in groups.values() if len(group) > 1]
