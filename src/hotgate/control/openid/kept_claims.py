"""Which claims a session keeps: sessions travel in cookies, and a provider may say much that nobody asks for."""

import json
from collections.abc import Mapping
from typing import Any

from hotgate.control.openid.failures import LoginFailed
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens import token_checks
from hotgate.identity.tokens.accepted_issuers import AcceptedIssuers
from hotgate.identity.tokens.claim_mapping import ClaimMapping
from hotgate.identity.tokens.claim_path import find
from hotgate.identity.tokens.token_rules import TokenRules
from hotgate.policies.oidc.oidc_settings import OidcSettings

MAX_KEPT = 32 * 1024  # characters as JSON

# What the login was: by these a session is ended, renewed and judged strong enough.
_OF_THE_LOGIN = ("iss", "sub", "sid", "iat", "auth_time", "acr", "amr", "azp", "nonce")

Claims = Mapping[str, Any]


class KeptClaims:
    """name: of the entry."""

    def __init__(self, name: str, settings: OidcSettings) -> None:
        self._name = name
        self._mapping = settings.claims.mapping()
        claims = settings.claims
        demanded = (*claims.required_claims, *claims.claim_values)
        self._paths = (*_OF_THE_LOGIN, *_paths(self._mapping), *demanded, *settings.keep_claims)
        self._rules = TokenRules(
            issuers=AcceptedIssuers((settings.issuer,)),
            audiences=frozenset(),
            algorithms=frozenset(),
            required_claims=claims.required_claims,
            allowed_values=claims.allowed_values(),
        )

    def of(self, said: Claims, info: Claims) -> dict[str, Any]:
        """Those that are kept. said: by the ID token. info: by anything else, such as the userinfo, which tells of the
        user and not of the login: an `acr` there may be what somebody has written into their profile.

        Raises LoginFailed where they are not what they must be.
        """
        return self._checked(self._picked({**_of_the_user(info), **said}))

    def renewed(self, before: Claims, claims: Claims, *, are_all: bool) -> dict[str, Any]:
        """Those of a session about whose user something else is said now; what tells of its login stays, and nothing
        is added to it: a renewal is no login.

        are_all: whether what is said no longer is no longer true. Raises LoginFailed.
        """
        login = {name: before[name] for name in _OF_THE_LOGIN if name in before}
        return self._checked({**({} if are_all else before), **self._picked(_of_the_user(claims)), **login})

    def _picked(self, claims: Claims) -> dict[str, Any]:
        return {path: value for path in self._paths if (value := find(claims, path)) is not None}

    def _checked(self, kept: dict[str, Any]) -> dict[str, Any]:
        """A session whose every request would be refused had better not begin."""
        if len(json.dumps(kept)) > MAX_KEPT:
            raise LoginFailed(f"its claims take more than {MAX_KEPT} characters")
        try:
            token_checks.check_presence(kept, self._rules)
            token_checks.check_values(kept, self._rules)
            self._mapping.principal(self._name, kept)
        except CredentialRefused as refusal:
            raise LoginFailed(refusal.log_detail) from None
        return kept


def _of_the_user(claims: Claims) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if name not in _OF_THE_LOGIN}


def _paths(mapping: ClaimMapping) -> tuple[str, ...]:
    """Every claim that the principal is made of."""
    of_names = [path for names in (mapping.scopes, mapping.roles, mapping.groups) if names for path in names.paths]
    return (*mapping.subject, *mapping.tenant, *mapping.client, *mapping.tier, *of_names, "scope", "scp")
