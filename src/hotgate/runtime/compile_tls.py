"""One listener's `tls:` → the contexts that its handshakes use."""

import ssl
import time
from collections.abc import Callable

from hotgate.config.certificate import chain_of, dns_names
from hotgate.config.ocsp_response import NotStapled, valid_until
from hotgate.config.pem import DerFile
from hotgate.config.tls import Certificate, Tls
from hotgate.edge import openssl
from hotgate.edge.tls_listener import ServerCertificate, TlsListener, TlsRules

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_CLIENT_AUTH = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}


def compile_tls(listener: str, settings: Tls) -> TlsListener:
    """The listener's TLS. Raises ValueError for what OpenSSL does not take."""
    rules = TlsRules(
        listener=listener,
        minimum_version=_VERSIONS[settings.min_version],
        client_ca=settings.client_ca.reveal() if settings.client_ca else "",
        client_auth=_CLIENT_AUTH[settings.client_auth],
        refuses_unknown_names=settings.unknown_sni == "refuse",
    )
    try:
        return TlsListener([_certificate(pair) for pair in settings.pairs], rules)
    except ssl.SSLError as error:
        raise ValueError(f"OpenSSL does not take it: {error.reason or 'no reason given'}") from None


def _certificate(pair: Certificate) -> ServerCertificate:
    chain = pair.certificate.reveal()
    names = frozenset(dns_names(chain_of(chain)[0]))
    staple = None if pair.ocsp_staple is None else _staple(pair.ocsp_staple, chain)
    return ServerCertificate(chain, pair.key.reveal(), names, staple)


def _staple(file: DerFile, chain: str) -> Callable[[], bytes] | None:
    """The response while it is valid; who reads the file has been warned of any that is not sent."""
    if reason := openssl.why_unavailable():
        raise ValueError(f"an OCSP response cannot be sent: {reason}; take ocsp_staple away")
    response = file.content
    try:
        until = valid_until(response, chain_of(chain)[0]).timestamp()
    except NotStapled:
        return None
    return lambda: response if time.time() < until else b""
