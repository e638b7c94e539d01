"""What an answer in JSON wants done besides: header fields, as members or as obligations.

Obligations are part of the decision: a permission whose obligations cannot be met is none (XACML 3.0, section 7.18).
Advice may be ignored, and is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hotgate.http.headers import Field, InvalidHeader, valid_field
from hotgate.policies.decision_points.contract import NoDecision

_MOST = 64
_FOR_UPSTREAM, _FOR_CLIENT = "set-request-headers", "set-response-headers"


class Unfulfillable(Exception):
    """An obligation is not understood, or wants what the file does not allow. The text is for operators."""


@dataclass(frozen=True, slots=True)
class FieldChanges:
    """upstream, client: names of fields that may be set, lower case."""

    upstream: frozenset[str]
    client: frozenset[str]

    @classmethod
    def listed(cls, upstream: Sequence[str], client: Sequence[str]) -> "FieldChanges":
        """Those that the file lists."""
        return cls(frozenset(upstream), frozenset(client))

    def wanted(self, container: Mapping[str, Any]) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
        """(for the upstream, for the client). Raises Unfulfillable, and NoDecision for what is no header field."""
        upstream = list(_fields(container.get("headers", {}), self.upstream))
        client = list(_fields(container.get("response_headers", {}), self.client))
        for obligation in _obligations(container.get("obligations", [])):
            identifier = obligation.get("id")
            if identifier == _FOR_UPSTREAM:
                upstream += _fields(obligation.get("headers"), self.upstream)
            elif identifier == _FOR_CLIENT:
                client += _fields(obligation.get("headers"), self.client)
            else:
                raise Unfulfillable(f"the obligation {str(identifier)[:64]!r} is not understood")
        return tuple(upstream), tuple(client)


def _obligations(found: Any) -> list[dict[str, Any]]:
    if not isinstance(found, list) or len(found) > _MOST or not all(isinstance(each, dict) for each in found):
        raise Unfulfillable("the obligations are no list of objects")
    return found


def _fields(found: Any, allowed: frozenset[str]) -> list[Field]:
    if not isinstance(found, dict) or len(found) > _MOST:
        raise Unfulfillable("header fields are no object of names and texts")
    fields = []
    for name, value in found.items():
        if name.lower() not in allowed:
            raise Unfulfillable(f"the header field {name[:64]!r} is not listed for that")
        fields.append(_field(name, value))
    return fields


def _field(name: str, value: Any) -> Field:
    if not isinstance(value, str) or len(value) > 8192:
        raise NoDecision(f"the value of header field {name!r} is no text")
    try:
        return valid_field(name.encode("ascii"), value.encode("latin-1"))
    except (InvalidHeader, UnicodeEncodeError):
        raise NoDecision(f"the value of header field {name!r} cannot be written") from None  # header injection
