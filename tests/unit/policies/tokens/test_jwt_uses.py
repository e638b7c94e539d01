"""Tokens that were revoked, or may be used once: who is asked, and what happens without an answer."""

import asyncio
from typing import Any

import pytest

from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.runtime.worker_process.questions import Unanswered
from hotgate.store.errors import StoreUnavailable
from hotgate.testing.issuer import Issuer
from unit.policies.tokens.jwt_gate import (
    ISSUER,
    NEXT,
    NOW,
    Gate,
    awaited,
    bearer,
)


class Store:
    """Which values are revoked, by kind; it may be away."""

    def __init__(self) -> None:
        self.version = 1
        self.revoked: set[tuple[str, Any]] = set()
        self.is_away = False

    def is_revoked(self, provider: str, jti: Any, sub: Any, sid: Any, client: Any, issued_at: Any) -> bool:
        if self.is_away:
            raise StoreUnavailable("the store is away")
        asked = {"provider": provider, "jti": jti, "sub": sub, "sid": sid, "client": client, "iat": issued_at}
        return not self.revoked.isdisjoint(asked.items())

    def revoke(self, kind: str, value: Any) -> None:
        self.revoked.add((kind, value))
        self.version += 1


FACTS: dict[str, Any] = {"jti": "t1", "sid": "s1", "azp": "app", "iat": NOW}


@pytest.mark.parametrize(
    ("kind", "value"),
    [("jti", "t1"), ("sub", "ada"), ("sid", "s1"), ("client", "app"), ("provider", "corp"), ("iat", NOW)],
)
def test_a_revoked_token_is_refused_also_if_it_is_remembered(kind: str, value: Any) -> None:
    store = Store()
    gate = Gate(ISSUER, services={"credentials": store})
    credential = bearer(**FACTS)
    assert isinstance(gate.ask(credential), Principal)
    store.revoke(kind, value)
    for each in (credential, bearer(**FACTS)):
        response = gate.answer(each)
        assert (response.status, response.code) == (401, "token-revoked")
        assert 'error="invalid_token"' in (response.header("www-authenticate") or "")
    store.revoked.clear()
    store.version += 1
    assert isinstance(gate.ask(credential), Principal)


def test_without_the_store_nobody_new_gets_in() -> None:
    store = Store()
    gate = Gate(ISSUER, services={"credentials": store})
    known = bearer(**FACTS)
    gate.ask(known)
    store.is_away = True
    assert isinstance(gate.ask(known), Principal)  # nothing is known to have changed
    response = gate.answer(bearer(jti="t2"))
    assert (response.status, response.code) == (503, "store-unavailable")
    assert response.header("www-authenticate") is None
    store.version += 1
    assert gate.answer(known).code == "store-unavailable"


def test_a_forged_token_asks_no_store() -> None:
    store = Store()
    store.is_away = True
    assert Gate(ISSUER, services={"credentials": store}).answer(bearer(Issuer())).code == "token-signature-invalid"


class Desk:
    """Answers as the control process does: yes to the first."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer: Any = None
        self.opened = asyncio.Event()
        self.opened.set()

    async def ask(self, about: str, body: dict[str, Any]) -> Any:
        assert about == "single_use"
        is_first = body not in self.asked
        self.asked.append(body)
        await self.opened.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return is_first if self.answer is None else self.answer


def once(desk: Desk | None) -> Gate:
    return Gate(ISSUER, single_use=True, services={} if desk is None else {"ask": desk.ask})


def test_a_token_for_single_use_is_good_once() -> None:
    desk = Desk()
    gate = once(desk)
    credential = bearer(jti="t1")
    assert isinstance(asyncio.run(awaited(gate.ask(credential))), Principal)
    assert desk.asked == [{"provider": "corp", "jti": "t1", "expires": NOW + 90}]
    for _ in range(2):
        response = asyncio.run(awaited(gate.ask(credential)))
        assert (response.status, response.code) == (401, "token-already-used")
    assert asyncio.run(awaited(gate.ask(bearer(jti="t1")))).code == "token-already-used"  # signed anew, the same jti


def test_of_many_at_the_same_time_one_gets_in() -> None:
    desk = Desk()
    gate = once(desk)
    credential = bearer(jti="t1")

    async def race() -> list[Any]:
        desk.opened.clear()
        waiting = [asyncio.ensure_future(gate.ask(credential)) for _ in range(20)]
        await asyncio.sleep(0)
        desk.opened.set()
        return await asyncio.gather(*waiting)

    answers = asyncio.run(race())
    assert sum(isinstance(answer, Principal) for answer in answers) == 1
    assert gate.authenticator.recognized(credential) is None


@pytest.mark.parametrize("answer", [False, 1, "yes", {}, [True]])
def test_only_a_clear_yes_lets_a_token_in(answer: Any) -> None:
    desk = Desk()
    desk.answer = answer
    assert asyncio.run(awaited(once(desk).ask(bearer(jti="t1")))).code == "token-already-used"


def test_without_an_answer_nobody_gets_in() -> None:
    desk = Desk()
    desk.answer = Unanswered("gone")
    for gate in (once(desk), once(None)):
        response = asyncio.run(awaited(gate.ask(bearer(jti="t1"))))
        assert (response.status, response.code) == (503, "store-unavailable")


def test_a_bad_token_uses_nothing_up() -> None:
    desk = Desk()
    gate = once(desk)
    for credential in (bearer(Issuer(), jti="t1"), bearer(jti="t1", exp=NOW - 100), bearer(), bearer(jti=5)):
        assert isinstance(gate.answer(credential), Response)
    assert desk.asked == []


def test_a_thief_without_the_certificate_uses_nothing_up() -> None:
    desk = Desk()
    bound = bearer(jti="t1", cnf={"x5t#S256": "A" * 43})
    assert once(desk).answer(bound).code == "token-binding-mismatch"
    assert desk.asked == []


def test_a_token_for_single_use_may_come_with_a_new_key() -> None:
    desk = Desk()
    gate = once(desk)

    async def request_refresh(name: str) -> None:
        gate.publish(ISSUER, NEXT)

    gate.key_sets.request_refresh = request_refresh
    assert isinstance(asyncio.run(awaited(gate.ask(bearer(NEXT, jti="t1")))), Principal)
    assert asyncio.run(awaited(gate.ask(bearer(NEXT, jti="t1")))).code == "token-already-used"


def test_a_token_whose_key_came_late_is_not_accepted_while_the_store_cannot_be_asked() -> None:
    class Revocations:
        version = 1

        def is_revoked(self, *claims: Any) -> bool:
            raise StoreUnavailable("the store cannot be read")

    gate = Gate(ISSUER, services={"credentials": Revocations()})

    async def request_refresh(name: str) -> None:
        gate.publish(ISSUER, NEXT)

    gate.key_sets.request_refresh = request_refresh
    response = asyncio.run(awaited(gate.ask(bearer(NEXT))))
    assert (response.status, response.code) == (503, "store-unavailable")
