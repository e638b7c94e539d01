"""What conditions may look at of the client's certificate: what its owner has proved to be called in the handshake.

What a proxy says of the certificate of its own client is a matter of `mtls`, which makes a principal of it.
"""

from functools import partial

from hotgate.identity.refusal import CredentialRefused
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.conditions.attribute import Attribute, Unreadable


def _thumbprint(exchange: Exchange) -> str:
    return "" if exchange.certificate is None else exchange.certificate.thumbprint


def _of_certificate(kind: str, exchange: Exchange) -> list[str]:
    try:
        facts = None if exchange.certificate is None else exchange.certificate.facts
    except CredentialRefused as error:
        raise Unreadable(error.log_detail) from None
    return [] if facts is None else list(facts.names[kind])


def _subject(exchange: Exchange) -> str:
    return next(iter(_of_certificate("subject", exchange)), "")


def _names(kind: str, description: str) -> Attribute:
    return Attribute(f"tls.{kind}", "list<string>", partial(_of_certificate, kind), description)


CERTIFICATE_ATTRIBUTES = (
    Attribute("tls.thumbprint", "string", _thumbprint, 'of the client\'s certificate (`x5t#S256`), or ""'),
    Attribute("tls.subject", "string", _subject, 'its distinguished name (RFC 4514), or ""'),
    _names("common_name", "its common name, if it has one only"),
    _names("san_dns", "its DNS names, in lower case"),
    _names("san_uri", "its URIs, such as SPIFFE IDs"),
    _names("san_email", "its mail addresses"),
    _names("fingerprint", "its SHA-256 digest, in hexadecimal"),
)
