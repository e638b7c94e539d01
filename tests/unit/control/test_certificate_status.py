"""What is fetched for a client's certificate, from responders and servers that are good, bad, slow or huge."""

import asyncio
import gc
import time
import tracemalloc
from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from certificate_authority import Authority, Issued
from hotgate.control.certificate_status import CertificateStatus

Handler = Callable[[httpx.Request], httpx.Response]

_CA = Authority("authority of clients")


def _uri(text: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(text)


_ACCESS = x509.AuthorityInformationAccess(
    [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, _uri("http://ocsp.test/"))]
)
_POINTS = x509.CRLDistributionPoints(
    [
        x509.DistributionPoint([_uri("ldap://crl.test/a")], None, None, None),
        x509.DistributionPoint([_uri("http://crl.test/a.crl")], None, None, None),
    ]
)
_CLIENT = _CA.issue_client("a", extensions=[_ACCESS, _POINTS])


def reply(content: bytes = b"", status: int = 200, **fields: str) -> httpx.Response:
    """An answer whose body is yet to be read."""
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(content))


def ask(
    handler: Handler,
    issued: Issued = _CLIENT,
    times: int = 1,
    addresses: Sequence[str] = ("192.0.2.1",),
    **settings: Any,
) -> tuple[str, list[str]]:
    """(the last status, the addresses that were asked). addresses: where every name leads."""
    asked: list[str] = []

    def counted(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.copy_with(host=request.headers['host'])}")
        return handler(request)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    async def run() -> str:
        client = httpx.AsyncClient(transport=httpx.MockTransport(counted))
        status = CertificateStatus(client, resolve=resolve)
        body = {
            "certificate": b64encode(issued.certificate.public_bytes(Encoding.DER)).decode(),
            "issuer": b64encode(_CA.certificate.public_bytes(Encoding.DER)).decode(),
            "ocsp": True,
            "responder": "",
            "lists": False,
            **settings,
        }
        answers = [await status.answer(body) for _ in range(times)]
        together = await asyncio.gather(*(status.answer(body) for _ in range(times)))
        await status.stop()
        assert all(answer["until"] <= time.time() + 3600 for answer in [*answers, *together])
        return str(answers[-1]["status"])

    return asyncio.run(run()), asked


def responder(request: httpx.Request) -> httpx.Response:
    found = ocsp.load_der_ocsp_request(request.content).extensions.get_extension_for_class(x509.OCSPNonce)
    return reply(_CA.ocsp(_CLIENT, nonce=found.value.nonce))


def test_what_is_kept_takes_no_room_for_the_certificate() -> None:
    """They may be 64 KiB long, and 10,000 answers are kept."""

    async def run() -> int:
        client = httpx.AsyncClient(transport=httpx.MockTransport(lambda request: reply(status=500)))
        status = CertificateStatus(client)
        large = _CA.issue_client(
            "a", extensions=[x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"x" * 60_000)]
        )
        certificate, issuer = (each.certificate.public_bytes(Encoding.DER) for each in (large, _CA))
        body = {"certificate": b64encode(certificate), "issuer": b64encode(issuer)}
        before, _ = tracemalloc.get_traced_memory()
        await status.answer({**body, "ocsp": False, "responder": "", "lists": False})
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
        await status.stop()
        return after - before

    asyncio.run(run())
    tracemalloc.start()
    taken = asyncio.run(run())
    tracemalloc.stop()
    assert taken < 30_000


def test_the_responder_that_the_certificate_names_is_asked_once() -> None:
    assert ask(responder, times=3) == ("good", ["POST http://ocsp.test/"])


def test_another_responder_may_be_configured() -> None:
    assert ask(responder, responder="http://mine.test/x") == ("good", ["POST http://mine.test/x"])


def test_a_replayed_answer_is_not_believed() -> None:
    old = _CA.ocsp(_CLIENT, nonce=b"o" * 32)
    assert ask(lambda _: reply(old))[0] == "unknown"


@pytest.mark.parametrize(
    "answer",
    [
        reply(status=302, location="http://169.254.169.254/"),
        reply(status=500),
        reply(b""),
        reply(bytes(200_000)),
        reply(content_encoding="gzip"),
    ],
)
def test_a_bad_responder_is_not_asked_again_at_once(answer: httpx.Response) -> None:
    status, asked = ask(lambda _: answer, times=3)
    assert status == "unknown"
    assert asked == ["POST http://ocsp.test/"]


def test_a_responder_that_cannot_be_reached() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no")

    assert ask(broken)[0] == "unknown"


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["169.254.169.254"],
        ["::ffff:169.254.169.254"],
        ["fe80::1%eth0"],
        ["0.0.0.0"],
        ["192.0.2.1", "127.0.0.1"],
        [],
    ],
)
def test_no_certificate_sends_the_gateway_into_its_own_machine(addresses: Sequence[str]) -> None:
    assert ask(responder, addresses=addresses, lists=True) == ("unknown", [])


def test_an_operator_may_say_that_the_responder_is_here() -> None:
    found = ask(responder, addresses=["127.0.0.1"], responder="http://127.0.0.1/ocsp")
    assert found == ("good", ["POST http://127.0.0.1/ocsp"])


def test_the_address_that_was_looked_at_is_asked_and_the_next_if_it_is_not_there() -> None:
    hosts: list[str] = []

    def second_only(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        assert request.extensions["sni_hostname"] == "ocsp.test"
        if request.url.host != "10.0.0.1":
            raise httpx.ConnectError("no")
        return responder(request)

    assert ask(second_only, addresses=["2001:db8::1", "10.0.0.1", "10.0.0.2"])[0] == "good"
    assert hosts == ["2001:db8::1", "10.0.0.1"]


def test_a_published_list_is_fetched() -> None:
    def server(_: httpx.Request) -> httpx.Response:
        return reply(_CA.crl(_CLIENT))

    assert ask(server, ocsp=False, lists=True, times=2) == ("revoked", ["GET http://crl.test/a.crl"])


def test_the_list_is_asked_when_the_responder_fails() -> None:
    def server(request: httpx.Request) -> httpx.Response:
        return reply(_CA.crl()) if request.method == "GET" else reply(status=500)

    assert ask(server, lists=True) == ("good", ["POST http://ocsp.test/", "GET http://crl.test/a.crl"])


@pytest.mark.parametrize("content", [Authority("authority of clients").crl(), b"nonsense", bytes(2_000_000)])
def test_a_list_of_somebody_else_says_nothing(content: bytes) -> None:
    assert ask(lambda _: reply(content), ocsp=False, lists=True)[0] == "unknown"


def test_a_certificate_that_names_nobody_is_unknown_without_a_question() -> None:
    assert ask(responder, _CA.issue_client("b")) == ("unknown", [])


def test_whoever_stops_waiting_does_not_end_it_for_the_others() -> None:
    async def run() -> None:
        may_answer = asyncio.Event()

        async def slow(request: httpx.Request) -> httpx.Response:
            await may_answer.wait()
            return responder(request)

        async def resolve(host: str, port: int) -> Sequence[str]:
            return ["192.0.2.1"]

        status = CertificateStatus(httpx.AsyncClient(transport=httpx.MockTransport(slow)), resolve=resolve)
        body = {
            "certificate": b64encode(_CLIENT.certificate.public_bytes(Encoding.DER)).decode(),
            "issuer": b64encode(_CA.certificate.public_bytes(Encoding.DER)).decode(),
            "ocsp": True,
            "responder": "",
            "lists": False,
        }
        first = asyncio.create_task(status.answer(body))
        second = asyncio.create_task(status.answer(body))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        may_answer.set()
        assert (await second)["status"] == "good"
        await status.stop()

    asyncio.run(run())
