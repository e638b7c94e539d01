"""What conditions may look at of a caller. On a public route it is nobody, and everything is empty."""

from collections.abc import Callable, Mapping
from typing import Any

from hotgate.config.authorization import ClaimKind
from hotgate.identity.principal import Principal
from hotgate.identity.rights import RoleBook
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.conditions.attribute import Attribute, Read
from hotgate.policies.conditions.declared_claims import claims_as_declared


def _of_principal(read: Callable[[Principal], Any], missing: Any) -> Read:

    def value(exchange: Exchange) -> Any:
        principal = exchange.principal
        return missing if principal is None else read(principal)

    return value


def _text(name: str, description: str) -> Attribute:
    read = _of_principal(lambda principal: getattr(principal, name) or "", "")
    return Attribute(f"principal.{name}", "string", read, description)


def _names(name: str, description: str) -> Attribute:
    read = _of_principal(lambda principal: list(getattr(principal, name)), [])
    return Attribute(f"principal.{name}", "list<string>", read, description)


def attributes_of_rights(roles: RoleBook) -> tuple[Attribute, ...]:
    """The caller's roles and permissions, as the book says."""
    has_roles = Attribute(
        "principal.roles",
        "list<string>",
        lambda exchange: roles.rights_of(exchange.principal).role_list,
        "the caller's roles: of the credential, the consumer and `authorization.roles`, with all that they inherit",
    )
    has_permissions = Attribute(
        "principal.permissions",
        "list<string>",
        lambda exchange: roles.rights_of(exchange.principal).permission_list,
        "what these roles allow, as `orders:write`",
    )
    return has_roles, has_permissions


def claims_attribute(declared: Mapping[str, ClaimKind]) -> Attribute:
    """The caller's claims. declared: those that may be named; none: all of them."""
    all_of, some_of = claims_as_declared(declared)

    def some(names: tuple[str, ...], exchange: Exchange) -> Mapping[str, Any]:
        return {} if exchange.principal is None else some_of(names, exchange.principal.claims)

    return Attribute(
        "claims",
        "map<string, dyn>",
        _of_principal(lambda principal: all_of(principal.claims), {}),
        "the verified claims of the caller; those of `authorization.claims`, if there are any",
        is_sensitive=True,
        read_some=some,
        members=declared or None,
    )


CALLER_ATTRIBUTES = (
    _text("subject", "the caller's stable name"),
    _text("provider", "the entry of `identity` that recognised the caller"),
    _text("mechanism", "its kind, as `jwt`"),
    _text("tier", 'the caller\'s tier, or ""'),
    _text("tenant", 'the caller\'s tenant, or ""'),
    _text("client", 'the application that calls for the caller, or ""'),
    _text("credential", 'the name of the proof (a key\'s id, `jti`), or ""'),
    _names("scopes", "the caller's scopes"),
    _names("groups", "the caller's groups"),
    Attribute(
        "principal.is_anonymous",
        "bool",
        _of_principal(lambda principal: principal.is_anonymous, True),
        "nobody is known to call",
    ),
)
