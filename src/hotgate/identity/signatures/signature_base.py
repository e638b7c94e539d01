"""The octets that are signed (RFC 9421 §2.5)."""

from hotgate.identity.signatures.component import InvalidComponent
from hotgate.identity.signatures.covered_components import CoveredComponents
from hotgate.identity.signatures.signed_message import SignedMessage


def signature_base(message: SignedMessage, covered: CoveredComponents, parameters: bytes) -> bytes:
    """parameters: what stands behind the list in `@signature-params`, canonical. Raises InvalidComponent.

    A value with a line end would be another line, and with it another component (RFC 9421 §2.5).
    """
    lines = [b"%b: %b\n" % (component.identifier, component.value(message)) for component in covered.components]
    base = b'%b"@signature-params": %b%b' % (b"".join(lines), covered.written, parameters)
    if base.count(b"\n") != len(lines):
        raise InvalidComponent("a value with a line end in it")
    return base
