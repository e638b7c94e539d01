"""Logout tokens: a provider ends sessions with them, and nobody else does."""

import asyncio
from typing import Any

import pytest

from hotgate.control.openid.failures import Busy, LoginFailed
from hotgate.control.openid.logout_token import EVENT, LogoutToken
from hotgate.testing.issuer import Issuer
from unit.control.openid.fake_provider import CLIENT, ISSUER, NOW, LoggingIn, logging_in


def claims(**changed: Any) -> dict[str, Any]:
    members = {
        "iss": ISSUER,
        "aud": CLIENT,
        "iat": NOW,
        "exp": NOW + 120,
        "jti": "j1",
        "sub": "alice",
        "sid": "provider-session",
        "events": {EVENT: {}},
        **changed,
    }
    return {name: value for name, value in members.items() if value is not None}


def verified(gateway: LoggingIn, token: bytes) -> LogoutToken:
    found: LogoutToken = gateway.run(gateway.party.verify_logout_token(token))
    return found


@pytest.mark.parametrize("kind", ["logout+jwt", "application/logout+jwt", "JWT", None])
def test_it_says_who_has_logged_out(gateway: LoggingIn, kind: str | None) -> None:
    token = gateway.provider.issuer.token(claims(), {"typ": kind})

    assert verified(gateway, token) == LogoutToken("provider-session", "alice", "j1", NOW + 150)


@pytest.mark.parametrize(("sid", "subject"), [("s", None), (None, "alice")])
def test_one_of_session_and_user_is_enough(gateway: LoggingIn, sid: str | None, subject: str | None) -> None:
    found = verified(gateway, gateway.provider.issuer.token(claims(sid=sid, sub=subject)))

    assert (found.sid, found.subject) == (sid, subject)


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://evil.test"},
        {"iss": None},
        {"aud": "other"},
        {"aud": None},
        {"iat": None},
        {"iat": NOW + 60},
        {"iat": NOW - 700},
        {"exp": None},
        {"exp": NOW - 60},
        {"jti": None},
        {"jti": 7},
        {"sub": None, "sid": None},
        {"sub": ["alice"]},
        {"events": None},
        {"events": []},
        {"events": {EVENT: True}},
        {"events": {"http://schemas.openid.net/event/other": {}}},
        {"nonce": "n"},
    ],
)
def test_each_claim_is_judged(gateway: LoggingIn, wrong: dict[str, Any]) -> None:
    with pytest.raises(LoginFailed):
        verified(gateway, gateway.provider.issuer.token(claims(**wrong)))


def test_an_id_token_is_none(gateway: LoggingIn) -> None:
    session = gateway.log_in()

    with pytest.raises(LoginFailed, match="events"):
        verified(gateway, session["tokens"]["id_token"].encode())


@pytest.mark.parametrize("kind", ["at+jwt", "secevent+jwt", "dpop+jwt"])
def test_nor_is_a_token_for_another_purpose(gateway: LoggingIn, kind: str) -> None:
    with pytest.raises(LoginFailed, match="another purpose"):
        verified(gateway, gateway.provider.issuer.token(claims(), {"typ": kind}))


def test_what_somebody_else_has_signed_ends_nothing(gateway: LoggingIn) -> None:
    with pytest.raises(LoginFailed, match="signed"):
        verified(gateway, Issuer(ISSUER).token(claims()))


def test_what_was_used_before_ends_nothing(gateway: LoggingIn) -> None:
    token = gateway.provider.issuer.token(claims())
    verified(gateway, token)

    with pytest.raises(LoginFailed, match="used before"):
        verified(gateway, token)


def test_a_bounded_number_waits_for_keys() -> None:
    """Tokens with keys that nobody has are for anybody to send."""
    with logging_in(max_flights=1) as gateway:

        async def both() -> list[object]:
            fetched = asyncio.Event()
            gateway.party.provider.keys._refresh = lambda _name: fetched.wait()
            token = Issuer(ISSUER, kid="of-nobody").token(claims())
            waiting = asyncio.create_task(gateway.party.verify_logout_token(token))
            await asyncio.sleep(0)
            second = await asyncio.gather(gateway.party.verify_logout_token(token), return_exceptions=True)
            fetched.set()
            return [*second, *await asyncio.gather(waiting, return_exceptions=True)]

        refused, waited = gateway.run(both())
    assert isinstance(refused, Busy)
    assert isinstance(waited, LoginFailed)


def test_a_token_of_any_size_is_not_parsed(gateway: LoggingIn) -> None:
    with pytest.raises(LoginFailed, match="bytes"):
        verified(gateway, gateway.provider.issuer.token(claims(more="x" * 9000)))
