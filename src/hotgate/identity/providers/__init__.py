"""Presets for identity providers: what their tokens look like, one file each.

A preset is data: from the few names that differ between customers it makes keys of a jwt entry, as a user would write
them in the file. Whatever the entry says itself wins, except that nothing that is demanded of a token gets lost.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hotgate.identity.providers import auth0, cognito, entra, google, keycloak, okta


@dataclass(frozen=True, slots=True)
class Provider:
    """needs, takes: the keys that `expand` is called with; the others are for other providers."""

    expand: Callable[..., dict[str, Any]]
    needs: tuple[str, ...]
    takes: tuple[str, ...] = ()


PROVIDERS: Mapping[str, Provider] = {
    "auth0": Provider(auth0.expand, ("domain",)),
    "cognito": Provider(cognito.expand, ("user_pool",), ("token_use",)),
    "entra": Provider(entra.expand, ("tenants",), ("token_version",)),
    "google": Provider(google.expand, ("hosted_domain",)),
    "keycloak": Provider(keycloak.expand, ("issuer", "audience")),
    "okta": Provider(okta.expand, ("domain",), ("authorization_server",)),
}
