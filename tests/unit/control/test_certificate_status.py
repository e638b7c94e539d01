"""What is fetched for a client's certificate, from responders and servers that are good, bad, slow or huge."""

import asyncio
import time
from base64 import b64encode
from collections.abc import Callable
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


def ask(handler: Handler, issued: Issued = _CLIENT, times: int = 1, **settings: Any) -> tuple[str, list[str]]:
    """(the last status, the addresses that were asked)."""
    asked: list[str] = []

    def counted(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url}")
        return handler(request)

    async def run() -> str:
        status = CertificateStatus(httpx.AsyncClient(transport=httpx.MockTransport(counted)))
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

        status = CertificateStatus(httpx.AsyncClient(transport=httpx.MockTransport(slow)))
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
