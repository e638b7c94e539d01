"""What every place that keeps sessions promises: SQLite, PostgreSQL and Valkey play the same scripts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from hotgate.store.breaker import FAILURES, OPEN_SECONDS, Breaker
from hotgate.store.errors import AlreadyExists, InvalidRecord, StoreUnavailable
from hotgate.store.sessions.kept_session import MAX_SEALED, KeptSession
from hotgate.store.sessions.session_store import MAX_PER_SUBJECT, SessionsFull, SessionStore
from hotgate.store.sessions.sql_sessions import SqlSessions
from hotgate.store.sessions.valkey_sessions import ValkeySessions
from hotgate.store.store import Store
from hotgate.store.valkey_connection import Servers, ValkeyConnection
from postgresql import PostgreSQL
from valkey_server import PASSWORD, ValkeyServer, valkey_server

NOW = 4_000_000_000.0  # far ahead: Valkey forgets by the clock of the machine
DAY = 86400.0

Script = Callable[[SessionStore], Awaitable[None]]


class Place:
    """Opens a store, the same one each time, with room for so many sessions."""

    def __init__(self, url: str) -> None:
        self.url = url

    @asynccontextmanager
    async def opened(self, most: int = 1000) -> AsyncIterator[SessionStore]:
        if self.url.startswith("valkey"):
            connection = ValkeyConnection(Servers(self.url))
            yield ValkeySessions(connection, most)
            await connection.close()
        else:
            store = await Store.open(self.url)
            yield SqlSessions(store.database, most)
            await store.close()

    def play(self, script: Script, most: int = 1000) -> None:
        async def run() -> None:
            async with self.opened(most) as sessions:
                await script(sessions)

        asyncio.run(run())


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    with valkey_server() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql", "valkey"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "sqlite":
        return Place(f"sqlite:///{tmp_path}/store.db")
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("server")
        return Place(server.new_database())
    running: ValkeyServer = request.getfixturevalue("valkey")
    with running.client() as client:
        client.flushall()
    return Place(running.url)


def digest(name: str) -> bytes:
    return sha256(name.encode()).digest()


def session(name: str = "s1", **fields: Any) -> KeptSession:
    given: dict[str, Any] = {
        "provider": "sso",
        "digest": digest(name),
        "id": name,
        "subject": "ada",
        "sid": "at-the-provider",
        "sealed": b"\x00sealed\xff",
        "created": NOW,
        "last_seen": NOW,
        "idle": 1800.0,
        "absolute_end": NOW + DAY,
    }
    return KeptSession(**given | fields)


def test_what_is_kept_is_given_to_its_cookie_alone(place: Place) -> None:
    async def script(sessions: SessionStore) -> None:
        await sessions.create(session())
        await sessions.create(session("s2", sid=None, subject="grüße\n"))
        assert await sessions.load("sso", digest("s1"), NOW) == session()
        assert await sessions.load("sso", digest("s2"), NOW) == session("s2", sid=None, subject="grüße\n")
        assert await sessions.load("sso", digest("s3"), NOW) is None
        assert await sessions.load("other", digest("s1"), NOW) is None

    place.play(script)


def test_it_outlives_a_restart(place: Place) -> None:
    async def before(sessions: SessionStore) -> None:
        await sessions.create(session())

    async def after(sessions: SessionStore) -> None:
        assert await sessions.load("sso", digest("s1"), NOW) == session()

    place.play(before)
    place.play(after)


def test_nobody_plants_a_session_under_the_cookie_of_another(place: Place) -> None:
    async def script(sessions: SessionStore) -> None:
        await sessions.create(session())
        with pytest.raises(AlreadyExists):
            await sessions.create(session(subject="mallory", id="s9"))
        assert (await sessions.load("sso", digest("s1"), NOW) or session("none")).subject == "ada"

    place.play(script)


def test_of_two_who_replace_a_version_one_is_told_that_it_was_late(place: Place) -> None:
    async def script(sessions: SessionStore) -> None:
        await sessions.create(session())
        outcomes = await asyncio.gather(
            *(sessions.replace("sso", digest("s1"), 1, sealed) for sealed in (b"one", b"two"))
        )
        assert sorted(outcomes, key=str) == [2, None]
        kept = await sessions.load("sso", digest("s1"), NOW)
        assert kept is not None
        assert (kept.version, kept.sealed) == (2, (b"one", b"two")[outcomes.index(2)])
        assert await sessions.replace("sso", digest("s1"), 2, b"three") == 3
        assert await sessions.replace("other", digest("s1"), 3, b"four") is None
        assert await sessions.replace("sso", digest("s2"), 1, b"five") is None

    place.play(script)


def test_a_session_ends_when_it_is_not_used(place: Place) -> None:
    async def script(sessions: SessionStore) -> None:
        await sessions.create(session())
        assert await sessions.load("sso", digest("s1"), NOW + 1799)
        assert await sessions.load("sso", digest("s1"), NOW + 1800) is None

    place.play(script)


def test_use_keeps_it_alive_until_its_absolute_end(place: Place) -> None:
    async def script(sessions: SessionStore) -> None:
        await sessions.create(session())
        await sessions.touch("sso", {digest("s1"): NOW + 1700, digest("unknown"): NOW}, 1800)
        assert await sessions.load("sso", digest("s1"), NOW + 3499)
        await sessions.touch("sso", {digest("s1"): NOW + 10}, 1800)  # late news of an earlier use
        await sessions.touch("other", {digest("s1"): NOW + 9999}, 1800)
        assert await sessions.load("sso", digest("s1"), NOW + 3499)
        assert await sessions.load("sso", digest("s1"), NOW + 3500) is None
        await sessions.touch("sso", {digest("s1"): NOW + DAY - 1}, 1800)
        assert await sessions.load("sso", digest("s1"), NOW + DAY) is None

    place.play(script)


def test_what_was_ended_is_gone(place: Place) -> None:
    async def script(sessions: SessionStore) -> None:
        await sessions.create(session())
        await sessions.end("other", digest("s1"))
        assert await sessions.load("sso", digest("s1"), NOW)
        await sessions.end("sso", digest("s1"))
        await sessions.end("sso", digest("s1"))
        assert await sessions.load("sso", digest("s1"), NOW) is None
        assert await sessions.replace("sso", digest("s1"), 1, b"back again") is None

    place.play(script)


@pytest.mark.parametrize(
    ("names", "left"),
    [
        ({"subject": "ada"}, {"b1", "x1"}),
        ({"sid": "one"}, {"a2", "x1"}),
        ({"sid": "one", "subject": "ada"}, {"a2", "b1", "x1"}),
        ({"subject": "Ada"}, {"a1", "a2", "b1", "x1"}),
        ({}, {"a1", "a2", "b1", "x1"}),
    ],
)
def test_all_of_a_subject_or_of_a_providers_session_end(place: Place, names: dict[str, Any], left: set[str]) -> None:
    async def script(sessions: SessionStore) -> None:
        everyone = [
            session("a1", sid="one"),
            session("a2", sid="two"),
            session("b1", subject="bob", sid="one"),
            session("x1", provider="other", sid="one"),
        ]
        for each in everyone:
            await sessions.create(each)
        assert await sessions.end_matching("sso", **names) == len(everyone) - len(left)
        found = [each for each in everyone if await sessions.load(each.provider, each.digest, NOW)]
        assert {each.id for each in found} == left

    place.play(script)


def test_the_oldest_session_of_a_subject_makes_room(place: Place) -> None:
    async def script(sessions: SessionStore) -> None:
        for number in range(MAX_PER_SUBJECT + 1):
            begun = NOW + number
            await sessions.create(session(f"s{number}", created=begun, last_seen=begun, absolute_end=begun + DAY))
        await sessions.create(session("b", subject="bob"))
        assert await sessions.load("sso", digest("s0"), NOW) is None
        assert await sessions.load("sso", digest("s1"), NOW)
        assert await sessions.count() == MAX_PER_SUBJECT + 1

    place.play(script)


def test_there_is_room_for_so_many_and_what_has_ended_makes_some(place: Place) -> None:
    async def script(sessions: SessionStore) -> None:
        for name in ("a", "b", "c"):
            await sessions.create(session(name, subject=name))
        with pytest.raises(SessionsFull):
            await sessions.create(session("d", subject="d"))
        await sessions.prune(NOW + DAY + 1)
        assert await sessions.count() == 0
        await sessions.create(session("d", subject="d"))

    place.play(script, most=3)


def test_they_are_listed_page_by_page_and_found_by_their_public_name(place: Place) -> None:
    async def script(sessions: SessionStore) -> None:
        for number in range(5):
            await sessions.create(session(f"s{number}", subject="bob" if number == 3 else "ada"))
        await sessions.create(session("old", idle=1.0))
        seen: list[str] = []
        after: str | None = ""
        while after is not None:
            page = await sessions.list("sso", "ada", NOW + 1, after, 2)
            seen += [each.id for each in page.sessions]
            after = page.after
        assert sorted(seen) == ["s0", "s1", "s2", "s4"]
        assert len((await sessions.list("sso", None, NOW + 1, "", 100)).sessions) == 5
        assert (await sessions.list("other", None, NOW, "", 100)).sessions == []
        assert await sessions.find("sso", "s3", NOW) == session("s3", subject="bob")
        assert await sessions.find("sso", "old", NOW + 1) is None
        assert await sessions.find("other", "s3", NOW) is None

    place.play(script)


@pytest.mark.parametrize(
    "bad",
    [
        {"sealed": b"x" * (MAX_SEALED + 1)},
        {"digest": b"short"},
        {"id": ""},
        {"id": "line\nend"},
        {"subject": "x" * 513},
        {"sid": "\0"},
    ],
)
def test_what_is_kept_is_bounded(place: Place, bad: dict[str, Any]) -> None:
    async def script(sessions: SessionStore) -> None:
        with pytest.raises(InvalidRecord):
            await sessions.create(replace(session(), **bad))
        assert await sessions.count() == 0

    place.play(script)


def test_a_valkey_that_is_gone_is_an_outage_and_comes_back_by_itself(valkey: ValkeyServer) -> None:
    async def script(sessions: SessionStore) -> None:
        await sessions.create(session("outage"))
        valkey.kill()
        with pytest.raises(StoreUnavailable) as caught:
            await sessions.load("sso", digest("outage"), NOW)
        assert PASSWORD not in str(caught.value)
        valkey.start()
        assert await sessions.load("sso", digest("outage"), NOW) is None  # it keeps nothing on a disk here
        await sessions.create(session("outage"))

    Place(valkey.url).play(script)


def test_a_valkey_that_stands_still_is_not_waited_for_again_and_again(valkey: ValkeyServer) -> None:
    async def run() -> None:
        now = [100.0]
        connection = ValkeyConnection(Servers(valkey.url), lambda: now[0], answer=0.02)
        sessions = ValkeySessions(connection)
        assert await sessions.load("sso", digest("slow"), NOW) is None
        said = []
        with valkey.frozen():
            for _ in range(FAILURES + 1):
                with pytest.raises(StoreUnavailable) as caught:
                    await sessions.load("sso", digest("slow"), NOW)
                said.append(str(caught.value))
        assert said[:-1] == ["Valkey does not answer: TimeoutError"] * FAILURES
        assert said[-1] == "the server has not answered lately"
        now[0] += OPEN_SECONDS
        assert await sessions.load("sso", digest("slow"), NOW) is None
        await connection.close()

    asyncio.run(run())


def test_the_breaker_opens_after_failures_in_a_row_and_tries_again() -> None:
    now = [100.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(FAILURES):
        breaker.check()
        breaker.failed()
    with pytest.raises(StoreUnavailable):
        breaker.check()
    now[0] += OPEN_SECONDS
    breaker.check()
    breaker.failed()
    with pytest.raises(StoreUnavailable):
        breaker.check()
    now[0] += OPEN_SECONDS
    breaker.succeeded()
    breaker.check()
