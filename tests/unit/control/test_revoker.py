"""What ends is revoked first, and forgotten then; what is told late or twice ends nothing new."""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from hotgate.control.event_revocations import event_revocations
from hotgate.control.revoker import Revoker, issued_before
from hotgate.identity.events.ended import Ended
from hotgate.store.errors import StoreUnavailable
from hotgate.store.records import Revocation
from hotgate.store.sessions.kept_session import KeptSession
from hotgate.store.sessions.sql_sessions import SqlSessions
from hotgate.store.store import Store

NOW = 1000.0


class Scene:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.sessions = SqlSessions(store.database)
        self.is_there = True
        self.revoker = Revoker(lambda: self.store if self.is_there else None, lambda: {"sso": self.sessions})

    async def log_in(self, name: str, subject: str = "ada", created: float = NOW - 100) -> None:
        digest = sha256(name.encode()).digest()
        await self.sessions.create(
            KeptSession("sso", digest, name, subject, f"sid-{name}", b"", created, created, 9999.0, created + 9999.0)
        )

    async def live(self) -> set[str]:
        return {each.id for each in (await self.sessions.list("sso", None, NOW, "", 100)).sessions}


def play(tmp_path: Path, script: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        store = await Store.open(f"sqlite:///{tmp_path}/store.db")
        try:
            await script(Scene(store))
        finally:
            await store.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("revocation", "left"),
    [
        (Revocation("jti", "sso", "a"), {"b", "c", "later"}),
        (Revocation("sid", "sso", "sid-b"), {"a", "c", "later"}),
        (Revocation("sub", "sso", "ada", before=NOW), {"c", "later"}),
        (Revocation("sub", "sso", "ada"), {"c"}),
        (Revocation("sub", "corp", "ada"), {"a", "b", "c", "later"}),
        (Revocation("client", "sso", "ada"), {"a", "b", "c", "later"}),
    ],
)
def test_a_revocation_ends_the_kept_sessions_that_it_is_about(
    tmp_path: Path, revocation: Revocation, left: set[str]
) -> None:
    async def script(scene: Scene) -> None:
        for name in ("a", "b"):
            await scene.log_in(name)
        await scene.log_in("c", subject="bob")
        await scene.log_in("later", created=NOW + 1)
        assert await scene.revoker.revoke([revocation], NOW) == 4 - len(left)
        assert await scene.live() == left
        assert await scene.store.revocations() == [revocation]

    play(tmp_path, script)


def test_nothing_has_ended_when_it_cannot_be_stored(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        await scene.log_in("a")
        scene.is_there = False
        with pytest.raises(StoreUnavailable):
            await scene.revoker.revoke([Revocation("sub", "sso", "ada")], NOW)
        assert await scene.live() == {"a"}

    play(tmp_path, script)


def test_what_is_revoked_has_ended_even_while_sessions_cannot_be_reached(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        async def unreachable(*_: Any, **__: Any) -> int:
            raise StoreUnavailable("down")

        scene.sessions.end_matching = unreachable  # type: ignore[method-assign]
        assert await scene.revoker.revoke([Revocation("sub", "sso", "ada")], NOW) == 0
        assert len(await scene.store.revocations()) == 1

    play(tmp_path, script)


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        ((None, None), (500.0, 600.0), (None, None)),
        ((100.0, 900.0), (500.0, 600.0), (500.0, 900.0)),
        ((700.0, 800.0), (500.0, None), (700.0, None)),
        ((700.0, 800.0), (None, 800.0), (None, 800.0)),
    ],
)
def test_an_event_never_weakens_what_was_revoked_before(tmp_path: Path, old: Any, new: Any, kept: Any) -> None:
    async def script(scene: Scene) -> None:
        for before, expires in (old, new):
            await scene.revoker.revoke([Revocation("sub", "corp", "ada", before=before, expires=expires)], NOW)
        [found] = await scene.store.revocations()
        assert (found.before, found.expires) == kept

    play(tmp_path, script)


def test_late_news_end_nothing_that_began_since() -> None:
    assert issued_before(NOW, NOW) == NOW + 1  # what was issued in the same second, too
    assert issued_before(NOW - 20, NOW) == NOW  # our clock may be ahead of the provider's
    assert issued_before(NOW - 3600, NOW) == NOW - 3570
    assert issued_before(NOW + 20, NOW) == NOW + 21  # its clock is ahead of ours


def test_an_address_is_never_taken_for_a_sub() -> None:
    ended = [Ended("sub", "ada", 5.0), Ended("email", "ada", 5.0), Ended("sid", "s1", None), Ended("client", "c", 5.0)]
    found = event_revocations(ended, {"corp": "sub", "sso": "email"}, "told", NOW, NOW + 60)
    assert [(each.provider, each.kind, each.value, each.before) for each in found] == [
        ("corp", "sub", "ada", 35.0),
        ("sso", "sub", "ada", 35.0),
        ("corp", "sid", "s1", None),
        ("sso", "sid", "s1", None),
        ("corp", "client", "c", 35.0),
        ("sso", "client", "c", 35.0),
    ]
    only_email = event_revocations([Ended("email", "ada@b", 5.0)], {"corp": "sub"}, "told", NOW, NOW + 60)
    assert only_email == []
