"""One host asks for certificates and another does not: no way leads from one into the other."""

import ssl
import sys
from typing import Any

import pytest

from wire.client_certificates import ASKS, CLIENT, A, client_context, refused, served
from wire.scenario import Wire, scenario

_SECRET = {"names": ["secret.example"], **ASKS}
_TLS: dict[str, Any] = {"tls": {**A.settings, "clients": [_SECRET]}}
_VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])


@_VERSIONS
@scenario(listener=_TLS)
async def test_one_host_asks_and_the_other_does_not(wire: Wire, version: ssl.TLSVersion) -> None:
    await served(wire, await wire.connect_tls("open.example", context=client_context(version=version)), "open.example")
    known = await wire.connect_tls("secret.example", context=client_context(CLIENT, version=version))
    await served(wire, known, "secret.example")

    async def stranger() -> None:
        await (await wire.connect_tls("secret.example", context=client_context(version=version))).rest()

    with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
        await stranger()


@scenario(listener=_TLS)
async def test_the_open_host_does_not_ask(wire: Wire) -> None:
    await served(wire, await wire.connect_tls("open.example", context=client_context(CLIENT)), "open.example")
    (connection,) = wire.gateway.client_connections
    assert connection.certificate is None


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("open.example", "secret.example"),
        ("open.example", "SECRET.example."),
        ("open.example", "secret.example:443"),
        (None, "secret.example"),
        ("127.0.0.1", "secret.example"),
        ("unknown.example", "secret.example"),
        ("secret.example", "open.example"),
        ("secret.example", "127.0.0.1"),
        ("secret.example", "[::1]"),
    ],
)
@scenario(listener=_TLS)
async def test_no_host_is_reached_through_the_session_of_another(wire: Wire, name: str | None, host: str) -> None:
    client = await wire.connect_tls(name, context=client_context(CLIENT))
    assert await refused(client, host) == (421, "misdirected-request")
    assert await client.is_gone()
    assert wire.backend.accepted == 0


@pytest.mark.parametrize("name", ["open.example", "secret.example"])
@scenario(listener=_TLS)
async def test_nor_by_a_later_request(wire: Wire, name: str) -> None:
    client = await wire.connect_tls(name, context=client_context(CLIENT))
    for _ in range(2):
        await served(wire, client, name)
    other = "secret.example" if name == "open.example" else "open.example"
    assert await refused(client, other) == (421, "misdirected-request")


@scenario(listener=_TLS)
async def test_nor_by_an_absolute_target(wire: Wire) -> None:
    client = await wire.connect_tls("open.example", context=client_context())
    client.send(b"GET https://secret.example/ HTTP/1.1\r\nHost: secret.example\r\n\r\n")
    assert (await client.message()).status == 421


@scenario(listener=_TLS)
async def test_nor_without_a_host(wire: Wire) -> None:
    client = await wire.connect_tls("secret.example", context=client_context(CLIENT))
    client.send(b"GET / HTTP/1.0\r\n\r\n")
    assert (await client.message()).status == 421


@scenario(listener=_TLS)
async def test_hosts_that_ask_for_nothing_may_share_a_connection(wire: Wire) -> None:
    client = await wire.connect_tls("open.example", context=client_context())
    await served(wire, client, "other.example")


async def _session(wire: Wire, name: str, context: ssl.SSLContext) -> ssl.SSLSession | None:
    client = await wire.connect_tls(name, context=context)
    await served(wire, client, name)
    return client.tls.session


@_VERSIONS
@scenario(listener=_TLS)
async def test_no_ticket_of_an_open_host_opens_one_that_asks(wire: Wire, version: ssl.TLSVersion) -> None:
    """CVE-2025-23419."""
    wire.gateway.plane.use_ticket_key(b"k" * 80)
    context = client_context(version=version)
    session = await _session(wire, "open.example", context)
    again = await wire.connect_tls("open.example", context=context, session=session)
    assert again.tls.session_reused

    async def other_host() -> None:
        await (await wire.connect_tls("secret.example", context=context, session=session)).rest()

    with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
        await other_host()
    assert wire.backend.accepted == 1


_TWO_AUTHORITIES: dict[str, Any] = {
    "tls": {**A.settings, **ASKS, "clients": [{**_SECRET, "names": ["secret.example"]}]}
}


@_VERSIONS
@scenario(listener=_TWO_AUTHORITIES)
async def test_no_ticket_is_good_for_another_entry_even_with_equal_rules(wire: Wire, version: ssl.TLSVersion) -> None:
    wire.gateway.plane.use_ticket_key(b"k" * 80)
    context = client_context(CLIENT, version=version)
    session = await _session(wire, "a.example", context)
    there = await wire.connect_tls("secret.example", context=context, session=session)
    assert not there.tls.session_reused
    here = await wire.connect_tls("a.example", context=context, session=session)
    assert here.tls.session_reused


@_VERSIONS
@scenario(listener={"tls": {**A.settings, **ASKS}})
async def test_a_resumed_session_still_knows_the_certificate(wire: Wire, version: ssl.TLSVersion) -> None:
    wire.gateway.plane.use_ticket_key(b"k" * 80)
    context = client_context(CLIENT, version=version)
    session = await _session(wire, "a.example", context)
    again = await wire.connect_tls("a.example", context=context, session=session)
    assert again.tls.session_reused
    await served(wire, again)
    ders = {each.certificate.der for each in wire.gateway.client_connections if each.certificate}
    assert ders == {ssl.PEM_cert_to_DER_cert(CLIENT.pem)}


@scenario(listener={"tls": {**A.settings, "unknown_sni": "refuse", "clients": [{"names": ["x.a.example"], **ASKS}]}})
async def test_names_of_no_certificate_stay_refused(wire: Wire) -> None:
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        await wire.connect_tls("x.a.example", context=client_context(CLIENT))


@scenario(listener={"tls": {**A.settings, "clients": [{"names": ["*.b.example"], **ASKS}]}})
async def test_a_star_stands_for_one_label(wire: Wire) -> None:
    known = await wire.connect_tls("x.b.example", context=client_context(CLIENT))
    await served(wire, known, "x.b.example")
    assert await refused(known, "y.b.example") == (421, "misdirected-request")
    await served(wire, await wire.connect_tls("x.y.b.example", context=client_context()), "x.y.b.example")


@scenario(listener=_TLS)
async def test_a_reload_may_make_a_host_ask(wire: Wire) -> None:
    client = await wire.connect_tls("open.example", context=client_context())
    await served(wire, client, "open.example")
    asking = {**_SECRET, "names": ["secret.example", "open.example"]}
    wire.gateway.change_listener({"tls": {**A.settings, "clients": [asking]}})
    assert await refused(client, "open.example") == (421, "certificate-recheck")


@scenario(listener={"tls": {**A.settings, "clients": [_SECRET, {**ASKS, "names": ["open.example"]}]}})
async def test_what_was_proved_is_forgotten_when_a_host_asks_no_longer(wire: Wire) -> None:
    """No authority of today stands behind the certificate; another host's clients are still asked for theirs."""
    client = await wire.connect_tls("open.example", context=client_context(CLIENT))
    await served(wire, client, "open.example")
    wire.gateway.change_listener(_TLS)
    assert await refused(client, "open.example") == (421, "certificate-recheck")
    await served(wire, await wire.connect_tls("open.example", context=client_context(CLIENT)), "open.example")


def _hello(name: bytes) -> bytes:
    """What a client sends first that asks for a name of these bytes."""
    sent = ssl.MemoryBIO()
    client = client_context().wrap_bio(ssl.MemoryBIO(), sent, server_hostname="n" * len(name))
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read().replace(b"n" * len(name), name)


@pytest.mark.parametrize("name", [b"\xe9.example", b"secret\0.example", b"\xff" * 60])
@scenario(listener={"tls": {**A.settings, "unknown_sni": "refuse"}})
async def test_a_name_that_is_none_is_refused_without_a_word_in_the_log(wire: Wire, name: bytes) -> None:
    """Python would print a traceback for each name that is not ASCII."""
    unraisable: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "unraisablehook", unraisable.append)
        client = await wire.connect_plain()
        client.send(_hello(name))
        assert await client.rest() == b"\x15\x03\x03\0\x02\x02\x70"
    assert unraisable == []
    assert wire.gateway.plane.metrics_snapshot()["counters"]["handshake_failures"] == {"unknown-name": 1}
