"""Who gets in with a name and a password, and what is remembered of it."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable
from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.passwords.password_hash import hashed
from hotgate.identity.principal import Principal
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Route
from hotgate.policies.passwords.basic import MECHANISM
from hotgate.policies.passwords.basic_settings import BasicSettings
from hotgate.policies.passwords.password_authenticator import MAX_KNOWN, MAX_WAITING, PasswordAuthenticator

HASH = hashed("right")
USERS = {"ada": {"hash": HASH, "roles": ["admin"], "scopes": ["read"], "groups": ["staff"]}}


class Desk:
    """The control process. asked: what was asked of it. is_gone: it does not answer."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.is_gone = False
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def ask(self, about: str, body: Any, wait: float) -> Any:
        self.asked.append((about, body))
        await self.may_answer.wait()
        if self.is_gone:
            raise TimeoutError("the control process is gone")
        return {"right": body["password"] == "right" and body["name"] in ("ada", "bob")}


class Revocations:
    """What the store says of names."""

    version = 1

    def __init__(self) -> None:
        self.revoked: set[str | None] = set()
        self.before: dict[str | None, float] = {}

    def is_revoked(
        self, provider: str, jti: str | None, sub: str | None, sid: str | None, client: str | None, issued_at: float
    ) -> bool:
        return sub in self.revoked or issued_at < self.before.get(sub, 0.0)


class Gate:
    """One entry, a clock and a desk."""

    def __init__(self, **settings: Any) -> None:
        self.now = 1000.0
        self.desk = Desk()
        self.revocations = Revocations()
        services = {"ask": self.desk.ask, "wall_clock": lambda: self.now, "credentials": self.revocations}
        model = BasicSettings.model_validate({"users": USERS, **settings})
        compiled = MECHANISM.compile("staff", model, services)
        assert isinstance(compiled, PasswordAuthenticator)
        self.authenticator = compiled

    async def send(self, name: str, password: str, client: str = "192.0.2.1") -> Any:
        value = b"Basic " + b64encode(f"{name}:{password}".encode())
        return await self.send_value(value, client)

    async def send_value(self, value: bytes, client: str = "192.0.2.1") -> Any:
        request = Request("GET", "/", headers=Headers([(b"authorization", value)]))
        found = self.authenticator.authenticate(Exchange(request, Route("r"), {}, client, "id", 0.0))
        return await found if isinstance(found, Awaitable) else found


def play(script: Any, **settings: Any) -> None:
    async def playing() -> None:
        await script(Gate(**settings))

    asyncio.run(playing())


def test_a_right_password_proves_the_name_and_the_rights_beside_its_hash() -> None:
    async def script(gate: Gate) -> None:
        caller = await gate.send("ada", "right")
        assert isinstance(caller, Principal)
        assert (caller.subject, caller.provider, caller.mechanism) == ("ada", "staff", "basic")
        assert (*caller.roles, *caller.scopes, *caller.groups) == ("admin", "read", "staff")

    play(script)


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("nobody", "right")])
def test_a_wrong_name_and_a_wrong_password_are_told_the_same(name: str, password: str) -> None:
    async def script(gate: Gate) -> None:
        refused = await gate.send(name, password)
        assert isinstance(refused, Response)
        assert (refused.status, refused.code) == (401, "password-wrong")
        assert refused.header("www-authenticate") == 'Basic realm="staff", charset="UTF-8"'

    play(script)


def test_another_scheme_is_somebody_elses() -> None:
    async def script(gate: Gate) -> None:
        assert await gate.send_value(b"Bearer abc") is None

    play(script)


def test_what_was_right_is_not_asked_again_for_a_while() -> None:
    async def script(gate: Gate) -> None:
        first = await gate.send("ada", "right")
        gate.now += 59
        assert await gate.send("ada", "right") is first
        assert len(gate.desk.asked) == 1
        gate.now += 2
        await gate.send("ada", "right")
        assert len(gate.desk.asked) == 2

    play(script, cache="1m")


def test_what_was_wrong_is_not_remembered_and_neither_is_anything_with_a_cache_of_nothing() -> None:
    async def script(gate: Gate) -> None:
        for _ in range(2):
            await gate.send("ada", "wrong")
            await gate.send("ada", "right")
        assert len(gate.desk.asked) == 4

    play(script, cache="0s")


def test_a_remembered_password_is_good_without_the_control_process_and_no_other_one() -> None:
    async def script(gate: Gate) -> None:
        await gate.send("ada", "right")
        gate.desk.is_gone = True
        assert isinstance(await gate.send("ada", "right"), Principal)
        for name, password in (("ada", "wrong"), ("bob", "right")):
            refused = await gate.send(name, password)
            assert (refused.status, refused.code) == (503, "password-check-unavailable")
            assert refused.header("retry-after")

    play(script)


def test_a_revoked_name_is_out_at_once() -> None:
    async def script(gate: Gate) -> None:
        await gate.send("ada", "right")
        gate.revocations.revoked.add("ada")
        gate.revocations.version += 1
        refused = await gate.send("ada", "right")
        assert (refused.status, refused.code) == (401, "password-revoked")

    play(script)


def test_a_revocation_of_somebody_else_has_nobodys_password_checked_again() -> None:
    """Whoever logs out all the time would otherwise keep the control process busy with everybody's passwords."""

    async def script(gate: Gate) -> None:
        caller = await gate.send("ada", "right")
        for name in ("bob", "carol"):
            gate.revocations.revoked.add(name)
            gate.revocations.version += 1
            assert await gate.send("ada", "right") is caller
        assert len(gate.desk.asked) == 1

    play(script)


def test_what_is_remembered_is_asked_about_if_something_was_revoked_while_it_was_checked() -> None:
    async def script(gate: Gate) -> None:
        gate.desk.may_answer.clear()
        sending = asyncio.create_task(gate.send("ada", "right"))
        await asyncio.sleep(0)
        gate.revocations.version += 1
        gate.desk.may_answer.set()
        await sending
        gate.revocations.revoked.add("ada")  # seen late, under the same version
        assert (await gate.send("ada", "right")).code == "password-revoked"

    play(script)


def test_one_client_cannot_have_all_checks_to_itself() -> None:
    async def script(gate: Gate) -> None:
        gate.desk.may_answer.clear()
        guesses = [asyncio.create_task(gate.send("ada", f"guess {number}")) for number in range(MAX_WAITING)]
        await asyncio.sleep(0)
        refused = await gate.send("ada", "one more")
        assert refused.status == 503
        other = asyncio.create_task(gate.send("ada", "right", client="192.0.2.2"))
        await asyncio.sleep(0)
        gate.desk.may_answer.set()
        assert isinstance(await other, Principal)
        assert {(await guess).status for guess in guesses} == {401}
        assert (await gate.send("ada", "guess again")).status == 401

    play(script)


def test_a_network_of_ipv6_is_one_client() -> None:
    """One customer has a whole /64 of addresses."""

    async def script(gate: Gate) -> None:
        gate.desk.may_answer.clear()
        clients = [f"2001:db8::{number}" for number in range(MAX_WAITING)]
        guesses = [asyncio.create_task(gate.send("ada", f"guess of {client}", client)) for client in clients]
        await asyncio.sleep(0)
        refused = await gate.send("ada", "one more", client="2001:db8::ffff")
        assert refused.status == 503
        gate.desk.may_answer.set()
        assert {(await guess).status for guess in guesses} == {401}

    play(script)


def test_what_is_revoked_while_a_password_is_checked_is_revoked() -> None:
    """A revocation is about everything that was proved before it."""

    async def script(gate: Gate) -> None:
        gate.desk.may_answer.clear()
        sending = asyncio.create_task(gate.send("ada", "right"))
        await asyncio.sleep(0)
        gate.now += 5
        gate.revocations.before["ada"] = gate.now - 3
        gate.revocations.version += 1
        gate.now += 5
        gate.desk.may_answer.set()
        assert (await sending).code == "password-revoked"
        assert isinstance(await gate.send("ada", "right"), Principal)

    play(script)


def test_what_is_remembered_is_bounded_and_no_password() -> None:
    async def script(gate: Gate) -> None:
        known = gate.authenticator._known
        caller = await gate.send("ada", "right")
        for number in range(MAX_KNOWN + 5):
            known.put(b"%d" % number, caller, gate.now, 1)
        assert len(known._entries) == MAX_KNOWN
        assert b64encode(b"ada:right") not in b"".join(known._entries)

    play(script)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"users": {"ada": {"hash": "secret"}}}, "not a password hash"),
        ({"users": {"a:b": {"hash": HASH}}}, "colon"),
        ({"users": {}, "users_file": "ada:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="}, "passwords import"),
        ({"users": USERS, "users_file": f"ada:{HASH}"}, "in `users_file` too"),
        ({"users": USERS, "cache": "2h"}, "cache"),
    ],
)
def test_a_mistake_is_told_and_no_hash_shown(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        BasicSettings.model_validate(settings)
    assert says in str(refused.value)
    assert HASH not in str(refused.value)


def test_a_file_adds_users_and_nobody_at_all_is_worth_a_warning() -> None:
    assert BasicSettings.model_validate({"users_file": f"ada:{HASH}"}).hashes() == {"ada": HASH}
    assert HASH not in repr(BasicSettings.model_validate({"users": USERS}))
    assert [key for key, _, _ in BasicSettings.model_validate({}).dangers()] == ["users"]
