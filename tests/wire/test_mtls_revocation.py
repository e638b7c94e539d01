"""Certificates that were good once: revoked, of an authority that is gone, or of which nobody knows."""

import asyncio
import logging
import ssl
import time
from base64 import b64encode
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtensionOID, SignatureAlgorithmOID

from certificate_authority import DAY, Authority, Issued, new_key
from wire.client_certificates import ASKS, CLIENT, CLIENTS, A, client_context, refused, served
from wire.peer import turns
from wire.scenario import Wire, scenario

_OTHERS = Authority("another authority of clients")
_OTHER = CLIENTS.issue_client("client-2")
_REVOKED, _STRANGE = (401, "certificate-revoked"), (503, "certificate-status-unknown")


def tls(*lists: bytes, **settings: Any) -> dict[str, Any]:
    """A listener with such lists."""
    return {"tls": {**A.settings, **ASKS, "crl": [b64encode(each).decode() for each in lists], **settings}}


def _fingerprint(issued: Issued) -> str:
    return issued.certificate.fingerprint(SHA256()).hex()


@scenario(listener=tls(CLIENTS.crl(_OTHER)))
async def test_a_revoked_certificate_is_refused(wire: Wire) -> None:
    await served(wire, await wire.connect_tls(context=client_context(CLIENT)))
    client = await wire.connect_tls(context=client_context(_OTHER))
    assert await refused(client) == _REVOKED
    assert await client.is_gone()
    counted = wire.gateway.plane.metrics_snapshot()["counters"]["certificate_checks"]
    assert counted == {"good": 1, "revoked": 1}
    assert wire.last_record["log_detail"] == f"certificate {_fingerprint(_OTHER)}"


# Its `fullName` is an x400Address (RFC 5280 §4.2.1.6).
_STRANGE_NAME = x509.UnrecognizedExtension(
    ExtensionOID.ISSUING_DISTRIBUTION_POINT, bytes.fromhex("3008a006a004a3023000")
)
_POINT = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(CLIENTS.crl(shifted=-11 * DAY), id="expired"),
        pytest.param(CLIENTS.crl(shifted=2 * DAY), id="of tomorrow"),
        pytest.param(Authority("other").crl(), id="of another authority"),
        pytest.param(Authority("authority of clients").crl(), id="of another authority with this name"),
        pytest.param(CLIENTS.crl(signer=new_key()), id="signed by somebody else"),
        pytest.param(CLIENTS.crl(extensions=[_POINT]), id="of a part"),
        pytest.param(CLIENTS.crl(extensions=[x509.DeltaCRLIndicator(1)]), id="of the difference"),
        pytest.param(CLIENTS.crl(extensions=[_POINT], is_critical=False), id="of a part, against the standard"),
        pytest.param(CLIENTS.crl(extensions=[_STRANGE_NAME]), id="of a kind of name nobody knows"),
    ],
)
@pytest.mark.parametrize("mode", ["refuse", "accept"])
def test_a_list_that_says_nothing(content: bytes, mode: str) -> None:
    @scenario(listener=tls(content, revocation_unknown=mode))
    async def script(wire: Wire) -> None:
        client = await wire.connect_tls(context=client_context(CLIENT))
        if mode == "accept":
            await served(wire, client)
        else:
            assert await refused(client) == _STRANGE
            assert wire.last_record["log_detail"] == f"certificate {_fingerprint(CLIENT)}"

    script()


@scenario(listener=tls(CLIENTS.crl(CLIENT, shifted=-11 * DAY), revocation_unknown="accept"))
async def test_nobody_comes_back_from_an_old_list(wire: Wire) -> None:
    assert await refused(await wire.connect_tls(context=client_context(CLIENT))) == _REVOKED


@scenario(listener=tls(CLIENTS.crl()))
async def test_a_new_list_reaches_connections_that_are_open(wire: Wire) -> None:
    good = await wire.connect_tls(context=client_context(CLIENT))
    bad = await wire.connect_tls(context=client_context(_OTHER))
    for client in (good, bad):
        await served(wire, client)
    wire.gateway.change_listener(tls(CLIENTS.crl(_OTHER)))
    await served(wire, good)
    assert await refused(bad) == _REVOKED
    assert await bad.is_gone()
    await served(wire, good)


_NEW = Authority("new authority of clients")


@scenario(listener={"tls": {**A.settings, "client_auth": "required", "client_ca": [CLIENTS.pem, _NEW.pem]}})
async def test_authorities_come_and_go_under_connections(wire: Wire) -> None:
    old, new = client_context(CLIENT), client_context(_NEW.issue_client("client-3"))
    kept, gone = await wire.connect_tls(context=new), await wire.connect_tls(context=old)
    for client in (kept, gone):
        await served(wire, client)
    wire.gateway.change_listener({"tls": {**A.settings, "client_auth": "required", "client_ca": _NEW.pem}})
    await served(wire, kept)
    assert await refused(gone) == (421, "certificate-recheck")
    await served(wire, kept)


_MIDDLE = Authority("intermediate", above=CLIENTS)


@scenario(listener={"tls": {**A.settings, **ASKS}})
async def test_a_chain_survives_a_reload_through_its_root(wire: Wire) -> None:
    client = await wire.connect_tls(context=client_context(_MIDDLE.issue_client("deep"), _MIDDLE))
    await served(wire, client)
    wire.gateway.change_listener({"tls": {**A.settings, **ASKS, "client_ca": [CLIENTS.pem, _NEW.pem]}})
    await served(wire, client)
    wire.gateway.change_listener({"tls": {**A.settings, **ASKS, "client_ca": _NEW.pem}})
    assert await refused(client) == (421, "certificate-recheck")


@scenario(listener={"tls": {**A.settings, **ASKS}})
async def test_a_resumed_session_needs_no_chain(wire: Wire) -> None:
    wire.gateway.plane.use_ticket_key(b"k" * 80)
    context = client_context(_MIDDLE.issue_client("deep"), _MIDDLE)
    first = await wire.connect_tls(context=context)
    await served(wire, first)
    again = await wire.connect_tls(context=context, session=first.tls.session)
    assert again.tls.session_reused
    await served(wire, again)
    wire.gateway.change_listener({"tls": {**A.settings, **ASKS, "client_ca": [CLIENTS.pem, _NEW.pem]}})
    await served(wire, again)
    wire.gateway.change_listener({"tls": {**A.settings, **ASKS, "client_ca": _NEW.pem}})
    assert await refused(again) == (421, "certificate-recheck")


@scenario(
    listener={
        "tls": {
            **A.settings,
            **ASKS,
        }
    }
)
async def test_one_certificate_may_be_its_own_authority(wire: Wire) -> None:
    own = Authority("self", is_ca=False)
    wire.gateway.change_listener({"tls": {**A.settings, **ASKS, "client_ca": own.pem}})
    client = await wire.connect_tls(context=client_context(own.own))
    await served(wire, client)
    wire.gateway.change_listener({"tls": {**A.settings, **ASKS, "client_ca": _NEW.pem}})
    assert await refused(client) == (421, "certificate-recheck")


@scenario(listener=tls(CLIENTS.crl(), _MIDDLE.crl()))
async def test_the_list_of_the_issuer_counts(wire: Wire) -> None:
    deep = _MIDDLE.issue_client("deep")
    await served(wire, await wire.connect_tls(context=client_context(deep, _MIDDLE)))
    wire.gateway.change_listener(tls(CLIENTS.crl(), _MIDDLE.crl(deep)))
    assert await refused(await wire.connect_tls(context=client_context(deep, _MIDDLE))) == _REVOKED


class ControlProcess:
    """Stands in for the one that asks responders."""

    def __init__(self, wire: Wire, status: str = "good", seconds: float = 600) -> None:
        self.status = status
        self.seconds = seconds
        self.asked = 0
        self.later = 0.0
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        wire.gateway.services["ask"] = self.ask
        wire.gateway.services["wall_clock"] = lambda: time.time() + self.later

    async def ask(self, about: str, body: Any) -> Any:
        self.asked += 1
        await self.may_answer.wait()
        if self.status == "fails":
            raise TimeoutError
        return {"status": self.status, "until": time.time() + self.later + self.seconds}


_ASKS_ONLINE = {"tls": {**A.settings, **ASKS, "ocsp": True}}


@pytest.mark.parametrize(
    ("status", "mode", "expected"),
    [
        ("good", "refuse", None),
        ("revoked", "refuse", _REVOKED),
        ("unknown", "refuse", _STRANGE),
        ("fails", "refuse", _STRANGE),
        ("nonsense", "refuse", _STRANGE),
        ("revoked", "accept", _REVOKED),
        ("unknown", "accept", None),
        ("fails", "accept", None),
    ],
)
@scenario()
async def test_a_responder_decides(wire: Wire, status: str, mode: str, expected: tuple[int, str] | None) -> None:
    control = ControlProcess(wire, status)
    wire.gateway.change_listener({"tls": {**_ASKS_ONLINE["tls"], "revocation_unknown": mode}})
    for _ in range(2):
        client = await wire.connect_tls(context=client_context(CLIENT))
        if expected is None:
            await served(wire, client)
        else:
            assert await refused(client) == expected
    assert control.asked == 1


@scenario()
async def test_what_was_learned_outlives_a_reload(wire: Wire) -> None:
    control = ControlProcess(wire)
    wire.gateway.change_listener(_ASKS_ONLINE)
    client = await wire.connect_tls(context=client_context(CLIENT))
    await served(wire, client)
    wire.gateway.change_listener(_ASKS_ONLINE)
    await served(wire, client)
    assert control.asked == 1
    wire.gateway.change_listener({"tls": {**_ASKS_ONLINE["tls"], "ocsp_responder": "http://other.test/"}})
    assert await refused(client) == (421, "certificate-recheck")


@scenario()
async def test_a_request_waits_for_the_responder(wire: Wire) -> None:
    control = ControlProcess(wire)
    control.may_answer.clear()
    wire.gateway.change_listener(_ASKS_ONLINE)
    client = await wire.connect_tls(context=client_context(CLIENT))
    client.send(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
    await turns()
    assert wire.backend.accepted == 0
    control.may_answer.set()
    await (await wire.backend.accept()).message()


@scenario()
async def test_who_leaves_meanwhile_is_forgotten(wire: Wire) -> None:
    control = ControlProcess(wire)
    control.may_answer.clear()
    wire.gateway.change_listener(_ASKS_ONLINE)
    client = await wire.connect_tls(context=client_context(CLIENT))
    await turns()
    client.reset()
    await wire.until_connected(0)
    control.may_answer.set()
    await turns()


@scenario()
async def test_nobody_waits_longer_than_for_a_handshake(wire: Wire) -> None:
    control = ControlProcess(wire)
    control.may_answer.clear()
    wire.gateway.change_listener(_ASKS_ONLINE)
    client = await wire.connect_tls(context=client_context(CLIENT))
    await turns()
    wire.gateway.advance(11)
    assert await client.is_gone()


@scenario()
async def test_an_answer_ends_with_its_time(wire: Wire) -> None:
    control = ControlProcess(wire, seconds=100)
    wire.gateway.change_listener(_ASKS_ONLINE)
    client = await wire.connect_tls(context=client_context(CLIENT))
    await served(wire, client)
    control.status, control.later = "revoked", 200
    assert await refused(client) == (421, "certificate-recheck")
    assert await refused(await wire.connect_tls(context=client_context(CLIENT))) == _REVOKED
    assert control.asked == 2


@scenario(listener=tls(CLIENTS.crl()))
async def test_sessions_are_not_resumed_where_revocation_is_checked(wire: Wire) -> None:
    wire.gateway.plane.use_ticket_key(b"k" * 80)
    client = await wire.connect_tls(context=client_context(CLIENT))
    await served(wire, client)
    assert not client.tls.session.has_ticket if client.tls.session else True


_RSA = Authority("authority with RSA", key=new_key("rsa"))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@scenario(listener={"tls": {**A.settings, **ASKS, "client_ca": _RSA.pem}})
async def test_a_signature_by_sha_1_is_worth_nothing(wire: Wire, version: ssl.TLSVersion) -> None:
    issued = _RSA.issue_client("c")
    await served(wire, await wire.connect_tls(context=client_context(issued, version=version)))
    weak = _RSA.weakly_signed(issued)
    assert weak.certificate.signature_algorithm_oid == SignatureAlgorithmOID.RSA_WITH_SHA1

    async def call() -> None:
        await refused(await wire.connect_tls(context=client_context(weak, version=version)))

    with pytest.raises((ssl.SSLError, AssertionError)):
        await call()
    assert wire.gateway.plane.metrics_snapshot()["counters"]["handshake_failures"] == {"certificate": 1}


_NAMESAKE = Authority("authority of clients", above=_OTHERS)
# By this OpenSSL finds out which of the two has signed (RFC 5280 §4.2.1.1).
_SIGNED_BY = x509.AuthorityKeyIdentifier(
    b"namesake", [x509.DirectoryName(_OTHERS.certificate.subject)], _NAMESAKE.certificate.serial_number
)
_OF_BOTH = {**ASKS, "client_ca": [CLIENTS.pem, _OTHERS.pem]}


@scenario(listener={"tls": {**A.settings, **_OF_BOTH}})
async def test_no_authority_can_take_the_name_of_another(wire: Wire) -> None:
    """Nor through a session that is resumed, which remembers no chain."""
    wire.gateway.plane.use_ticket_key(b"k" * 80)
    context = client_context(_NAMESAKE.issue_client("client-1", extensions=[_SIGNED_BY]), _NAMESAKE)
    first = await wire.connect_tls(context=context)
    assert await refused(first) == (401, "certificate-unknown")
    again = await wire.connect_tls(context=context, session=first.tls.session)
    assert again.tls.session_reused
    assert await refused(again) == (401, "certificate-unknown")
    await served(wire, await wire.connect_tls(context=client_context(CLIENT)))


@scenario()
async def test_what_expires_meanwhile_is_refused_whatever_the_route_asks_for(wire: Wire) -> None:
    now = time.time()
    wire.gateway.services["wall_clock"] = lambda: now
    wire.gateway.change_listener({"tls": {**A.settings, **ASKS}})
    client = await wire.connect_tls(context=client_context(CLIENT))
    await served(wire, client)
    now = CLIENT.certificate.not_valid_after_utc.timestamp()
    assert await refused(client) == (401, "certificate-expired")


_NOT_A_CA = Authority("not an authority", above=CLIENTS, is_ca=False)
_SELF_SIGNED = Authority("client-1").own
_SHORT = Authority("of certificates only", above=CLIENTS, path_length=0)
_BELOW_SHORT = Authority("one too many", above=_SHORT)
_ELSEWHERE = x509.DNSName("elsewhere.example")
_OF_SITE = Authority(
    "of a site", above=CLIENTS, extensions=[x509.NameConstraints([x509.DNSName("site.example")], None)]
)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    ("issued", "chain"),
    [
        pytest.param(CLIENTS.issue_client("c", shifted=-11 * DAY), (), id="expired"),
        pytest.param(CLIENTS.issue_client("c", shifted=2 * DAY), (), id="not yet valid"),
        pytest.param(_SELF_SIGNED, (), id="self-signed"),
        pytest.param(Authority("authority of clients").issue_client("client-1"), (), id="another authority"),
        pytest.param(CLIENTS.issue("a.example"), (), id="for servers"),
        pytest.param(CLIENTS.issue_client("c", key=new_key("small-rsa")), (), id="RSA 1024"),
        pytest.param(_NOT_A_CA.issue_client("c"), (_NOT_A_CA,), id="signed by a certificate that must not"),
        pytest.param(_MIDDLE.issue_client("c"), (), id="without its intermediate"),
        pytest.param(_BELOW_SHORT.issue_client("c"), (_BELOW_SHORT, _SHORT), id="a longer path than allowed"),
        pytest.param(_OF_SITE.issue_client("c", alternatives=[_ELSEWHERE]), (_OF_SITE,), id="a name it must not sign"),
    ],
)
def test_the_handshake_refuses(issued: Issued, chain: tuple[Authority, ...], version: ssl.TLSVersion) -> None:
    @scenario(listener={"tls": {**A.settings, **ASKS, "client_auth": "optional"}})
    async def script(wire: Wire) -> None:
        context = client_context(issued, *chain, version=version)

        async def call() -> None:
            await refused(await wire.connect_tls(context=context))

        with pytest.raises((ssl.SSLError, AssertionError)):
            await call()
        assert wire.gateway.plane.metrics_snapshot()["counters"]["handshake_failures"] == {"certificate": 1}
        assert wire.backend.accepted == 0

    script()


@pytest.mark.parametrize(
    ("issued", "reason"),
    [
        pytest.param(CLIENTS.issue_client("c", shifted=-11 * DAY), "certificate has expired", id="expired"),
        pytest.param(_SELF_SIGNED, "self-signed certificate", id="self-signed"),
        pytest.param(None, "none was shown", id="none"),
    ],
)
def test_the_log_says_whom_the_handshake_refused_and_why(
    issued: Issued | None, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    @scenario(listener={"tls": {**A.settings, **ASKS}})
    async def script(wire: Wire) -> None:
        client = await wire.connect_tls(context=client_context(issued))
        with pytest.raises((ssl.SSLError, AssertionError)):
            await refused(client)

    with caplog.at_level(logging.WARNING, logger="hotgate.security"):
        script()
    (event,) = caplog.records
    assert event.__dict__["facts"] == {
        "kind": "client-certificate-refused",
        "listener": "web",
        "address": "127.0.0.1",
        "reason": reason,
    }


@scenario(listener={"tls": {**A.settings, **ASKS}})
async def test_the_certificate_of_an_authority_is_nobodys(wire: Wire) -> None:
    for own in (CLIENTS.own, Authority("in between", above=CLIENTS).own):
        client = await wire.connect_tls(context=client_context(own))
        assert await refused(client) == (401, "certificate-unknown")
