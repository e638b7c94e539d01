"""Who a client is, by its certificate: principals, what backends are told, and tokens that are bound to it."""

import hashlib
import time
from base64 import b64encode, urlsafe_b64encode
from typing import Any
from urllib.parse import unquote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID

from certificate_authority import Authority, Issued
from hotgate.identity.verification_keys.key_sets import key_set_name
from hotgate.testing.issuer import Issuer
from wire.client_certificates import ASKS, CLIENTS, A, client_context, get_from, refused, served
from wire.samples import OK
from wire.scenario import Wire, scenario

_SPIFFE = "spiffe://corp/ns/prod/sa/orders"
_RULES = [
    {
        "match": {"san_uri": "spiffe://corp/ns/*/sa/*"},
        "consumer": "{2}@{1}",
        "scopes": ["orders:read"],
        "roles": ["svc"],
    },
    {"match": {"common_name": "legacy", "issuer": "CN=authority of clients"}, "consumer": "old system"},
]
_LISTENER = {"tls": {**A.settings, **ASKS, "client_auth": "optional"}}


def uri(text: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(text)


SERVICE = CLIENTS.issue_client("orders", alternatives=[uri(_SPIFFE)])
STRANGER = CLIENTS.issue_client("stranger")


def der(issued: Issued) -> bytes:
    return issued.certificate.public_bytes(Encoding.DER)


def with_mtls(route: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """Keys of a scenario: one route behind one entry."""
    return {
        "listener": _LISTENER,
        "route": {"public": False, "authenticate": ["devices"], **(route or {})},
        "settings": {"identity": {"devices": {"mtls": settings}}},
    }


@scenario(**with_mtls(rules=_RULES))
async def test_a_certificate_becomes_a_principal(wire: Wire) -> None:
    client = await wire.connect_tls(context=client_context(SERVICE))
    received = await served(wire, client)
    assert received.get_all(b"x-auth-subject") == [b"orders@prod"]
    assert received.get_all(b"x-auth-provider") == [b"devices"]
    assert received.get_all(b"x-auth-scopes") == [b"orders:read"]
    assert received.get_all(b"x-auth-roles") == [b"svc"]


@scenario(**with_mtls(rules=_RULES))
async def test_a_certificate_that_no_rule_knows_is_refused(wire: Wire) -> None:
    client = await wire.connect_tls(context=client_context(STRANGER))
    client.send(get_from("a.example"))
    answer = await client.message()
    assert (answer.status, answer.code) == (401, "certificate-unknown")
    assert wire.last_record["log_detail"].endswith(hashlib.sha256(der(STRANGER)).hexdigest())
    assert answer.get_all(b"www-authenticate") == [b'ClientCertificate realm="devices"']


@scenario(**with_mtls(rules=_RULES))
async def test_without_certificate_a_credential_is_missing(wire: Wire) -> None:
    client = await wire.connect_tls(context=client_context())
    assert await refused(client) == (401, "token-missing")


@scenario(**with_mtls(subject="fingerprint"))
async def test_without_rules_a_name_of_the_certificate_is_the_caller(wire: Wire) -> None:
    client = await wire.connect_tls(context=client_context(STRANGER))
    received = await served(wire, client)
    assert received.get_all(b"x-auth-subject") == [hashlib.sha256(der(STRANGER)).hexdigest().encode()]


_OTHERS = Authority("another authority of clients")
_TWO_CAS = {"tls": {**A.settings, "client_auth": "required", "client_ca": [CLIENTS.pem, _OTHERS.pem]}}


@scenario(**{**with_mtls(rules=_RULES), "listener": _TWO_CAS})
async def test_the_same_name_of_another_authority_is_somebody_else(wire: Wire) -> None:
    right = await wire.connect_tls(context=client_context(CLIENTS.issue_client("legacy")))
    await served(wire, right)
    wrong = await wire.connect_tls(context=client_context(_OTHERS.issue_client("legacy")))
    assert await refused(wrong) == (401, "certificate-unknown")


@pytest.mark.parametrize(
    "issued",
    [
        pytest.param(CLIENTS.issue_client("legacy", "legacy"), id="two common names"),
        pytest.param(CLIENTS.issue_client("x", alternatives=[uri(_SPIFFE), uri("spiffe://corp/ns/a/sa/b")]), id="two"),
        pytest.param(CLIENTS.issue_client("x", alternatives=[uri("spiffe://corp/ns/a/b/sa/c")]), id="slash"),
        pytest.param(CLIENTS.issue_client("x", alternatives=[uri("spiffe://corp/ns//sa/c")]), id="nothing"),
        pytest.param(CLIENTS.issue_client("x", alternatives=[uri("spiffe://corp.evil/ns/a/sa/c")]), id="other domain"),
        pytest.param(CLIENTS.issue_client("x", alternatives=[uri("xspiffe://corp/ns/a/sa/c")]), id="prefix"),
        pytest.param(CLIENTS.issue_client("x", alternatives=[uri("spiffe://corp/ns/a/sa/c?d")]), id="query"),
        pytest.param(CLIENTS.issue_client("LEGACY"), id="case"),
        pytest.param(CLIENTS.issue_client("legacy "), id="space"),
    ],
)
def test_names_that_only_look_right(issued: Issued) -> None:
    @scenario(**with_mtls(rules=_RULES))
    async def script(wire: Wire) -> None:
        client = await wire.connect_tls(context=client_context(issued))
        assert await refused(client) == (401, "certificate-unknown")
        assert wire.backend.accepted == 0

    script()


def _san(kind: int, text: str) -> x509.UnrecognizedExtension:
    """A single alternative name with whatever content; kind: the tag of RFC 5280 §4.2.1.6."""
    name = bytes([kind, len(text.encode())]) + text.encode()
    return x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"\x30" + bytes([len(name)]) + name)


@pytest.mark.parametrize(
    "issued",
    [
        pytest.param(CLIENTS.issue_client("legacy\0.evil.example"), id="NUL in the common name"),
        pytest.param(CLIENTS.issue_client("x", alternatives=[uri("spiffe://corp/ns/a/sa/b\0c")]), id="NUL in a URI"),
        pytest.param(CLIENTS.issue_client("legacy\r\nx-auth-subject: admin"), id="a line end"),
        pytest.param(CLIENTS.issue_client("\u202eycagel"), id="written from right to left"),
        pytest.param(CLIENTS.issue_client("leg\u200bacy"), id="a space that cannot be seen"),
        pytest.param(CLIENTS.issue_client("x", extensions=[_san(0x82, "\u212aiosk.example")]), id="Kelvin for k"),
        pytest.param(CLIENTS.issue_client("x", extensions=[_san(0x82, "")]), id="an empty host"),
        pytest.param(CLIENTS.issue_client("x", extensions=[_san(0x86, " spiffe://corp/ns/a/sa/b")]), id="a space"),
        pytest.param(CLIENTS.issue_client("x", extensions=[_san(0xA3, "0\0")]), id="a kind of name nobody knows"),
        pytest.param(
            CLIENTS.issue_client("legacy", alternatives=[x509.DNSName(f"h{n}.example") for n in range(1500)]),
            id="a thousand names",
        ),
    ],
)
def test_names_that_are_not_read(issued: Issued) -> None:
    @scenario(**with_mtls(rules=_RULES))
    async def script(wire: Wire) -> None:
        client = await wire.connect_tls(context=client_context(issued))
        assert await refused(client) == (401, "certificate-malformed")
        assert wire.backend.accepted == 0

    script()


_XFCC: dict[str, Any] = {"route": {"client_certificate_header": "xfcc"}, "listener": _LISTENER}


@scenario(**_XFCC)
async def test_the_backend_is_told_of_the_certificate(wire: Wire) -> None:
    client = await wire.connect_tls(context=client_context(SERVICE))
    received = await served(wire, client, "a.example", "X-Forwarded-Client-Cert: Hash=00;URI=spiffe://corp/admin")
    (value,) = received.get_all(b"x-forwarded-client-cert")
    parts = dict(part.split("=", 1) for part in value.decode().split(";"))
    assert parts["Hash"] == hashlib.sha256(der(SERVICE)).hexdigest()
    assert parts["Subject"] == '"CN=orders"'
    assert parts["URI"] == _SPIFFE
    assert unquote(parts["Cert"]).strip('"') == SERVICE.pem


@scenario(**_XFCC)
async def test_nothing_is_told_that_a_client_says_itself(wire: Wire) -> None:
    client = await wire.connect_tls(context=client_context())
    received = await served(
        wire, client, "a.example", "X-Forwarded-Client-Cert: Hash=00", "X_Forwarded_Client_Cert: a", "Client-Cert: :AA:"
    )
    assert b"client" not in b" ".join(name for name, _ in received.fields)


@scenario(**{**_XFCC, "route": {"client_certificate_header": "rfc9440"}})
async def test_the_backend_is_told_in_the_form_of_the_rfc(wire: Wire) -> None:
    client = await wire.connect_tls(context=client_context(SERVICE))
    received = await served(wire, client, "a.example", "Client-Cert: :AAAA:")
    assert received.get_all(b"client-cert") == [b":" + b64encode(der(SERVICE)) + b":"]


_INJECTION = 'a";URI=spiffe://corp/admin,Hash=00;Subject="CN=b\\'


@scenario(**_XFCC)
async def test_no_name_can_say_more_than_a_name(wire: Wire) -> None:
    evil = CLIENTS.issue_client(_INJECTION, alternatives=[uri("x:a;DNS=b,URI=c")])
    client = await wire.connect_tls(context=client_context(evil))
    (value,) = (await served(wire, client)).get_all(b"x-forwarded-client-cert")
    parts = value.decode().split(";")
    assert [part.partition("=")[0] for part in parts] == ["Hash", "Subject", "URI", "Cert"]
    assert "," not in value.decode()
    assert "\\" not in value.decode()
    assert value.count(b'"') == 4


def _from_proxy(trusted: str = "127.0.0.1/32", **settings: Any) -> dict[str, Any]:
    return {
        **with_mtls(**{"from": "xfcc", **(settings or {"rules": _RULES})}),
        "listener": {"trusted_proxies": [trusted]},
    }


def _cert(issued: Issued) -> str:
    return "".join(f"%{byte:02X}" for byte in issued.pem.encode())


def _plain(*fields: str) -> bytes:
    return get_from("a.example", *(f"X-Forwarded-Client-Cert: {field}" for field in fields))


@scenario(**_from_proxy())
async def test_a_trusted_proxy_says_who_its_client_is(wire: Wire) -> None:
    client = await wire.connect_plain()
    for _ in range(2):
        client.send(_plain(f'By=spiffe://edge;Hash={hashlib.sha256(der(SERVICE)).hexdigest()};Cert="{_cert(SERVICE)}"'))
        backend = await wire.backend.only()
        received = await backend.message()
        backend.send(OK)
        assert (await client.message()).status == 200
        assert received.get_all(b"x-auth-subject") == [b"orders@prod"]
        assert received.get_all(b"x-forwarded-client-cert") == []


@scenario(**_from_proxy("192.0.2.0/24"))
async def test_anybody_else_says_it_in_vain(wire: Wire) -> None:
    client = await wire.connect_plain()
    client.send(_plain(f'Cert="{_cert(SERVICE)}"'))
    assert (await client.message()).code == "token-missing"


@pytest.mark.parametrize(
    "fields",
    [
        (f'Cert="{_cert(SERVICE)}",Cert="{_cert(SERVICE)}"',),
        (f'Cert="{_cert(SERVICE)}"', f'Cert="{_cert(SERVICE)}"'),
        (f'Hash={"0" * 64};Cert="{_cert(SERVICE)}"',),
        (f'Cert="{_cert(SERVICE)}";Cert="{_cert(STRANGER)}"',),
        ("URI=spiffe://corp/ns/a/sa/b",),
        ("Hash=0",),
        ('Cert="%%%"',),
        ('Cert="',),
        ("nonsense",),
    ],
)
def test_what_a_proxy_says_unclearly_is_refused(fields: tuple[str, ...]) -> None:
    @scenario(**_from_proxy())
    async def script(wire: Wire) -> None:
        client = await wire.connect_plain()
        client.send(_plain(*fields))
        assert (await client.message()).code == "certificate-malformed"

    script()


@scenario(**_from_proxy(subject="fingerprint"))
async def test_a_hash_alone_names_a_caller_by_fingerprint(wire: Wire) -> None:
    received, _ = await wire.exchange(_plain("Hash=" + "AB" * 32), OK)
    assert received.get_all(b"x-auth-subject") == [b"ab" * 32]


@scenario(**{**with_mtls(rules=_RULES), "listener": {"trusted_proxies": ["127.0.0.1/32"]}})
async def test_an_entry_about_connections_believes_no_proxy(wire: Wire) -> None:
    client = await wire.connect_plain()
    client.send(_plain(f'Cert="{_cert(SERVICE)}"'))
    assert (await client.message()).code == "token-missing"


_ISSUER = Issuer()
_MINE, _OTHER = CLIENTS.issue_client("mine"), CLIENTS.issue_client("other")


def with_bound_tokens(**settings: Any) -> dict[str, Any]:
    jwt = {"issuer": _ISSUER.name, "audience": "api", "jwks_file": "keys.json", **settings}
    return {
        "listener": _LISTENER,
        "route": {"public": False, "authenticate": ["corp"]},
        "settings": {"identity": {"corp": {"jwt": jwt}}},
    }


def thumbprint(issued: Issued) -> str:
    return urlsafe_b64encode(hashlib.sha256(der(issued)).digest()).rstrip(b"=").decode()


def bearer(wire: Wire, **claims: Any) -> str:
    """A field with a token that is good but for its binding."""
    wire.gateway.services["key_sets"].replace(key_set_name("corp", "keys.json"), _ISSUER.jwks())
    whole = {"iss": _ISSUER.name, "aud": "api", "sub": "alice", "exp": time.time() + 600, **claims}
    return f"Authorization: Bearer {_ISSUER.token(whole).decode()}"


@scenario(**with_bound_tokens())
async def test_a_bound_token_is_for_the_connections_of_its_certificate(wire: Wire) -> None:
    token = bearer(wire, cnf={"x5t#S256": thumbprint(_MINE)})
    mine = await wire.connect_tls(context=client_context(_MINE))
    for _ in range(2):
        await served(wire, mine, "a.example", token)
    for thief in (_OTHER, None):
        stolen = await wire.connect_tls(context=client_context(thief))
        assert await refused(stolen, "a.example", token) == (401, "token-binding-mismatch")
    await served(wire, mine, "a.example", token)


@scenario(**with_bound_tokens())
async def test_a_token_that_is_not_bound_is_for_everybody(wire: Wire) -> None:
    token = bearer(wire)
    await served(wire, await wire.connect_tls(context=client_context()), "a.example", token)
    await served(wire, await wire.connect_tls(context=client_context(_MINE)), "a.example", token)


@scenario(**with_bound_tokens(certificate_bound="required"))
async def test_an_entry_may_want_all_tokens_to_be_bound(wire: Wire) -> None:
    mine = await wire.connect_tls(context=client_context(_MINE))
    assert await refused(mine, "a.example", bearer(wire)) == (401, "token-binding-mismatch")
    await served(wire, mine, "a.example", bearer(wire, cnf={"x5t#S256": thumbprint(_MINE)}))


@pytest.mark.parametrize(
    "confirmation",
    [
        {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},
        {"x5t#S256": thumbprint(_MINE), "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},
        {"x5t#S256": ""},
        {"x5t#S256": [thumbprint(_MINE)]},
        {"x5t#S256": thumbprint(_MINE) + "="},
        {},
        [],
        None,
        "x5t#S256",
    ],
)
def test_a_binding_that_is_not_understood_is_refused(confirmation: Any) -> None:
    @scenario(**with_bound_tokens())
    async def script(wire: Wire) -> None:
        mine = await wire.connect_tls(context=client_context(_MINE))
        token = bearer(wire, cnf=confirmation)
        assert await refused(mine, "a.example", token) == (401, "token-binding-mismatch")
        assert wire.backend.accepted == 0

    script()
