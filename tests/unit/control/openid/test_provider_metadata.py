"""Where a provider answers: what is believed of its metadata, and for how long."""

import asyncio
from typing import Any

import httpx
import pytest

from certificate_authority import authority
from hotgate.control.kept_reading import INTERVAL, RETRY
from unit.control.openid.fake_provider import FakeProvider, LoggingIn, logging_in, says

METADATA = "/.well-known/openid-configuration"


def goes_on(gateway: LoggingIn) -> None:
    """Let what happens in the background happen."""
    for _ in range(10):
        gateway.run(asyncio.sleep(0))


def test_it_is_read_before_the_first_login_and_then_once_an_hour(gateway: LoggingIn) -> None:
    goes_on(gateway)
    assert len(gateway.provider.requests(METADATA)) == 1

    gateway.begin()
    gateway.pass_time(INTERVAL - 1)
    gateway.begin()
    assert len(gateway.provider.requests(METADATA)) == 1

    gateway.pass_time(1)
    gateway.begin()
    goes_on(gateway)
    assert len(gateway.provider.requests(METADATA)) == 2


def test_what_it_said_counts_while_it_cannot_be_read(gateway: LoggingIn) -> None:
    gateway.begin()
    gateway.provider.replies[METADATA] = lambda _: httpx.Response(503)
    gateway.pass_time(INTERVAL)
    gateway.begin()
    goes_on(gateway)

    assert len(gateway.provider.requests(METADATA)) == 2
    assert "location" in gateway.begin()


def test_a_provider_that_is_down_from_the_start_is_not_asked_for_every_login() -> None:
    provider = FakeProvider()
    provider.replies[METADATA] = lambda _: httpx.Response(503)
    with logging_in(provider) as gateway:
        answers = [gateway.begin()["error"] for _ in range(5)]

        assert answers == ["provider-unavailable"] * 5
        assert len(provider.requests(METADATA)) == 1

        del provider.replies[METADATA]
        gateway.pass_time(RETRY)
        assert "location" in gateway.begin()


def test_logins_that_wait_for_it_wait_together(gateway: LoggingIn) -> None:
    body = {"redirect_uri": "r", "state": "s", "nonce": "n", "challenge": "c"}

    async def together() -> list[dict[str, Any]]:
        return list(await asyncio.gather(*(gateway.party.begin(body) for _ in range(3))))

    assert all("location" in each for each in gateway.run(together()))
    assert len(gateway.provider.requests(METADATA)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "https://evil.test"},
        {"issuer": "https://idp.test/"},
        {"authorization_endpoint": "http://idp.test/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": None},
        {"token_endpoint": "http://idp.test/token"},
        {"pushed_authorization_request_endpoint": "http://idp.test/par"},
    ],
)
def test_metadata_that_is_wrong_is_none(wrong: dict[str, Any]) -> None:
    provider = FakeProvider()
    provider.metadata.update(wrong)
    with logging_in(provider) as gateway:
        assert gateway.begin()["error"] == "provider-unavailable"


def test_metadata_cannot_send_the_gateway_inside() -> None:
    provider = FakeProvider()
    provider.metadata["token_endpoint"] = "https://inside.test/token"
    with logging_in(provider) as gateway:
        gateway.addresses = {"inside.test": ["10.0.0.7"]}
        code = provider.authorize(gateway.begin()["location"])

        assert gateway.complete(code)["error"] == "provider-unavailable"
        assert provider.requests("/token") == []


def test_a_client_with_a_certificate_calls_where_certificates_are_asked_for() -> None:
    provider = FakeProvider()
    provider.metadata["mtls_endpoint_aliases"] = {"token_endpoint": "https://mtls.idp.test/token"}
    mutual = authority().issue_client("gateway")
    client = {"id": "gateway", "certificate": mutual.pem, "certificate_key": mutual.key_pem}
    with logging_in(provider, client=client) as gateway:
        endpoints = gateway.run(gateway.party.provider.metadata.endpoints())
        assert endpoints.token.url == "https://mtls.idp.test/token"


def test_a_provider_without_metadata_can_be_described() -> None:
    provider = FakeProvider()
    provider.replies[METADATA] = lambda _: httpx.Response(404)
    endpoints = {"authorization": "https://idp.test/authorize", "token": "https://idp.test/token"}
    with logging_in(provider, endpoints=endpoints, jwks_url="https://idp.test/jwks") as gateway:
        assert gateway.log_in()["subject"] == "alice"
        assert provider.requests(METADATA) == []


def test_what_the_operator_names_counts_more_than_metadata() -> None:
    provider = FakeProvider()
    provider.metadata["end_session_endpoint"] = "https://elsewhere.test/"
    with logging_in(provider, endpoints={"end_session": "https://idp.test/bye", "names_itself": False}) as gateway:
        code = provider.authorize(gateway.begin()["location"])

        assert "session" in gateway.complete(code, iss=None)
        assert gateway.run(gateway.party.logout_url({}))["location"].startswith("https://idp.test/bye?")


def test_an_answer_that_is_no_metadata_is_none() -> None:
    provider = FakeProvider()
    provider.replies[METADATA] = says([provider.metadata])
    with logging_in(provider) as gateway:
        assert gateway.begin()["error"] == "provider-unavailable"
