"""One listener's `tls:` → the contexts that its handshakes use."""

import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any

from hotgate.config.certificate import chain_of, dns_names
from hotgate.config.client_auth import ClientAuth
from hotgate.config.ocsp_response import NotStapled, valid_until
from hotgate.config.pem import DerFile
from hotgate.config.revocation_list import load_list
from hotgate.config.tls import Certificate, Tls
from hotgate.edge import openssl
from hotgate.edge.tls_listener import ClientRules, ServerCertificate, TlsListener, TlsRules
from hotgate.identity.certificates.client_trust import ClientTrust, OnlineCheck
from hotgate.identity.certificates.revocation_list import RevocationLists

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_CLIENT_AUTH = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}


def compile_tls(listener: str, settings: Tls, services: Mapping[str, Any]) -> TlsListener:
    """The listener's TLS. Raises ValueError for what OpenSSL does not take."""
    rules = TlsRules(
        listener=listener,
        minimum_version=_VERSIONS[settings.min_version],
        clients=_client_rules(settings, (), services),
        hosts=tuple(_client_rules(each, each.names, services) for each in settings.clients),
        refuses_unknown_names=settings.unknown_sni == "refuse",
    )
    try:
        return TlsListener([_certificate(pair) for pair in settings.pairs], rules)
    except ssl.SSLError as error:
        raise ValueError(f"OpenSSL does not take it: {error.reason or 'no reason given'}") from None


def _client_rules(settings: ClientAuth, names: tuple[str, ...], services: Mapping[str, Any]) -> ClientRules:
    if settings.client_auth == "none":
        return ClientRules(names=names)
    return ClientRules(
        auth=_CLIENT_AUTH[settings.client_auth],
        authorities="\n".join(settings.authorities).encode("ascii", "ignore").decode(),  # comments name people
        names=names,
        trust=_trust(settings, services),
        has_tickets=not settings.checks_revocation,  # a session remembers no chain, so nobody could be asked about it
    )


def _trust(settings: ClientAuth, services: Mapping[str, Any]) -> ClientTrust:
    online = OnlineCheck(settings.ocsp, settings.ocsp_responder or "", settings.crl_from_certificate)
    return ClientTrust(
        settings.authorities,
        RevocationLists(load_list(each.content) for each in settings.crl) if settings.crl else None,
        online=online if online.ocsp or online.lists else None,
        ask=services.get("ask"),
        answers=services.get("certificate_answers"),
        is_required=settings.client_auth == "required",
        accepts_unknown=settings.revocation_unknown == "accept",
        count=services.get("count_certificate", _count_nothing),
        clock=services.get("wall_clock", time.time),
    )


def _count_nothing(result: str) -> None:
    """When a configuration is only checked."""


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
