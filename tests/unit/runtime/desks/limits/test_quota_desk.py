"""Quotas between the authority and the database: batches, failures, resets, the end."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from hotgate.limits.lease_request import LeaseRequest
from hotgate.limits.limit import Limit
from hotgate.limits.quotas import supplies
from hotgate.limits.quotas.calendar import Calendar
from hotgate.limits.report import Report
from hotgate.runtime.desks.limits import quota_desk
from hotgate.runtime.desks.limits.lease_desk import LeaseDesk
from hotgate.runtime.desks.limits.limit_commands import answer_limits
from hotgate.runtime.desks.limits.limit_operations import LimitOperations
from hotgate.runtime.desks.limits.quota_desk import QuotaDesk
from hotgate.store.database import Database
from hotgate.store.errors import StoreUnavailable
from hotgate.store.quotas import QuotaWant, SqlQuotas
from unit.runtime.explaining.asking import written

LIMIT = Limit("quota/r", quota=100, window=86400, kind="period", calendar=Calendar("day@UTC"))


class Worker:
    """A worker's handle, as far as the desk uses it."""

    def __init__(self) -> None:
        self.process = self
        self.pid = 7
        self.heard: list[dict[str, Any]] = []
        self.has_heard = asyncio.Event()

    def send_soon(self, message: dict[str, Any]) -> None:
        self.heard.append(message)
        self.has_heard.set()


class Desks:
    """Both desks over a database of their own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.quotas = SqlQuotas(database)
        self.is_up = True
        self.has_failed = asyncio.Event()
        self.leases = LeaseDesk(lambda: 0.0, lambda _: None, [])
        self.desk = QuotaDesk(self.leases, self._place)
        self.operations = LimitOperations(self.leases.authority, self.desk)
        self.worker = Worker()
        self.asked = 0
        self._say({"type": "hello", "limits": Report().message()})

    async def _place(self) -> SqlQuotas:
        if not self.is_up:
            self.has_failed.set()
            raise StoreUnavailable("the disk is full")
        return self.quotas

    def _say(self, message: dict[str, Any]) -> None:
        self.leases.received(cast(Any, self.worker), message)

    def ask(self, key: str, need: int = 1) -> None:
        self.asked += 1
        self._say(LeaseRequest(LIMIT, key, need=need, least=need).message(self.asked))

    async def lease(self, key: str = "p\0corp\0alice", need: int = 1) -> int | None:
        """Tokens, or None where there is no answer."""
        self.worker.has_heard.clear()
        self.ask(key, need)
        if not self.is_up:
            await self.has_failed.wait()
            return None
        await self.worker.has_heard.wait()
        return int(self.worker.heard[-1]["granted"])


def play(folder: Path, script: Callable[[Desks], Awaitable[None]]) -> None:
    async def run() -> None:
        database = await Database.open(f"sqlite:///{folder / 'quotas.db'}")
        try:
            await script(Desks(database))
        finally:
            await database.close()

    asyncio.run(run())


def test_requests_are_answered_when_their_tokens_are_written_down(tmp_path: Path) -> None:
    async def script(desks: Desks) -> None:
        assert await desks.lease(need=30) == 30
        (use,) = await desks.operations.quotas("", "corp/al")
        assert (use["key"], use["used"], use["limit"]) == ("p/corp/alice", 30, 100)
        found = await desks.quotas.find("quota/r", "p/corp/alice")
        assert found is not None
        assert found.used > 30

    play(tmp_path, script)


QUOTAS = """\
routes:
  - {name: r, match: {path: /r}, public: true, respond: {}, quota: {limit: 70, per: day}}
  - name: s
    match: {path: /s}
    public: true
    respond: {}
    quota: [{name: a, limit: 5, per: day}, {share: all, limit: 6, per: month}]
"""


def test_how_large_a_quota_is_stands_in_the_file(tmp_path: Path) -> None:
    """Whether anybody has used it since the start or not."""
    config = written(tmp_path, QUOTAS).config

    async def script(desks: Desks) -> None:
        ends = LIMIT.calendar.period(LIMIT.calendar.now())[1] if LIMIT.calendar else 0.0
        scopes = ("quota/r", "quota/s/a", "shared-quota/all", "quota/gone")
        await desks.quotas.take([QuotaWant(scope, "k", "day@UTC", ends, 9, 1, ends - 1) for scope in scopes])
        desks.operations.follow(config)
        shown = {each["quota"]: each["limit"] for each in await desks.operations.quotas()}
        assert shown == {"quota/r": 70, "quota/s/a": 5, "shared-quota/all": 6, "quota/gone": None}

    play(tmp_path, script)


def test_without_the_database_nothing_is_given_out_and_later_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota_desk, "PAUSE", 0.0)

    async def script(desks: Desks) -> None:
        desks.is_up = False
        assert await desks.lease() is None
        desks.is_up = True
        asyncio.get_running_loop().call_soon(desks.desk.tick)
        assert await desks.lease() == 1

    play(tmp_path, script)


def test_keys_without_a_place_do_not_take_the_places_of_those_who_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supplies, "MAX_WANTED", 2)

    async def script(desks: Desks) -> None:
        await desks.lease("known")
        desks.quotas = SqlQuotas(desks.database, most=1)
        for key in ("a", "b", "c"):
            desks.ask(key)
            await asyncio.sleep(0)  # the desk has begun to fetch,
            await desks.desk.reset("quota/r", "nobody")  # and is done
        assert not any(message.get("must_wait") for message in desks.worker.heard)

    play(tmp_path, script)


def test_what_was_not_lent_comes_back_at_the_end(tmp_path: Path) -> None:
    async def script(desks: Desks) -> None:
        await desks.lease(need=30)
        await desks.desk.stop()
        found = await desks.quotas.find("quota/r", "p/corp/alice")
        assert found is not None
        assert found.used == 30

    play(tmp_path, script)


def test_what_was_used_before_a_restart_is_not_taken_for_unused(tmp_path: Path) -> None:
    async def before(desks: Desks) -> None:
        await desks.lease(need=30)
        await desks.desk.stop()

    async def after(desks: Desks) -> None:
        await desks.lease(key="p\0corp\0bob")
        (use,) = await desks.operations.quotas("", "corp/alice")
        assert use["used"] == 30
        assert desks.leases.peek(LIMIT, "p\0corp\0alice") is None
        assert await desks.desk.left(LIMIT, "p\0corp\0alice") == 70
        assert await desks.desk.left(LIMIT, "p\0corp\0carol") == 100
        assert desks.leases.peek(LIMIT, "p\0corp\0bob") is not None

    play(tmp_path, before)
    play(tmp_path, after)


def test_a_reset_and_a_fetch_do_not_meet(tmp_path: Path) -> None:
    async def script(desks: Desks) -> None:
        for _ in range(5):
            await asyncio.gather(desks.lease(need=40), desks.operations.reset_quota("quota/r", "p/corp/alice"))
            desks.leases.authority.give_back("7", "quota/r", "p\0corp\0alice", tokens=0, held=0)
        await desks.operations.reset_quota("quota/r", "p/corp/alice")
        given = [await desks.lease(need=10) for _ in range(12)]
        assert sum(each or 0 for each in given) == 100
        assert not await desks.operations.reset_quota("quota/r", "nobody")

    play(tmp_path, script)


def test_a_quota_is_reset_where_it_is_counted_also_as_a_limit(tmp_path: Path) -> None:
    async def script(desks: Desks) -> None:
        await desks.lease(need=100)
        await desks.lease()
        (limited,) = desks.operations.limited()
        assert await answer_limits(desks.operations, {"type": "reset_limit", **limited}) == {"reason": ""}
        assert await desks.quotas.find("quota/r", limited["key"]) is None
        desks.is_up = False
        told = await answer_limits(desks.operations, {"type": "reset_limit", **limited})
        assert told == {"reason": "quotas cannot be read: the disk is full"}

    play(tmp_path, script)
