"""What a listener speaks TLS with: its certificates, chosen by the name that a client asks for, and its rules."""

import hashlib
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hotgate.config.pem import load_chain
from hotgate.edge import openssl
from hotgate.edge.openssl import ServerContext
from hotgate.identity.certificates.client_trust import ClientTrust

_ALPN = "http/1.1"
# Mozilla's "intermediate" list less its finite-field suites: forward secrecy and authenticated encryption only.
# Level 2: no RSA below 2048 bits and no SHA-1 in a chain, whatever the distribution's default is.
_TLS_1_2_CIPHERS = "@SECLEVEL=2:" + ":".join(
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
class ClientRules:
    """What is asked of the clients of some hosts. names: which; empty: of all that have no rules of their own.

    auth: whether they show certificates. authorities: PEM, whose. trust: what else is asked about a certificate; None
    if none is asked for. has_tickets: whether a session may be resumed without a look at the certificate.
    """

    auth: ssl.VerifyMode = ssl.CERT_NONE
    authorities: str = ""
    names: tuple[str, ...] = ()
    trust: ClientTrust | None = field(default=None, compare=False)
    has_tickets: bool = True

    @property
    def scope(self) -> str:
        """What a session that was begun under these rules may be resumed under."""
        return repr((self.auth.name, self.authorities, self.names))


@dataclass(frozen=True, slots=True)
class TlsRules:
    """clients: of all hosts but those in `hosts`. refuses_unknown_names: no default for clients that ask for them.

    listener: its name. A session of one listener must not be resumed at another one.
    """

    listener: str = ""
    minimum_version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    clients: ClientRules = ClientRules()
    hosts: tuple[ClientRules, ...] = ()
    refuses_unknown_names: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ServedHost:
    """What a client meets that asks for a host: a certificate, and rules for its own. One per pair of these."""

    context: ServerContext
    clients: ClientRules

    @property
    def asks(self) -> bool:
        """Whether clients may, or must, prove who they are by a certificate."""
        return self.clients.auth is not ssl.CERT_NONE


class TlsListener:
    """default: what clients meet that ask for no name. needs_name: whether it matters what they ask for. asks: whether
    any host asks for certificates. rules: as given.
    """

    def __init__(self, certificates: Sequence[ServerCertificate], rules: TlsRules) -> None:
        """Raises ssl.SSLError for what OpenSSL does not take."""
        self.rules = rules
        self._certificates = tuple(certificates)
        self._served: dict[tuple[int, int], ServedHost] = {}
        by_certificate = {name: index for index, each in reversed([*enumerate(certificates)]) for name in each.names}
        by_rules = {name: index for index, each in enumerate(rules.hosts, 1) for name in each.names}
        self.default = self._host(0, 0)
        self._by_name = {
            name: self._host(certificate, _found(by_rules, name) or 0)
            for name in sorted({*by_certificate, *by_rules})
            if (certificate := self._certificate_for(_found(by_certificate, name))) is not None
        }
        for index, _ in enumerate(certificates):
            self._host(index, 0)  # one that OpenSSL does not take is found now
        self.asks = any(each.asks for each in self._served.values())
        self.needs_name = len(self._served) > 1 or rules.refuses_unknown_names or self.asks

    @property
    def context(self) -> ServerContext:
        """That of the first certificate."""
        return self.default.context

    def find(self, name: str) -> ServedHost | None:
        """What a client meets that asks for this name: exact, one label replaced by `*`, the default; None: nothing."""
        found = _found(self._by_name, name)
        return self._unknown if found is None else found

    def use_ticket_key(self, key: bytes) -> None:
        """Let sessions be resumed wherever the same key is used with the same rules.

        A session carries what was found out about the client's certificate, so the rules that it was found by are
        mixed into the key: a ticket of a host that asks for none opens nothing at one that does (as in CVE-2025-23419).
        """
        if openssl.why_unavailable():
            return
        for served in self._served.values():
            scope = repr((self.rules.listener, served.clients.scope)).encode()
            # Of fixed length before the rest, so SHAKE is a keyed derivation here.
            derived = hashlib.shake_256(key + scope).digest(openssl.TICKET_KEY_BYTES)
            openssl.set_ticket_key(served.context, derived)

    @property
    def _unknown(self) -> ServedHost | None:
        return None if self.rules.refuses_unknown_names else self.default

    def _certificate_for(self, found: int | None) -> int | None:
        return 0 if found is None and not self.rules.refuses_unknown_names else found

    def _host(self, certificate: int, rules: int) -> ServedHost:
        if (certificate, rules) not in self._served:
            clients = (self.rules.clients, *self.rules.hosts)[rules]
            context = _server_context(self._certificates[certificate], self.rules, clients)
            self._served[certificate, rules] = ServedHost(context, clients)
        return self._served[certificate, rules]


Found = TypeVar("Found")


def _found(by_name: Mapping[str, Found], name: str) -> Found | None:
    """The entry of a name, or else of the name with `*` in place of its first label."""
    found = by_name.get(name)
    return by_name.get("*." + name.partition(".")[2]) if found is None else found


def _server_context(certificate: ServerCertificate, rules: TlsRules, clients: ClientRules) -> ServerContext:
    context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = rules.minimum_version
    context.set_ciphers(_TLS_1_2_CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE  # all are good; a phone knows which it computes fast
    context.set_alpn_protocols([_ALPN])
    load_chain(context, certificate.chain, certificate.key)
    if clients.auth is not ssl.CERT_NONE:
        context.verify_mode = clients.auth
        context.load_verify_locations(cadata=clients.authorities)
    if openssl.why_unavailable() or not clients.has_tickets:
        context.options |= ssl.OP_NO_TICKET  # without a common key few would be worth anything
        context.num_tickets = 0
    if openssl.why_unavailable():
        return context
    openssl.switch_session_cache_off(context)
    openssl.require_protocol(context, _ALPN.encode())
    if certificate.staple is not None:
        openssl.staple(context, certificate.staple)
    return context
