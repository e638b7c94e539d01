"""The fields `Signature-Input` and `Signature` of a message (RFC 9421 §4), taken apart and nothing more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from hotgate.http.headers import Field
from hotgate.http.structured_fields import parse_dictionary, parse_inner_list
from hotgate.http.structured_values import BareItem, InnerList, InvalidField, Item, write_parameters
from hotgate.identity.signatures.covered_components import CoveredComponents

SIGNATURE_INPUT = b"signature-input"
SIGNATURE = b"signature"
MAX_SIGNATURES = 8
MAX_BYTES = 8192  # of each of the two fields

# What each parameter must be (RFC 9421 §2.3). Others are somebody's extension: signed like these, and not acted upon.
_TYPES: dict[str, type] = {"created": int, "expires": int, "nonce": str, "alg": str, "keyid": str, "tag": str}


@dataclass(frozen=True, slots=True)
class SignatureInput:
    """What one signature says of itself."""

    covered: CoveredComponents
    parameters: dict[str, BareItem]

    def text(self, name: str) -> str | None:
        """A parameter that is a string."""
        return cast("str | None", self.parameters.get(name))  # by _TYPES

    def time(self, name: str) -> int | None:
        """A parameter that is epoch seconds."""
        return cast("int | None", self.parameters.get(name))  # by _TYPES

    @property
    def written_parameters(self) -> bytes:
        """Canonical, in the order in which they came."""
        return write_parameters(self.parameters)


def signature_inputs(
    fields: list[Field], covered: Callable[[bytes], CoveredComponents]
) -> dict[str, SignatureInput] | None:
    """By label; None without the field. Raises InvalidField, and whatever `covered` does."""
    value = _joined(fields, SIGNATURE_INPUT)
    if value is None:
        return None
    members = parse_dictionary(value, covered, MAX_SIGNATURES)
    if not members:
        raise InvalidField("no signature")
    return {label: _input(member) for label, member in members.items()}


def _input(member: object) -> SignatureInput:
    if not isinstance(member, InnerList):
        raise InvalidField("a signature that says nothing of what it covers")
    for name, value in member.parameters.items():
        if name in _TYPES and type(value) is not _TYPES[name]:
            raise InvalidField("a parameter of another type than it must have")
    return SignatureInput(member.items, member.parameters)


def signature_octets(fields: list[Field], label: str) -> bytes:
    """The signature of that label. Raises InvalidField."""
    member = parse_dictionary(_joined(fields, SIGNATURE) or b"", parse_inner_list, MAX_SIGNATURES).get(label)
    if not isinstance(member, Item) or not isinstance(member.value, bytes):
        raise InvalidField("no signature under the label")
    return member.value


def _joined(fields: list[Field], name: bytes) -> bytes | None:
    values = [value for found, value in fields if found == name]
    if not values:
        return None
    value = values[0] if len(values) == 1 else b", ".join(values)
    if len(value) > MAX_BYTES:
        raise InvalidField("a field that is too long")
    return value
