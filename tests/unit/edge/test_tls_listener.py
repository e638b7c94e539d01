"""Contexts and sessions, by client and server objects without a network."""

import ssl
from dataclasses import replace

import pytest

from certificate_authority import authority
from hotgate.edge import openssl
from hotgate.edge.tls_listener import ClientRules, ServerCertificate, TlsListener, TlsRules

_ISSUED = authority().issue("a.example")
_CERTIFICATE = ServerCertificate(_ISSUED.pem, _ISSUED.key_pem, frozenset({"a.example"}))
_KEY = b"k" * 80
_ASKS = TlsRules("web", clients=ClientRules(ssl.CERT_OPTIONAL, authority().pem))


def client() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority().pem)
    return context


def shake_hands(
    listener: TlsListener, context: ssl.SSLContext, session: ssl.SSLSession | None = None
) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """(the client's side, the server's side), tickets received."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = listener.context.wrap_bio(to_server, to_client, server_side=True)
    asking = context.wrap_bio(to_client, to_server, server_hostname="a.example", session=session)
    for side in (asking, server, asking, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    with pytest.raises(ssl.SSLWantReadError):
        asking.read()
    return asking, server


def resumes(first: TlsListener, second: TlsListener) -> bool:
    """Whether a session that began at one is resumed at the other."""
    context = client()
    begun, _ = shake_hands(first, context)
    _, server = shake_hands(second, context, begun.session)
    return bool(server.session_reused)


def listener(rules: TlsRules, key: bytes = _KEY) -> TlsListener:
    made = TlsListener([_CERTIFICATE], rules)
    made.use_ticket_key(key)
    return made


def test_sessions_are_shared_by_whoever_has_the_key() -> None:
    assert resumes(listener(TlsRules("web")), listener(TlsRules("web")))
    assert not resumes(listener(TlsRules("web")), listener(TlsRules("web"), b"l" * 80))


@pytest.mark.parametrize(
    "other",
    [
        replace(_ASKS, listener="other"),
        replace(_ASKS, clients=ClientRules(ssl.CERT_NONE, authority().pem)),
        replace(_ASKS, clients=ClientRules(ssl.CERT_OPTIONAL, authority().pem * 2)),
        replace(_ASKS, clients=ClientRules(ssl.CERT_OPTIONAL, authority().pem, ("a.example",))),
        TlsRules("web"),
    ],
)
def test_sessions_are_not_resumed_under_other_rules(other: TlsRules) -> None:
    assert resumes(listener(_ASKS), listener(_ASKS))
    assert not resumes(listener(other), listener(_ASKS))


def test_without_openssl_no_tickets_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openssl, "why_unavailable", lambda: "a reason")
    made = listener(TlsRules("web"))
    begun, _ = shake_hands(made, client())
    assert begun.session is None or not begun.session.has_ticket
    assert made.context.num_tickets == 0


def test_a_staple_is_not_for_who_does_not_ask() -> None:
    asked: list[str] = []

    def response() -> bytes:
        asked.append("")
        return b"response"

    shake_hands(TlsListener([replace(_CERTIFICATE, staple=response)], TlsRules("web")), client())
    assert asked == []


def test_what_openssl_does_not_take_is_an_error() -> None:
    other = authority().issue("a.example")
    with pytest.raises(ssl.SSLError):
        TlsListener([ServerCertificate(_ISSUED.pem, other.key_pem, frozenset())], TlsRules())


def test_forward_secrecy_and_authenticated_encryption_only() -> None:
    ciphers = TlsListener([_CERTIFICATE], TlsRules()).context.get_ciphers()
    assert {cipher["protocol"] for cipher in ciphers} == {"TLSv1.2", "TLSv1.3"}
    assert all(cipher["aead"] for cipher in ciphers)
    assert all("Kx=ECDH" in cipher["description"] for cipher in ciphers if cipher["protocol"] == "TLSv1.2")
    assert len(ciphers) == 9


def test_no_renegotiation_and_no_compression() -> None:
    options = TlsListener([_CERTIFICATE], TlsRules()).context.options
    assert options & ssl.OP_NO_RENEGOTIATION
    assert options & ssl.OP_NO_COMPRESSION


def test_no_key_is_shown() -> None:
    assert "PRIVATE" not in repr(_CERTIFICATE)
