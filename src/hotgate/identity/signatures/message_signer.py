"""Signing a request that the gateway sends (RFC 9421 §3.1): two fields, over what is there of the components."""

from dataclasses import dataclass

from hotgate.http.headers import Field
from hotgate.http.structured_values import BareItem, Item, write_bare, write_inner_list, write_parameters
from hotgate.identity.signatures.covered_components import known_components
from hotgate.identity.signatures.signature_base import signature_base
from hotgate.identity.signatures.signature_fields import SIGNATURE, SIGNATURE_INPUT
from hotgate.identity.signatures.signed_message import SignedMessage
from hotgate.identity.signatures.signing_key import MessageSigningKey


@dataclass(frozen=True, slots=True)
class SignatureTerms:
    """components: names of derived components, and of fields, which are left out where a message does not have them.

    lifetime: seconds.
    """

    label: str
    components: tuple[str, ...]
    lifetime: float
    tag: str | None = None


class MessageSigner:
    """One way to sign. What is made of the list of components is remembered for each set of fields that are there."""

    def __init__(self, terms: SignatureTerms) -> None:
        self._terms = terms
        self._label = terms.label.encode("ascii")
        self._known = known_components()

    def fields(self, message: SignedMessage, key: MessageSigningKey, now: float, nonce: str) -> tuple[Field, Field]:
        """`Signature-Input` and `Signature`. now: epoch seconds. Raises InvalidComponent."""
        there = {name for name, _ in message.fields}
        names = [name for name in self._terms.components if name[0] == "@" or name.encode("ascii") in there]
        covered = self._known[write_inner_list(tuple(Item(name, {}) for name in names))]
        parameters = write_parameters(self._parameters(key, int(now), nonce))
        signature = key.sign(signature_base(message, covered, parameters))
        return (
            (SIGNATURE_INPUT, b"%b=%b%b" % (self._label, covered.written, parameters)),
            (SIGNATURE, b"%b=%b" % (self._label, write_bare(signature))),
        )

    def _parameters(self, key: MessageSigningKey, created: int, nonce: str) -> dict[str, BareItem]:
        terms = self._terms
        said: dict[str, BareItem] = {
            "created": created,
            "expires": created + int(terms.lifetime),
            "nonce": nonce,
            "alg": key.algorithm,
            "keyid": key.key_id,
        }
        return said if terms.tag is None else {**said, "tag": terms.tag}
