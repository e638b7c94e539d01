"""What a caller may do: its roles with all that they inherit, and the permissions that come with them.

A principal is shared by the requests of one credential, and another takes its place when anything about it changes; so
its rights are worked out once. The book of roles is one for each configuration, and so is what it remembers.
"""

from collections.abc import Callable, Mapping

from hotgate.config.authorization import Receiver, Role
from hotgate.identity.principal import Principal

_MAX_KNOWN = 4096  # principals, as many as mechanisms remember

# Those who are named by the configuration or the store. What an issuer calls its users may be any consumer's name.
NAMED_HERE = frozenset({"api_key", "signature", "hmac", "mtls", "basic"})


class Rights:
    """roles, permissions: for asking. role_list, permission_list: the same, sorted, for conditions."""

    __slots__ = ("permission_list", "permissions", "role_list", "roles")

    def __init__(self, roles: frozenset[str], permissions: frozenset[str]) -> None:
        self.roles = roles
        self.permissions = permissions
        self.role_list = sorted(roles)
        self.permission_list = sorted(permissions)


NO_RIGHTS = Rights(frozenset(), frozenset())


class RoleBook:
    """The roles of `authorization.roles`."""

    def __init__(self, roles: Mapping[str, Role]) -> None:
        self._inherited = {name: _with_inherited(name, roles) for name in roles}
        self._permissions = {name: frozenset(role.permissions) for name, role in roles.items()}
        self._given = [(name, _receives(each)) for name, role in roles.items() for each in role.given_to]
        self._known: dict[Principal, Rights] = {}
        self.permissions = frozenset[str]().union(*self._permissions.values())  # every one that some role has

    def rights_of(self, principal: Principal | None) -> Rights:
        """Nobody has none."""
        if principal is None:
            return NO_RIGHTS
        rights = self._known.get(principal)
        return self._found(principal) if rights is None else rights

    def _found(self, principal: Principal) -> Rights:
        named = principal.roles.union(name for name, receives in self._given if receives(principal))
        roles = named.union(*(self._inherited[name] for name in named if name in self._inherited))
        permissions = frozenset[str]().union(*(self._permissions[name] for name in roles if name in self._permissions))
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        rights = self._known[principal] = Rights(roles, permissions)
        return rights


NO_ROLES = RoleBook({})


def _with_inherited(name: str, roles: Mapping[str, Role]) -> frozenset[str]:
    """A role and all that it inherits from. Each is visited once, so a cycle, which is refused elsewhere, ends too."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each in roles and each not in found:
            found.add(each)
            waiting += roles[each].inherits
    return frozenset(found)


def _receives(receiver: Receiver) -> Callable[[Principal], bool]:
    claims = dict(receiver.claim or {})

    def receives(principal: Principal) -> bool:
        return (
            (receiver.provider is None or principal.provider == receiver.provider)
            and (receiver.group is None or receiver.group in principal.groups)
            and (receiver.subject is None or principal.subject == receiver.subject)
            and (receiver.consumer is None or _is_consumer(principal, receiver.consumer))
            and all(has_claim(principal, name, value) for name, value in claims.items())
        )

    return receives


def _is_consumer(principal: Principal, name: str) -> bool:
    return principal.subject == name and principal.mechanism in NAMED_HERE


def has_claim(principal: Principal, name: str, wanted: str | int | bool) -> bool:
    """Whether a claim has this value, or is a list that holds it."""
    found = principal.claims.get(name)
    return any(_equals(each, wanted) for each in found) if isinstance(found, list | tuple) else _equals(found, wanted)


def _equals(found: object, wanted: str | int | bool) -> bool:
    """In Python `True == 1`; here a kind equals its own alone."""
    return type(found) is type(wanted) and found == wanted
