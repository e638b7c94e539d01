"""What is asked for when a key is made or changed, and the rules for it."""

import ipaddress
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hotgate.config.units import parse_rate
from hotgate.control.administration_error import AdministrationError
from hotgate.identity.api_keys.managed_key import DEFAULT_ENVIRONMENT, ENVIRONMENT

_ROUTE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A key to be made. Times are epoch seconds. limit: such as "100/minute". networks: addresses or CIDR blocks.

    routes: names of routes that it is for; none: all that accept keys.
    """

    consumer: str
    environment: str = DEFAULT_ENVIRONMENT
    scopes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    not_before: float | None = None
    expires: float | None = None
    limit: str | None = None
    networks: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """New values for a key; what is None stays. `FOREVER` as a time and "" as the limit take the old one away."""

    scopes: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None
    not_before: float | None = None
    expires: float | None = None
    limit: str | None = None
    networks: tuple[str, ...] | None = None
    routes: tuple[str, ...] | None = None
    metadata: Mapping[str, Any] | None = None


FOREVER = math.inf


def valid_attributes(attributes: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Attributes of a key as the store wants them. Raises AdministrationError (invalid) that names the wrong one."""
    valid = dict(attributes)
    if "environment" in valid and not re.fullmatch(ENVIRONMENT, valid["environment"]):
        raise invalid("environment", "the environment must be 1 to 16 lower-case letters and digits")
    for name in ("scopes", "roles"):
        if name in valid:
            _check_names(name, valid[name])
    if valid.get("limit") is not None:
        valid["limit"] = _limit(valid["limit"])
    if "networks" in valid:
        valid["networks"] = _networks(valid["networks"])
    for route in valid.get("routes", ()):
        if not _ROUTE.fullmatch(route):
            raise invalid("routes", "routes must be names of routes")
    _check_times(valid, now)
    return valid


def invalid(member: str, says: str) -> AdministrationError:
    """The refusal of a value. member: its name."""
    return AdministrationError("invalid", says, member=member)


def _check_names(name: str, values: Iterable[str]) -> None:
    if any(not value or " " in value or not value.isprintable() for value in values):
        raise invalid(name, f"{name} must be printable and without spaces")


def _limit(text: str) -> str | None:
    if not text:
        return None
    try:
        return str(parse_rate(text))
    except ValueError:
        raise invalid("limit", "the limit must be a rate, such as 100/minute") from None


def _networks(texts: Iterable[str]) -> tuple[str, ...]:
    try:
        return tuple(str(ipaddress.ip_network(text)) for text in texts)
    except ValueError:
        raise invalid("networks", "networks must be addresses or CIDR blocks, such as 192.0.2.0/24") from None


def _check_times(valid: dict[str, Any], now: float) -> None:
    for name in ("not_before", "expires"):
        if valid.get(name) == FOREVER:
            valid[name] = None
    expires, not_before = valid.get("expires"), valid.get("not_before")
    if expires is not None and expires <= now:
        raise invalid("expires", "the expiry lies in the past")
    if expires is not None and not_before is not None and expires <= not_before:
        raise invalid("expires", "the key would expire before it becomes valid")
