"""Everything that conditions may look at."""

from collections.abc import Iterable, Mapping
from functools import partial

from hotgate.config.authorization import NOTHING_DECLARED, ClaimKind
from hotgate.identity.rights import NO_ROLES, RoleBook
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import CompileContext
from hotgate.policies.conditions.attribute import Attribute
from hotgate.policies.conditions.body_attribute import BODY
from hotgate.policies.conditions.caller_attributes import CALLER_ATTRIBUTES, attributes_of_rights, claims_attribute
from hotgate.policies.conditions.certificate_attributes import CERTIFICATE_ATTRIBUTES
from hotgate.policies.conditions.request_attributes import REQUEST_ATTRIBUTES


def _metadata(metadata: Mapping[str, str]) -> Attribute:
    return Attribute("route.metadata", "map<string, string>", lambda _: metadata, "`metadata` of the route")


ATTRIBUTES = (
    *CALLER_ATTRIBUTES,
    *attributes_of_rights(NO_ROLES),
    claims_attribute({}),
    *REQUEST_ATTRIBUTES,
    BODY,
    *CERTIFICATE_ATTRIBUTES,
    Attribute("route.name", "string", lambda exchange: exchange.route.name, "the route's name"),
    _metadata({}),
    Attribute("now", "timestamp", lambda exchange: exchange.now, "the time of the request"),
)
"""Every attribute but path parameters, as it is where the configuration declares no roles and no claims."""


def route_attributes(context: CompileContext, *, has_body: bool = False) -> dict[str, Attribute]:
    """Every attribute that conditions of a route may use, by name, with the roles and claims of the configuration."""
    services = context.services
    declared: Mapping[str, ClaimKind] = services.get("authorization", NOTHING_DECLARED).claims
    roles: RoleBook = services.get("roles", NO_ROLES)
    return attributes_of(context.parameters, context.metadata, has_body=has_body, roles=roles, claims=declared)


def attributes_of(
    parameters: Iterable[str],
    metadata: Mapping[str, str],
    *,
    has_body: bool,
    roles: RoleBook = NO_ROLES,
    claims: Mapping[str, ClaimKind] | None = None,
) -> dict[str, Attribute]:
    """The same, of its parts. claims: those that may be named; none: all."""
    of_path = (
        Attribute(f"path.{name}", "string", partial(_parameter, name), "a path parameter") for name in parameters
    )
    own = (*attributes_of_rights(roles), claims_attribute(claims or {}), _metadata(metadata), *of_path)
    found = {each.name: each for each in (*ATTRIBUTES, *own)}
    if not has_body:
        del found[BODY.name]
    return found


def _parameter(name: str, exchange: Exchange) -> str:
    return exchange.params[name]
