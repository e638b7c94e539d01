"""The door of the admin API, and every way to stand before it without the right token."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from hotgate.config.secret import Secret
from hotgate.control.admin_tokens import AdminTokens, NoToken, new_admin_token
from hotgate.control.bearer_authentication import OWNER, BearerAuthentication
from hotgate.control.failure_window import MOST_ADDRESSES, MOST_FAILURES, WINDOW, FailureWindow

TOKEN = "hga_token-of-the-tests-0123456789abcdef"
OTHER = "hga_another-token-0123456789abcdef01234"


class Door:
    """Asks through the door; `passed` has the owners that came in."""

    def __init__(self, tokens: AdminTokens | None = None) -> None:
        self.now = 0.0
        self.passed: list[str] = []
        tokens = tokens or AdminTokens({"ops": Secret(TOKEN), "ci": Secret(OTHER)}, lambda: b"")
        self._door = BearerAuthentication(self._inside, tokens, FailureWindow(lambda: self.now))

    async def _inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.passed.append(scope["state"][OWNER])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def ask(self, *authorization: str | bytes, target: str = "/", address: str = "127.0.0.1") -> httpx.Response:
        fields: Any = [(b"authorization", each.encode() if isinstance(each, str) else each) for each in authorization]

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._door, client=(address, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.get(target, headers=fields)

        return asyncio.run(ask())


@pytest.mark.parametrize(
    ("authorization", "owner"),
    [(f"Bearer {TOKEN}", "ops"), (f"bearer {TOKEN}", "ops"), (f"BEARER   {TOKEN}", "ops"), (f"Bearer {OTHER}", "ci")],
)
def test_the_right_token_opens(authorization: str, owner: str) -> None:
    door = Door()
    assert door.ask(authorization).status_code == 204
    assert door.passed == [owner]


@pytest.mark.parametrize(
    "authorization",
    [
        [],
        [""],
        ["Bearer"],
        ["Bearer "],
        ["Bearer x"],
        [TOKEN],
        [f"Bearer{TOKEN}"],
        [f"Basic {TOKEN}"],
        [f"Bearer {TOKEN[:-1]}"],
        [f"Bearer {TOKEN}x"],
        [f"Bearer {TOKEN.upper()}"],
        [f"Bearer {TOKEN},{OTHER}"],
        [f"Bearer {TOKEN}", f"Bearer {TOKEN}"],
        [f"Bearer {TOKEN}", "Basic eA=="],
        [f"Bearer\t{TOKEN}"],
        [b"Bearer \xff\xfe" + TOKEN.encode()],
        ["Bearer " + "a" * 100_000],
    ],
)
def test_everything_else_gets_one_answer(authorization: list[str | bytes]) -> None:
    door = Door()
    answer, usual = door.ask(*authorization), door.ask("Bearer wrong")
    assert (answer.status_code, answer.content, answer.headers) == (401, usual.content, usual.headers)
    assert answer.headers["www-authenticate"] == 'Bearer realm="hotgate-admin"'
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "admin-token-required"
    assert door.passed == []


@pytest.mark.parametrize("target", [f"/?access_token={TOKEN}", f"/?token={TOKEN}", f"/{TOKEN}"])
def test_a_token_elsewhere_does_not_count(target: str) -> None:
    assert Door().ask(target=target).status_code == 401


def test_without_any_token_nobody_comes_in_and_the_log_says_why(caplog: pytest.LogCaptureFixture) -> None:
    def kept() -> bytes:
        raise NoToken("/srv/hotgate-state is not ours.")

    answer = Door(AdminTokens({}, kept)).ask(f"Bearer {TOKEN}")
    assert answer.status_code == 503
    assert "/srv" not in answer.text
    assert [record.__dict__["facts"]["reason"] for record in caplog.records] == ["/srv/hotgate-state is not ours."]


def test_an_empty_token_is_nobodys_even_if_the_kept_one_were_empty() -> None:
    assert Door(AdminTokens({}, lambda: b"")).ask("Bearer ").status_code == 401


def test_another_kept_token_counts_at_once() -> None:
    kept = [b"one"]
    door = Door(AdminTokens({}, lambda: kept[0]))
    assert door.ask("Bearer one").status_code == 204
    kept[0] = b"two"
    assert door.ask("Bearer one").status_code == 401
    assert door.ask("Bearer two").status_code == 204


def test_who_fails_often_is_told_to_stay_away_and_others_are_not() -> None:
    door = Door()
    statuses = [door.ask("Bearer x").status_code for _ in range(MOST_FAILURES + 1)]
    assert statuses == [401] * MOST_FAILURES + [429]
    assert door.ask("Bearer x").headers["retry-after"] == str(int(WINDOW))
    assert door.ask("Bearer x", address="192.0.2.1").status_code == 401
    door.now += WINDOW
    assert door.ask("Bearer x").status_code == 401


def test_nobody_can_lock_the_operators_out() -> None:
    door = Door()
    for _ in range(3 * MOST_FAILURES):
        door.ask("Bearer x")
    assert door.ask(f"Bearer {TOKEN}").status_code == 204


def test_failures_are_security_events_without_what_was_shown(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "hotgate.security"):
        Door().ask("Bearer my-password-elsewhere", target="/?token=secret")
    (record,) = caplog.records
    assert record.msg == "admin-token-refused"
    assert vars(record)["facts"] == {"kind": "admin-token-refused", "address": "127.0.0.1"}


def test_many_addresses_do_not_fill_the_memory() -> None:
    counts = FailureWindow(lambda: 0.0)
    for number in range(MOST_ADDRESSES):
        assert counts.failed(str(number)) == 0
    late = [counts.failed(f"late {number}") for number in range(MOST_FAILURES + 1)]
    assert late == [0.0] * MOST_FAILURES + [WINDOW]
    assert counts.failed("0") == 0


def test_made_tokens_are_long_different_and_recognisable() -> None:
    tokens = {new_admin_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(token.startswith(b"hga_") and len(token) == 47 for token in tokens)
