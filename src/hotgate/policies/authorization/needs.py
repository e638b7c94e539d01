"""What a caller must have: scopes, roles, groups, permissions, compared as whole names."""

from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from operator import attrgetter

from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.identity.rights import RoleBook
from hotgate.pipeline.decision import Path
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import WrongSetting
from hotgate.policies.authorization.denial import Denial
from hotgate.policies.authorization.part import Check, Part

_Names = frozenset[str]
_Read = Callable[[Principal], _Names]

NOBODY_HERE = "nobody is authenticated on a public route; `when` and `policies` can be asked of everybody"
_NO_SCOPE = "The credential does not grant the scope that this needs."


class _Need:
    """read: what of a caller is compared with `wanted`. deny: what becomes of who has it not."""

    __slots__ = ("_deny", "_read", "_wanted")

    def __init__(self, wanted: Sequence[str], read: _Read, deny: Denial) -> None:
        self._wanted = frozenset(wanted)
        self._read = read
        self._deny = deny


class AllOf(_Need):
    """The caller must have every one of `wanted`."""

    __slots__ = ()

    def __call__(self, exchange: Exchange) -> Response | None:
        principal = exchange.principal
        if principal is not None and self._wanted <= self._read(principal):
            return None
        return self._deny(exchange)


class AnyOf(_Need):
    """The caller must have at least one of `wanted`."""

    __slots__ = ()

    def __call__(self, exchange: Exchange) -> Response | None:
        principal = exchange.principal
        if principal is not None and not self._wanted.isdisjoint(self._read(principal)):
            return None
        return self._deny(exchange)


def needs(parts: Sequence[Part], roles: RoleBook) -> Iterator[Check]:
    """The checks of these keys in all parts, scopes first: who gets a better token should ask for all it needs."""
    scopes = dict.fromkeys(scope for part in parts for scope in (*part.rules.scopes, *part.rules.any_scope))
    # RFC 6750 §3.1: the scopes that would do are no secret, a client needs them to ask for a better token.
    challenge = f'Bearer error="insufficient_scope", scope="{" ".join(scopes)}"'
    for part in parts:
        yield from _needed_scopes(part, challenge)
    for part in parts:
        yield from _needed_rights(part, roles)


def _needed_scopes(part: Part, challenge: str) -> Iterator[Check]:
    read: _Read = attrgetter("scopes")
    for kind, key, wanted in (AllOf, "scopes", part.rules.scopes), (AnyOf, "any_scope", part.rules.any_scope):
        if wanted:
            deny = Denial(part.lacking(key), _NO_SCOPE, code="insufficient-scope", challenge=challenge)
            yield kind(wanted, read, deny)


def _needed_rights(part: Part, roles: RoleBook) -> Iterator[Check]:
    rules = part.rules
    if rules.roles:
        deny = Denial(part.lacking("roles"), "Your role does not allow this.")
        yield AnyOf(rules.roles, lambda principal: roles.rights_of(principal).roles, deny)
    if rules.groups:
        deny = Denial(part.lacking("groups"), "None of your groups allows this.")
        yield AnyOf(rules.groups, attrgetter("groups"), deny)
    if rules.permissions:
        deny = Denial(part.lacking("permissions"), "None of your roles allows this.")
        yield AllOf(rules.permissions, lambda principal: roles.rights_of(principal).permissions, deny)


def wrong_needs(part: Part, roles: RoleBook, *, is_public: bool) -> Iterator[WrongSetting]:
    """What nobody could ever have."""
    for key in part.needs:
        if is_public:
            yield WrongSetting((*part.keys, key), NOBODY_HERE)
    for index, permission in enumerate(part.rules.permissions):
        if permission not in roles.permissions:
            path: Path = (*part.keys, "permissions", index)
            close = get_close_matches(permission, roles.permissions, n=1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            yield WrongSetting(path, f"no role under `authorization.roles` has the permission '{permission}'{hint}")
