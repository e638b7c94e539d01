"""Renewals: one at a time, never for somebody else, and nothing is lost when something goes wrong on the way."""

import asyncio
import copy
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from hotgate.control.openid.renewal_claims import CLAIM_SECONDS
from hotgate.control.openid.renewals import GRACE
from hotgate.store.errors import StoreUnavailable
from unit.control.openid.fake_provider import NOW, FakeProvider, LoggingIn, form_of, logging_in, refusal

UNAVAILABLE = {
    "error": "provider-unavailable",
    "detail": "The login service cannot be reached at the moment. Try again later.",
}


class SharedStore:
    """What two nodes share. claims: by token, when they end."""

    def __init__(self) -> None:
        self.claims: dict[tuple[str, str], float] = {}
        self.is_down = False

    async def claim(self, provider: str, jti: str, expires: float) -> bool:
        if self.is_down:
            raise StoreUnavailable("down")
        is_first = (provider, jti) not in self.claims
        self.claims.setdefault((provider, jti), expires)
        return is_first


def all_at_once(gateway: LoggingIn, sessions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    async def together() -> list[dict[str, Any]]:
        return list(await asyncio.gather(*(gateway.party.refresh({"session": each}) for each in sessions)))

    return gateway.run(together())


def asked(gateway: LoggingIn) -> int:
    """How many renewals the provider has seen."""
    return sum(form_of(each)["grant_type"] == "refresh_token" for each in gateway.provider.requests("/token"))


def test_a_session_gets_new_tokens(gateway: LoggingIn) -> None:
    old = {**gateway.log_in(), "id": "session-1", "created": NOW, "absolute_end": NOW + 100, "version": 3}
    gateway.pass_time(200)
    new = gateway.refresh(old)["session"]

    assert new["tokens"]["access"] != old["tokens"]["access"]
    assert new["tokens"]["refresh"] != old["tokens"]["refresh"]
    assert new["tokens"]["access_expires"] == NOW + 500
    assert {**new, "tokens": 0, "claims": 0} == {**old, "tokens": 0, "claims": 0}


def test_it_stays_the_login_that_it_was(gateway: LoggingIn) -> None:
    """`iat` above all: who ends the sessions that began before a moment means this one, renewed or not."""
    old = gateway.log_in()
    gateway.pass_time(200)

    assert gateway.refresh(old)["session"]["claims"] == old["claims"]


def test_requests_at_once_with_one_cookie_are_renewed_once(gateway: LoggingIn) -> None:
    session = gateway.log_in()
    answers = all_at_once(gateway, [copy.deepcopy(session) for _ in range(8)])

    assert asked(gateway) == 1
    assert all(answer == answers[0] and "session" in answer for answer in answers)


def test_who_comes_a_little_late_with_the_old_cookie_gets_the_same(gateway: LoggingIn) -> None:
    session = gateway.log_in()
    first = gateway.refresh(session)
    gateway.monotonic += GRACE

    assert gateway.refresh(session) == first
    assert asked(gateway) == 1


def test_who_comes_much_later_is_not_renewed(gateway: LoggingIn) -> None:
    session = gateway.log_in()
    gateway.refresh(session)
    gateway.monotonic += GRACE + 0.1

    assert gateway.refresh(session) == {"over": True}


def test_a_request_that_goes_away_does_not_end_the_renewal(gateway: LoggingIn) -> None:
    session = gateway.log_in()

    async def impatient() -> Any:
        first = asyncio.create_task(gateway.party.refresh({"session": session}))
        await asyncio.sleep(0)
        second = asyncio.create_task(gateway.party.refresh({"session": session}))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert "session" in gateway.run(impatient())


def test_a_provider_that_does_not_rotate_keeps_its_refresh_token(gateway: LoggingIn) -> None:
    session = gateway.log_in()
    gateway.provider.answer["refresh_token"] = None

    assert gateway.refresh(session)["session"]["tokens"]["refresh"] == session["tokens"]["refresh"]


def test_an_answer_without_an_id_token_leaves_the_claims_and_the_hint(gateway: LoggingIn) -> None:
    session = gateway.log_in()
    gateway.provider.answer["id_token"] = None
    new = gateway.refresh(session)["session"]

    assert new["claims"] == session["claims"]
    assert new["tokens"]["id_token"] == session["tokens"]["id_token"]


def test_a_session_without_a_refresh_token_is_over(gateway: LoggingIn) -> None:
    session = gateway.log_in()
    session["tokens"]["refresh"] = None

    assert gateway.refresh(session) == {"over": True}


def test_a_session_that_was_revoked_is_over(gateway: LoggingIn) -> None:
    session = gateway.log_in()
    gateway.provider.replies["/token"] = lambda _: refusal("invalid_grant")

    assert gateway.refresh(session) == {"over": True}


@pytest.mark.parametrize(
    "reply",
    [httpx.Response(503), httpx.Response(200), refusal("invalid_client", 401), refusal("server_error"), refusal("a b")],
)
def test_trouble_does_not_end_a_session(gateway: LoggingIn, reply: httpx.Response) -> None:
    session = gateway.log_in()
    gateway.provider.replies["/token"] = lambda _: reply
    assert gateway.refresh(session) == UNAVAILABLE

    del gateway.provider.replies["/token"]
    assert "session" in gateway.refresh(session)


def test_nor_does_a_network_that_is_down(gateway: LoggingIn) -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    session = gateway.log_in()
    gateway.provider.replies["/token"] = down

    assert gateway.refresh(session) == UNAVAILABLE


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "bob"},
        {"iss": "https://evil.test"},
        {"aud": "other"},
        {"auth_time": NOW - 5},
        {"nonce": "of-another-login"},
        {"at_hash": "x" * 22},
        {"exp": NOW - 60},
    ],
)
def test_a_provider_that_renews_for_somebody_else_ends_the_session(gateway: LoggingIn, claims: dict[str, Any]) -> None:
    session = gateway.log_in()
    gateway.provider.claims.update(claims)

    assert gateway.refresh(session) == {"over": True}


def test_roles_that_were_taken_away_are_gone() -> None:
    provider = FakeProvider()
    provider.claims["roles"] = ["admin"]
    with logging_in(provider) as gateway:
        session = gateway.log_in()
        assert session["claims"]["roles"] == ["admin"]
        del provider.claims["roles"]

        assert "roles" not in gateway.refresh(session)["session"]["claims"]


def test_a_user_who_is_not_what_they_must_be_any_more_is_out() -> None:
    provider = FakeProvider()
    provider.claims["staff"] = True
    with logging_in(provider, claims={"claim_values": {"staff": True}}) as gateway:
        session = gateway.log_in()
        provider.claims["staff"] = False

        assert gateway.refresh(session) == {"over": True}


def test_no_renewal_makes_a_login_a_stronger_one(gateway: LoggingIn) -> None:
    session = gateway.log_in()
    gateway.provider.claims |= {"acr": "mfa", "amr": ["otp"]}

    assert gateway.refresh(session)["session"]["claims"] == session["claims"]


def test_claims_of_the_userinfo_are_renewed_too() -> None:
    provider = FakeProvider()
    with logging_in(provider, userinfo=True, keep_claims=["email"]) as gateway:
        session = gateway.log_in()
        provider.userinfo["email"] = "new@example.com"
        renewed = gateway.refresh(session)["session"]
        assert renewed["claims"]["email"] == "new@example.com"

        provider.userinfo["sub"] = "bob"
        assert gateway.refresh(renewed) == {"over": True}


def test_new_tokens_are_not_lost_when_the_userinfo_cannot_be_asked() -> None:
    provider = FakeProvider()
    with logging_in(provider, userinfo=True, keep_claims=["email"]) as gateway:
        session = gateway.log_in()
        provider.replies["/userinfo"] = lambda _: httpx.Response(503)
        renewed = gateway.refresh(session)["session"]

    assert renewed["claims"] == session["claims"]
    assert renewed["tokens"]["refresh"] != session["tokens"]["refresh"]


def test_nor_when_there_are_no_keys(gateway: LoggingIn) -> None:
    session = gateway.log_in()
    gateway.provider.issuer.kid = "k2"
    gateway.provider.claims["roles"] = ["admin"]
    with logging_in(gateway.provider) as restarted:
        restarted.known_keys = restarted.provider.published = {}
        renewed = restarted.refresh(session)["session"]

    assert renewed["claims"] == session["claims"]


def test_a_flood_of_logins_leaves_room_for_renewals() -> None:
    with logging_in(max_flights=1) as gateway:
        session = gateway.log_in()
        code = gateway.provider.authorize(gateway.begin()["location"])

        async def crowd() -> Any:
            answered = asyncio.Event()

            async def slowly(request: httpx.Request) -> httpx.Response:
                if form_of(request)["grant_type"] == "authorization_code":
                    await answered.wait()
                return refusal("invalid_grant")

            gateway.provider.replies["/token"] = slowly
            body = {"redirect_uri": "r", "code": code, "iss": gateway.provider.name, "verifier": "v", "nonce": "n"}
            login = asyncio.create_task(gateway.party.complete(body))
            await asyncio.sleep(0)
            renewal = await gateway.party.refresh({"session": session})
            answered.set()
            await login
            return renewal

        assert gateway.run(crowd()) == {"over": True}


def test_of_two_nodes_one_renews() -> None:
    provider, store = FakeProvider(), SharedStore()
    with logging_in(provider) as one, logging_in(provider) as other:
        one.store = other.store = store
        session = one.log_in()
        other.now += 1

        assert "session" in one.refresh(session)
        assert other.refresh(session)["error"] == "elsewhere"
        assert asked(one) == 1


def test_a_node_that_failed_may_try_again_and_the_other_when_its_claim_has_ended() -> None:
    provider, store = FakeProvider(), SharedStore()
    with logging_in(provider) as gateway:
        gateway.store = store
        session = gateway.log_in()
        provider.replies["/token"] = lambda _: httpx.Response(503)
        assert gateway.refresh(session) == UNAVAILABLE
        assert list(store.claims.values()) == [NOW + CLAIM_SECONDS]

        del provider.replies["/token"]
        assert "session" in gateway.refresh(session)


def test_a_store_that_is_down_leaves_the_session_as_it_is() -> None:
    with logging_in() as gateway:
        session = gateway.log_in()
        gateway.store = SharedStore()
        gateway.store.is_down = True

        assert gateway.refresh(session) == UNAVAILABLE
        assert asked(gateway) == 0
