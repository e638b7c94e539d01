"""What workers ask about sessions, what providers ask for, and what is told of accounts: over a real store."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from hotgate.config.gateway import Gateway
from hotgate.control.openid.failures import Busy, LoginFailed, ProviderUnavailable
from hotgate.control.openid.logout_token import LogoutToken
from hotgate.control.revoker import Revoker
from hotgate.runtime.compiling.model import built_in_model
from hotgate.runtime.desks.logouts import Logouts
from hotgate.runtime.desks.security_events import SecurityEventDesk
from hotgate.runtime.desks.session_places import PRUNE_SECONDS, SessionPlaces
from hotgate.runtime.desks.sessions import Sessions
from hotgate.store.errors import AlreadyExists, StoreUnavailable
from hotgate.store.sessions import sql_sessions
from hotgate.store.store import Store

NOW = 1_000_000.0
MODEL = built_in_model()
LOGIN = {"issuer": "https://idp.test", "client": {"id": "gw", "secret": "x"}}
JWT = {"issuer": "https://idp.test", "audience": "api", "jwks_url": "https://idp.test/jwks"}
CONFIG: dict[str, Any] = {
    "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
    "store": {},
    "identity": {
        "sso": {"oidc": {**LOGIN, "session": {"keep": "store", "absolute": "1h"}}},
        "web": {"oidc": {**LOGIN, "session": {"absolute": "2h"}}},
        "corp": {"jwt": JWT},
        "mail": {"jwt": {**JWT, "subject": "email"}},
    },
    "security_events": {
        "idp": {
            "revokes": ["corp", "sso"],
            "keep": "2h",
            "set": {"issuer": "https://idp.test", "audience": "gw"},
        }
    },
}


class Scene:
    def __init__(self, store: Store) -> None:
        self.now = NOW
        self.store: Store | None = store
        self.token: LogoutToken | Exception = LogoutToken("sid-1", "ada", "t1", NOW + 60)
        self.places = SessionPlaces(lambda: self.store, lambda: self.now)
        revoker = Revoker(lambda: self.store, self.places.kept)
        self.sessions = Sessions(self.places, revoker, lambda: self.now)
        self.logouts = Logouts(self._verify, revoker, self.places, lambda: self.now)
        self.events = SecurityEventDesk(revoker, lambda: self.now)

    async def follow(self, config: Gateway) -> None:
        await self.places.follow(config)
        self.logouts.follow(config)
        self.events.follow(config)

    async def _verify(self, provider: str, token: bytes) -> LogoutToken:
        if isinstance(self.token, Exception):
            raise self.token
        return self.token

    async def create(self, name: str = "s1", **changes: Any) -> Any:
        body = {
            "provider": "sso",
            "id": name,
            "digest": digest(name),
            "sealed": "AP8",
            "subject": "ada",
            "sid": f"sid-{name}",
            "idle": 600,
            "absolute_end": NOW + 3600,
        }
        return await self.sessions.create({**body, **changes})

    async def load(self, name: str = "s1", provider: str = "sso") -> Any:
        return await self.sessions.load({"provider": provider, "digest": digest(name)})

    async def revoked(self) -> list[tuple[Any, ...]]:
        assert self.store is not None
        found = await self.store.revocations()
        return [(each.provider, each.kind, each.value, each.before, each.expires) for each in found]


def digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()


def event(jti: str = "e1", **changes: Any) -> dict[str, Any]:
    body = {
        "receiver": "idp",
        "jti": jti,
        "txn": "cause",
        "types": ["session-revoked"],
        "ended": [["sub", "ada", NOW - 100]],
        "unmapped": [],
        "entries": [],
    }
    return {**body, **changes}


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Callable[[Scene], Awaitable[None]]], None]:
    def run(script: Callable[[Scene], Awaitable[None]]) -> None:
        async def with_store() -> None:
            store = await Store.open(f"sqlite:///{tmp_path}/store.db")
            scene = Scene(store)
            try:
                await scene.follow(MODEL.model_validate(CONFIG))
                await script(scene)
            finally:
                await scene.places.stop()
                await store.close()

        asyncio.run(with_store())

    return run


Play = Callable[[Callable[[Scene], Awaitable[None]]], None]


def test_the_life_of_a_session(play: Play) -> None:
    async def script(scene: Scene) -> None:
        assert await scene.create() == {"version": 1}
        assert await scene.load() == {"sealed": "AP8", "version": 1, "last_seen": NOW}
        body = {"provider": "sso", "digest": digest("s1"), "version": 1, "sealed": "_wA"}
        assert await scene.sessions.replace(body) == {"version": 2}
        assert await scene.sessions.replace(body) is None
        assert await scene.sessions.touch({"provider": "sso", "idle": 600, "used": {digest("s1"): NOW + 500}})
        scene.now = NOW + 1099
        assert await scene.load() == {"sealed": "_wA", "version": 2, "last_seen": NOW + 500}
        scene.now = NOW + 1100
        assert await scene.load() is None

    play(script)


def test_a_session_that_ends_is_revoked_and_forgotten(play: Play) -> None:
    async def script(scene: Scene) -> None:
        await scene.create()
        await scene.create("s2")
        assert await scene.sessions.end({"provider": "sso", "id": "s1", "expires": NOW + 3600})
        assert await scene.sessions.end({"provider": "web", "id": "in-a-cookie", "expires": NOW + 60})
        assert await scene.load() is None
        assert await scene.load("s2")
        assert await scene.revoked() == [
            ("sso", "jti", "s1", None, NOW + 3600),
            ("web", "jti", "in-a-cookie", None, NOW + 60),
        ]

    play(script)


def test_nobody_chooses_the_session_that_another_will_have(play: Play) -> None:
    async def script(scene: Scene) -> None:
        await scene.create()
        with pytest.raises(AlreadyExists):
            await scene.create("other", digest=digest("s1"), subject="mallory")
        with pytest.raises(AlreadyExists):
            await scene.create("s1", digest=digest("s9"), subject="mallory")

    play(script)


def test_where_nothing_is_kept_nothing_is_found(play: Play) -> None:
    async def script(scene: Scene) -> None:
        await scene.create()
        for provider in ("web", "corp", "nobody"):
            with pytest.raises(StoreUnavailable):
                await scene.load(provider=provider)
        scene.store = None
        with pytest.raises(StoreUnavailable):
            await scene.load()
        with pytest.raises(StoreUnavailable):
            await scene.sessions.end({"provider": "sso", "id": "s1", "expires": NOW})

    play(script)


def test_without_room_a_login_is_told_so(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(scene: Scene) -> None:
        assert isinstance(scene.places.of("sso"), sql_sessions.SqlSessions)
        scene.places.of("sso")._most = 1  # type: ignore[attr-defined]
        await scene.create()
        assert await scene.create("s2") == {"error": "session-store-full"}

    play(script)


def test_what_has_ended_is_removed_now_and_then(play: Play) -> None:
    async def script(scene: Scene) -> None:
        await scene.create()
        scene.now = NOW + PRUNE_SECONDS - 1
        scene.places.tick()
        scene.now = NOW + 700
        scene.places.tick()
        assert scene.places._pruning is not None
        await scene.places._pruning
        assert await scene.places.of("sso").count() == 0

    play(script)


def test_a_logout_token_ends_the_session_that_it_names(play: Play) -> None:
    async def script(scene: Scene) -> None:
        await scene.create("s1", sid="sid-1")
        await scene.create("s2")
        assert await scene.logouts.back_channel({"provider": "sso", "logout_token": "x"}) == {"status": 200}
        assert await scene.load("s1") is None
        assert await scene.load("s2")
        assert await scene.revoked() == [("sso", "sid", "sid-1", None, NOW + 3600)]

    play(script)


def test_one_that_names_nobody_but_the_user_ends_what_began_before(play: Play) -> None:
    async def script(scene: Scene) -> None:
        await scene.create("s1")
        await scene.create("s2", subject="bob")
        scene.now = NOW + 10
        scene.token = LogoutToken(None, "ada", "t1", NOW + 60)
        assert await scene.logouts.back_channel({"provider": "sso", "logout_token": "x"}) == {"status": 200}
        assert await scene.load("s1") is None
        assert await scene.load("s2")
        assert await scene.revoked() == [("sso", "sub", "ada", NOW + 10, NOW + 3610)]
        await scene.create("s3")
        assert await scene.load("s3")

    play(script)


def test_a_logout_token_that_is_refused_ends_nothing(play: Play) -> None:
    async def script(scene: Scene) -> None:
        await scene.create("s1", sid="sid-1")
        scene.token = LoginFailed("the logout token was used before")
        refused = {"status": 400, "error": "invalid_request"}
        assert await scene.logouts.back_channel({"provider": "sso", "logout_token": "x"}) == refused
        scene.token = ProviderUnavailable("no keys")
        with pytest.raises(ProviderUnavailable):  # nobody can tell: 503
            await scene.logouts.back_channel({"provider": "sso", "logout_token": "x"})
        assert await scene.load("s1")
        assert await scene.revoked() == []

    play(script)


def test_a_frame_ends_what_is_kept_and_writes_nothing_for_a_guess(play: Play) -> None:
    async def script(scene: Scene) -> None:
        await scene.create("s1", sid="sid-1")
        assert not await scene.logouts.front_channel({"provider": "sso", "sid": "guess"})
        assert await scene.revoked() == []
        assert await scene.logouts.front_channel({"provider": "sso", "sid": "sid-1"})
        assert await scene.load("s1") is None
        assert await scene.revoked() == [("sso", "sid", "sid-1", None, NOW + 3600)]

    play(script)


def test_who_guesses_many_at_once_is_not_waited_for(play: Play) -> None:
    async def script(scene: Scene) -> None:
        guesses = [scene.logouts.front_channel({"provider": "sso", "sid": f"guess-{number}"}) for number in range(20)]
        found = await asyncio.gather(*guesses, return_exceptions=True)
        assert sum(isinstance(each, Busy) for each in found) == 4
        assert sum(each is False for each in found) == 16

    play(script)


def test_an_event_ends_what_the_configuration_lets_its_sender_end(play: Play) -> None:
    async def script(scene: Scene) -> None:
        await scene.create("s1")
        assert await scene.events.received(event())
        assert await scene.revoked() == [
            ("corp", "sub", "ada", NOW - 70, NOW + 7200),
            ("sso", "sub", "ada", NOW - 70, NOW + 7200),
        ]
        assert await scene.load("s1")  # began after it happened
        assert await scene.events.received(event("e2", ended=[["sid", "sid-s1", None]], entries=["sso"]))
        assert await scene.load("s1") is None

    play(script)


def test_an_event_that_is_sent_again_is_acknowledged_and_changes_nothing(play: Play) -> None:
    async def script(scene: Scene) -> None:
        assert scene.store is not None
        await scene.events.received(event())
        number = await scene.store.database.sequence()
        assert await scene.events.received(event())
        assert await scene.store.database.sequence() == number

    play(script)


def test_an_event_that_could_not_be_stored_is_not_taken_for_a_known_one(play: Play) -> None:
    async def script(scene: Scene) -> None:
        store, scene.store = scene.store, None
        with pytest.raises(StoreUnavailable):
            await scene.events.received(event())
        scene.store = store
        assert await scene.events.received(event())
        assert len(await scene.revoked()) == 2

    play(script)


def test_operators_hear_of_what_had_no_effect(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    async def script(scene: Scene) -> None:
        await scene.events.received(event(ended=[["email", "ada@corp.test", NOW]]))
        await scene.events.received(event("e2", ended=[], unmapped=["session-revoked"]))
        await scene.events.received(event("e3", ended=[], types=["verification"]))
        assert await scene.revoked() == []

    with caplog.at_level(logging.INFO, "hotgate.audit"):
        play(script)
    assert [record.getMessage() for record in caplog.records] == [
        "security-event-without-effect",
        "security-event-without-effect",
        "security-event",
    ]
    assert caplog.records[0].facts["txn"] == "cause"  # type: ignore[attr-defined]
