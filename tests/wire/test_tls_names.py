"""Which certificate a client gets, which it must show, and for which host."""

import ssl
import tempfile
from pathlib import Path

import pytest

from certificate_authority import Authority, Issued, authority
from wire.samples import GET, OK
from wire.scenario import Wire, scenario

_A = authority().issue("a.example")
_B = authority().issue("b.example", "*.b.example")
_BOTH = [_A.settings, _B.settings]
_CLIENT = authority().issue("client-1", is_client=True)
_ASKS = {"client_ca": authority().pem, "client_auth": "required"}


def get_from(host: str) -> bytes:
    return f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def client_context(
    *, issued: Issued | None = None, protocols: tuple[str, ...] = (), version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> ssl.SSLContext:
    """A client that trusts the authority, whatever the name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority().pem)
    context.check_hostname = False
    context.maximum_version = version
    if protocols:
        context.set_alpn_protocols(list(protocols))
    if issued is not None:
        _load(context, issued)
    return context


def _load(context: ssl.SSLContext, issued: Issued) -> None:
    with tempfile.TemporaryDirectory() as folder:
        issued.save(Path(folder), "client")
        context.load_cert_chain(f"{folder}/client.pem", f"{folder}/client.key")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.example", _A),
        ("A.Example", _A),
        ("b.example", _B),
        ("x.b.example", _B),
        ("x.y.b.example", _A),
        ("other.example", _A),
        ("example", _A),
        (None, _A),
    ],
)
@scenario(listener={"tls": {"certificates": _BOTH}})
async def test_the_name_picks_the_certificate(wire: Wire, name: str | None, expected: Issued) -> None:
    client = await wire.connect_tls(name, context=client_context())
    assert client.tls.getpeercert(True) == ssl.PEM_cert_to_DER_cert(expected.pem)


@pytest.mark.parametrize("name", ["other.example", "x.y.b.example", None])
@scenario(listener={"tls": {"certificates": _BOTH, "unknown_sni": "refuse"}})
async def test_unknown_names_are_refused_on_request(wire: Wire, name: str | None) -> None:
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        await wire.connect_tls(name, context=client_context())
    assert wire.gateway.plane.metrics_snapshot()["counters"]["handshake_failures"] == {"unknown-name": 1}
    await wire.connect_tls("x.b.example", context=client_context())


@scenario(listener={"tls": {**_A.settings, "unknown_sni": "refuse"}})
async def test_one_certificate_may_refuse_other_names_too(wire: Wire) -> None:
    await wire.connect_tls("a.example")
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        await wire.connect_tls("b.example", context=client_context())


@pytest.mark.parametrize("offered", [(), ("http/1.1",), ("h2", "http/1.1"), ("x", "http/1.1")])
@scenario(listener={"tls": _A.settings})
async def test_http_1_1_is_agreed_upon(wire: Wire, offered: tuple[str, ...]) -> None:
    client = await wire.connect_tls(context=client_context(protocols=offered))
    assert client.tls.selected_alpn_protocol() == ("http/1.1" if offered else None)


@pytest.mark.parametrize("offered", ["h2", "http/1.0", "ttp/1.1", "http/1.11"])
@scenario(listener={"tls": {"certificates": _BOTH}})
async def test_other_protocols_are_refused(wire: Wire, offered: str) -> None:
    for name in ("a.example", "b.example"):
        with pytest.raises(ssl.SSLError, match="no application protocol"):
            await wire.connect_tls(name, context=client_context(protocols=(offered,)))
    counted = wire.gateway.plane.metrics_snapshot()["counters"]["handshake_failures"]
    assert counted == {"application-protocol": 2}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@scenario(listener={"tls": {**_A.settings, **_ASKS}})
async def test_a_client_proves_who_it_is(wire: Wire, version: ssl.TLSVersion) -> None:
    client = await wire.connect_tls(context=client_context(issued=_CLIENT, version=version))
    client.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    assert (await client.message()).body == b"ok"
    (connection,) = wire.gateway.client_connections
    assert connection.certificate is not None
    assert connection.certificate.der == ssl.PEM_cert_to_DER_cert(_CLIENT.pem)


@scenario(listener={"tls": {**_A.settings, **_ASKS}})
async def test_a_client_without_certificate_is_refused(wire: Wire) -> None:
    client = await wire.connect_tls(context=client_context())
    client.send(GET)
    with pytest.raises(ssl.SSLError, match="CERTIFICATE_REQUIRED"):
        await client.rest()
    assert wire.gateway.plane.metrics_snapshot()["counters"]["handshake_failures"] == {"no-certificate": 1}
    assert wire.backend.accepted == 0


@pytest.mark.parametrize("auth", ["optional", "required"])
@pytest.mark.parametrize(
    "issued",
    [
        pytest.param(Authority("another").issue("client-1", is_client=True), id="of another authority"),
        pytest.param(authority().issue("a.example"), id="of a server"),
    ],
)
def test_a_bad_certificate_is_refused_even_if_none_is_needed(auth: str, issued: Issued) -> None:
    @scenario(listener={"tls": {**_A.settings, **_ASKS, "client_auth": auth}})
    async def script(wire: Wire) -> None:
        client = await wire.connect_tls(context=client_context(issued=issued))
        client.send(GET)
        with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
            await client.rest()
        assert wire.gateway.plane.metrics_snapshot()["counters"]["handshake_failures"] == {"certificate": 1}

    script()


@scenario(listener={"tls": {**_A.settings, **_ASKS, "client_auth": "optional"}})
async def test_optional_certificates_are_optional(wire: Wire) -> None:
    client = await wire.connect_tls(context=client_context())
    client.send(GET)
    await (await wire.backend.accept()).message()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@scenario(listener={"tls": _A.settings})
async def test_a_session_without_certificate_opens_no_listener_that_wants_one(
    wire: Wire, version: ssl.TLSVersion
) -> None:
    """As in CVE-2025-23419: a resumed session is not asked for a certificate again."""
    wire.gateway.plane.use_ticket_key(b"k" * 80)
    context = client_context(version=version)
    first = await wire.connect_tls(context=context)
    first.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    await first.message()
    second = await wire.connect_tls(context=context, session=first.tls.session)
    assert second.tls.session_reused
    wire.gateway.change_listener({"tls": {**_A.settings, **_ASKS}})

    async def once_more() -> None:
        await (await wire.connect_tls(context=context, session=first.tls.session)).rest()

    with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
        await once_more()


_TWO_THAT_ASK = {"tls": {"certificates": _BOTH, **_ASKS}}


@pytest.mark.parametrize(
    ("name", "host", "status"),
    [
        ("a.example", "a.example", 200),
        ("x.b.example", "x.b.example:8443", 200),
        ("X.b.Example", "x.B.example.", 200),
        ("b.example", "x.b.example", 421),
        ("a.example", "b.example", 421),
        ("b.example", "a.example", 421),
        ("x.b.example", "x.y.b.example", 421),
        (None, "b.example", 421),
        (None, "other.example", 200),
    ],
)
@scenario(listener=_TWO_THAT_ASK)
async def test_a_connection_is_for_the_host_that_it_was_made_for(
    wire: Wire, name: str | None, host: str, status: int
) -> None:
    client = await wire.connect_tls(name, context=client_context(issued=_CLIENT))
    client.send(get_from(host))
    if status == 200:
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(OK)
        assert (await client.message()).status == 200
    else:
        answer = await client.message()
        assert (answer.status, answer.code) == (421, "misdirected-request")
        assert await client.rest() == b""
        assert wire.backend.accepted == 0


@scenario(listener={"tls": {"certificates": _BOTH}})
async def test_without_client_certificates_connections_may_be_shared(wire: Wire) -> None:
    client = await wire.connect_tls("a.example")
    client.send(get_from("b.example"))
    await (await wire.backend.accept()).message()


@scenario(listener={"tls": {**_A.settings, **_ASKS, "client_auth": "optional"}})
async def test_a_connection_without_certificate_does_not_outlive_the_reload_that_asks_for_one(wire: Wire) -> None:
    kept = await wire.connect_tls(context=client_context())
    kept.send(get_from("a.example"))
    backend = await wire.backend.accept()
    await backend.message()
    wire.gateway.change_listener({"tls": {**_A.settings, **_ASKS}})
    backend.send(OK)
    assert (await kept.message()).status == 200
    kept.send(get_from("a.example"))
    answer = await kept.message()
    assert (answer.status, answer.code, answer.closes) == (421, "certificate-recheck", True)
    assert await kept.is_gone()


@scenario(listener={"tls": _A.settings})
async def test_a_connection_that_was_asked_nothing_serves_one_more_request(wire: Wire) -> None:
    kept, idle = await wire.connect_tls(context=client_context()), await wire.connect_tls(context=client_context())
    wire.gateway.change_listener({"tls": {**_A.settings, **_ASKS, "client_auth": "optional"}})
    wire.gateway.advance(0)
    kept.send(get_from("a.example"))
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    assert (await kept.message()).closes
    wire.gateway.advance(2)
    assert await idle.is_gone()


@scenario(listener={"tls": {**_A.settings, **_ASKS, "client_auth": "optional"}})
async def test_a_renewed_certificate_ends_no_connection(wire: Wire) -> None:
    client = await wire.connect_tls(context=client_context())
    renewed = authority().issue("a.example")
    wire.gateway.change_listener({"tls": {**renewed.settings, **_ASKS, "client_auth": "optional"}})
    for _ in range(2):
        wire.gateway.advance(2)
        client.send(get_from("a.example"))
        backend = await wire.backend.only()
        await backend.message()
        backend.send(OK)
        assert not (await client.message()).closes
