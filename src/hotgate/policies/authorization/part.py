"""A part of `authorize`: what stands there directly, or under one of its methods."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from hotgate.http.response import Response
from hotgate.pipeline.decision import Decision, Path
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.authorization.settings import AccessRules
from hotgate.policies.conditions.attribute import Attribute, Read

KEY = "authorize"

Check = Callable[[Exchange], Response | None]  # None: nothing to be said against it

# What a caller may be asked to have, and the attribute that is compared with it.
NEEDS = {
    "scopes": "principal.scopes",
    "any_scope": "principal.scopes",
    "roles": "principal.roles",
    "groups": "principal.groups",
    "permissions": "principal.permissions",
}


@dataclass(frozen=True, slots=True)
class Part:
    """keys: from `authorize` on, as ("methods", "POST"). route: the place of its route in the file. attributes: what
    conditions may look at there, by name.
    """

    rules: AccessRules
    keys: Path
    route: Path
    attributes: Mapping[str, Attribute]

    @property
    def place(self) -> Path:
        """Where it stands in the file."""
        return (*self.route, KEY, *self.keys)

    @property
    def needs(self) -> list[str]:
        """Those keys of NEEDS that are given."""
        return [key for key in NEEDS if getattr(self.rules, key)]

    def readers(self, keys: Iterable[str]) -> dict[str, Read]:
        """How to read the attributes that these keys of NEEDS are about."""
        return {NEEDS[key]: self.attributes[NEEDS[key]].read for key in keys}

    def lacking(self, key: str) -> Decision:
        """That on a caller who has not what the key asks for."""
        reason = f"needs {', '.join(getattr(self.rules, key))}"
        return Decision(KEY, key, (*self.place, key), False, reason, self.readers([key]))
