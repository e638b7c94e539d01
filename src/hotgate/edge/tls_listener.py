"""What a listener speaks TLS with: its certificates, chosen by the name that a client asks for, and its rules."""

import hashlib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hotgate.config.pem import load_chain
from hotgate.edge import openssl
from hotgate.edge.openssl import ServerContext

_ALPN = "http/1.1"
# Mozilla's "intermediate" list less its finite-field suites: forward secrecy and authenticated encryption only.
_TLS_1_2_CIPHERS = ":".join(
    f"ECDHE-{signature}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for signature in ("ECDSA", "RSA")
)


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """chain, key: PEM. names: lower case, with `*.` before those that stand for one more label.

    staple: returns the OCSP response to send, DER, b"" for none; None if there never is one.
    """

    chain: str
    key: str = field(repr=False)
    names: frozenset[str]
    staple: Callable[[], bytes] | None = None


@dataclass(frozen=True, slots=True)
class TlsRules:
    """client_ca: PEM, "" for none. client_auth: what is asked of clients. refuses_unknown_names: no default for them.

    listener: its name. A session of one listener must not be resumed at another one.
    """

    listener: str = ""
    minimum_version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    client_ca: str = ""
    client_auth: ssl.VerifyMode = ssl.CERT_NONE
    refuses_unknown_names: bool = False


class TlsListener:
    """context: where every handshake begins, that of the first certificate. rules: as given."""

    def __init__(self, certificates: Sequence[ServerCertificate], rules: TlsRules) -> None:
        """Raises ssl.SSLError for what OpenSSL does not take."""
        self.rules = rules
        contexts = [_server_context(certificate, rules) for certificate in certificates]
        self.context = contexts[0]
        self._by_name: dict[str, ServerContext] = {}
        for certificate, context in zip(certificates, contexts, strict=True):
            for name in certificate.names:
                self._by_name.setdefault(name, context)
        if len(contexts) > 1 or rules.refuses_unknown_names:
            self.context.sni_callback = self._choose

    @property
    def asks_for_certificates(self) -> bool:
        """Whether clients may, or must, prove who they are by a certificate."""
        return self.rules.client_auth is not ssl.CERT_NONE

    def find(self, name: str) -> ServerContext | None:
        """Whose certificate a client gets that asks for this name: exact, one label replaced by `*`, the first."""
        found = self._by_name.get(name) or self._by_name.get("*." + name.partition(".")[2])
        if found is None and not self.rules.refuses_unknown_names:
            return self.context
        return found

    def use_ticket_key(self, key: bytes) -> None:
        """Let sessions be resumed wherever the same key is used with the same rules.

        A session carries what was found out about the client's certificate, so the rules that it was found by are
        mixed into the key: a ticket from a listener that asks for none opens nothing here (as in CVE-2025-23419).
        """
        if openssl.why_unavailable():
            return
        rules = self.rules
        scope = repr((rules.listener, rules.client_auth.name, rules.client_ca)).encode()
        # Of fixed length before the rest, so SHAKE is a keyed derivation here.
        openssl.set_ticket_key(self.context, hashlib.shake_256(key + scope).digest(openssl.TICKET_KEY_BYTES))

    def _choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        found = self.find((name or "").lower())
        if found is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME  # RFC 6066 §3
        if found is not self.context:
            connection.context = found
        return None


def _server_context(certificate: ServerCertificate, rules: TlsRules) -> ServerContext:
    context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = rules.minimum_version
    context.set_ciphers(_TLS_1_2_CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE  # all are good; a phone knows which it computes fast
    context.set_alpn_protocols([_ALPN])
    load_chain(context, certificate.chain, certificate.key)
    if rules.client_auth is not ssl.CERT_NONE:
        context.verify_mode = rules.client_auth
        context.load_verify_locations(cadata=rules.client_ca)
    if openssl.why_unavailable():
        context.options |= ssl.OP_NO_TICKET  # each worker has keys of its own: few tickets would be worth anything
        context.num_tickets = 0
        return context
    openssl.switch_session_cache_off(context)
    openssl.require_protocol(context, _ALPN.encode())
    if certificate.staple is not None:
        openssl.staple(context, certificate.staple)
    return context
