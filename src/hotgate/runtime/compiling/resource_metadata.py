"""The metadata of one protected resource (RFC 9728 §2), from its settings and from what its routes ask for."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.config.https_url import is_https_url
from hotgate.config.routes import Route
from hotgate.identity.tokens.accepted_issuers import TENANT
from hotgate.policies.protected_resource import ProtectedResource
from hotgate.policies.tokens.claim_settings import listed
from hotgate.policies.tokens.sender_settings import SenderSettings

_TOLD_AS_WRITTEN = ("resource_name", "resource_documentation", "resource_policy_uri", "resource_tos_uri")


def authorization_servers(settings: ProtectedResource, config: Gateway, routes: Iterable[Route]) -> tuple[str, ...]:
    """Issuers of tokens for the resource: those it names, or else those of its routes' entries."""
    if settings.authorization_servers is not None:
        return settings.authorization_servers
    issuers = (listed(getattr(entry, "issuer", None)) for entry in _entries(config, routes))
    # An issuer that is no address, or one of many tenants, is nowhere where a client could get a token.
    found = (issuer for each in issuers for issuer in each if is_https_url(issuer) and TENANT not in issuer)
    return tuple(dict.fromkeys(found))


def metadata_members(settings: ProtectedResource, config: Gateway, routes: Sequence[Route]) -> dict[str, Any]:
    """The members of the document."""
    scopes = settings.scopes_supported
    members: dict[str, Any] = {
        "resource": settings.resource,
        "authorization_servers": authorization_servers(settings, config, routes),
        "scopes_supported": list(dict.fromkeys(_scopes(routes))) if scopes is None else scopes,
        "bearer_methods_supported": _bearer_methods(config, routes),
        "tls_client_certificate_bound_access_tokens": _all_need_certificate(config, routes),
        "dpop_signing_alg_values_supported": list(dict.fromkeys(_proof_algorithms(config, routes))),
        "dpop_bound_access_tokens_required": _all_need_proof(config, routes),
        **{name: getattr(settings, name) for name in _TOLD_AS_WRITTEN},
    }
    return {name: value for name, value in members.items() if value or name == "bearer_methods_supported"}


def _entries(config: Gateway, routes: Iterable[Route]) -> Iterator[Any]:
    """The settings of entries that the routes authenticate with, each once."""
    names = dict.fromkeys(name for route in routes for name in route.identities)
    return (config.identity[name].settings for name in names if name in config.identity)


def _tokens(config: Gateway, routes: Iterable[Route]) -> list[Any]:
    """Those of them that take access tokens."""
    entries = _entries(config, routes)
    return [entry for entry in entries if isinstance(entry, SenderSettings) and hasattr(entry, "token")]


def _scopes(routes: Iterable[Route]) -> Iterator[str]:
    for route in routes:
        authorize = route.policy("authorize")
        if authorize is not None:
            yield from authorize.named_scopes


def _bearer_methods(config: Gateway, routes: Iterable[Route]) -> list[str]:
    """In which of the ways of RFC 6750 §2 a token may be sent; an empty list says: in none of them."""
    places = [entry.token for entry in _tokens(config, routes)]
    in_header, in_query = any(each.bearer for each in places), any(each.query == "access_token" for each in places)
    return ["header"] * in_header + ["query"] * in_query


def _all_need_certificate(config: Gateway, routes: Iterable[Route]) -> bool:
    entries = _tokens(config, routes)
    return bool(entries) and all(entry.certificate_bound == "required" for entry in entries)


def _all_need_proof(config: Gateway, routes: Iterable[Route]) -> bool:
    entries = _tokens(config, routes)
    return bool(entries) and all(entry.dpop is not None and entry.dpop.required for entry in entries)


def _proof_algorithms(config: Gateway, routes: Iterable[Route]) -> Iterator[str]:
    for entry in _tokens(config, routes):
        if entry.dpop is not None:
            yield from entry.dpop.algorithms
