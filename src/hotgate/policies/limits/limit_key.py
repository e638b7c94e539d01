"""`by:` of a limit: whose bucket a request is counted in, as text that no other kind of caller can produce.

What is missing never means no limit: a header falls back to the address, everything else to the principal, and a
principal that nobody has proved to be, to the address.
"""

import json
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache, partial
from typing import Protocol

from hotgate.limits.address_key import address_key
from hotgate.limits.key import bounded_key, principal_key
from hotgate.pipeline.decision import Path
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import WrongSetting
from hotgate.policies.conditions.attribute import Attribute
from hotgate.policies.conditions.condition import ConditionFailed, compile_text
from hotgate.policies.limits.key_settings import By, KeyExpression

KeyOf = Callable[[Exchange], str]

# Who operates the gateway gives these callers their names, so that one name means one consumer. The subjects of a
# token, or the users of a directory, are named by others.
_NAMED_HERE = frozenset({"api_key", "basic", "mtls", "signature", "hmac"})


class KeySettings(Protocol):
    """What says whose bucket it is, of a rate limit or a quota."""

    @property
    def by(self) -> By:
        """Kinds of key."""

    @property
    def ipv4_prefix(self) -> int:
        """Bits of an address that count."""

    @property
    def ipv6_prefix(self) -> int:
        """The same."""


class KeyMakers:
    """Compiles what a route's limits go by. Equal ones are one object, so that a request's key is made once.

    attributes: what expressions may look at. claims: those that there are, if the configuration says it.
    """

    def __init__(self, attributes: Mapping[str, Attribute], claims: Collection[str] = ()) -> None:
        self._attributes = attributes
        self._claims = claims
        self._made: dict[object, KeyOf] = {}

    def key_of(self, settings: KeySettings) -> KeyOf:
        """Raises WrongSetting."""
        asked = settings.by, settings.ipv4_prefix, settings.ipv6_prefix
        if asked not in self._made:
            self._made[asked] = self._compiled(settings)
        return self._made[asked]

    def _compiled(self, settings: KeySettings) -> KeyOf:
        of_address = _of_address(settings.ipv4_prefix, settings.ipv6_prefix)
        by = settings.by
        if not isinstance(by, tuple):
            return self._part(by, of_address, ("by",))
        parts = [self._part(each, of_address, ("by", index)) for index, each in enumerate(by)]
        return partial(_combined, parts) if len(parts) > 1 else parts[0]

    def _part(self, by: str | KeyExpression, of_address: KeyOf, path: Path) -> KeyOf:
        of_principal = partial(_of_principal, of_address)
        if isinstance(by, KeyExpression):
            return self._expression(by.cel, of_principal, (*path, "cel"))
        kind, _, name = by.partition(":")
        if kind == "path":
            return self._parameter(name, path)
        if kind == "header":
            return partial(_of_header, name.lower().encode("ascii"), of_address)
        if kind == "claim":
            return self._claim(name, of_principal, path)
        plain: dict[str, KeyOf] = {
            "principal": of_principal,
            "address": of_address,
            "route": _of_route,
            "consumer": partial(_of_consumer, of_principal),
            "group": partial(_of_groups, of_principal),
        }
        return plain[kind]

    def _claim(self, name: str, of_principal: KeyOf, path: Path) -> KeyOf:
        if self._claims and name not in self._claims:
            raise WrongSetting(path, f"`authorization.claims` declares no claim {name!r}")
        return partial(_of_claim, name, of_principal)

    def _parameter(self, name: str, path: Path) -> KeyOf:
        if f"path.{name}" not in self._attributes:
            raise WrongSetting(path, f"the path of the route has no parameter {name!r}")
        return partial(_of_parameter, name)

    def _expression(self, source: str, of_principal: KeyOf, path: Path) -> KeyOf:
        try:
            expression = compile_text(source, self._attributes)
        except ValueError as error:
            raise WrongSetting(path, str(error)) from None

        def of_expression(exchange: Exchange) -> str:
            try:
                return bounded_key(f"x\0{expression.value(exchange)}")
            except ConditionFailed:
                return of_principal(exchange)

        return of_expression


def shown_by(by: By) -> str:
    """What has a bucket, for operators: the kinds, and nothing of anybody's value."""
    parts = by if isinstance(by, tuple) else (by,)
    return " and ".join("an expression" if isinstance(part, KeyExpression) else part for part in parts)


def _of_address(ipv4_prefix: int, ipv6_prefix: int) -> KeyOf:
    return lambda exchange: address_key(exchange.client, ipv4_prefix, ipv6_prefix)


def _of_route(exchange: Exchange) -> str:
    return "r"


def _of_principal(of_address: KeyOf, exchange: Exchange) -> str:
    principal = exchange.principal
    if principal is None or principal.is_anonymous:
        return of_address(exchange)
    return principal_key(principal.provider, principal.subject)


def _of_consumer(of_principal: KeyOf, exchange: Exchange) -> str:
    """The same name is the same consumer, whichever entry has recognised it, and by which of its keys."""
    principal = exchange.principal
    if principal is None or principal.mechanism not in _NAMED_HERE:
        return of_principal(exchange)
    return _consumer_key(principal.subject)


@lru_cache(maxsize=8192)
def _consumer_key(subject: str) -> str:
    return bounded_key(f"c\0{subject}")


def _of_groups(of_principal: KeyOf, exchange: Exchange) -> str:
    """All groups of the caller together: who is in two of them has neither's bucket alone."""
    principal = exchange.principal
    if principal is None or not principal.groups:
        return of_principal(exchange)
    return _groups_key(principal.groups)


@lru_cache(maxsize=8192)
def _groups_key(groups: frozenset[str]) -> str:
    return bounded_key(f"g\0{json.dumps(sorted(groups))}")


def _of_header(name: bytes, of_address: KeyOf, exchange: Exchange) -> str:
    """All values count, in their order: a second field cannot hide the first, and is the same as one with a comma."""
    values = exchange.request.headers.get_all(name)
    if not values:
        return of_address(exchange)
    return bounded_key("h\0" + b"\0".join((name, b", ".join(values))).decode("latin-1"))


def _of_claim(name: str, of_principal: KeyOf, exchange: Exchange) -> str:
    """The value as JSON: the text "1" is another one than the number."""
    principal = exchange.principal
    value = None if principal is None else principal.claims.get(name)
    if value is None:
        return of_principal(exchange)
    return bounded_key(f"m\0{name}\0{json.dumps(value, sort_keys=True)}")


def _of_parameter(name: str, exchange: Exchange) -> str:
    return bounded_key(f"t\0{exchange.params[name]}")


def _combined(parts: list[KeyOf], exchange: Exchange) -> str:
    """Each with its length before it, so that no value can reach into the next one."""
    keys = [part(exchange) for part in parts]
    return bounded_key("k\0" + "".join([f"{len(key)}:{key}" for key in keys]))
