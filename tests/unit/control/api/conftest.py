"""The API over a real store, without a network."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from hotgate.config.secret import Secret
from hotgate.control.admin import admin_application
from hotgate.control.admin_tokens import AdminTokens
from hotgate.control.administration import Administration, Records
from hotgate.store.errors import StoreUnavailable
from hotgate.store.pepper import Peppers
from hotgate.store.sessions.sql_sessions import SqlSessions
from hotgate.store.store import Store
from unit.control.gateway_state import FakeState

TOKEN = "hga_token-of-the-tests-0123456789abcdef"
NOW = 1_800_000_000.0


class Api:
    """Asks as an operator with the token. now: the clock of the rules."""

    def __init__(self, store: Store | None) -> None:
        self.now = NOW
        self.is_reachable = True
        self._store = store
        self._records = None
        if store is not None:
            self.sessions = SqlSessions(store.database)
            kept = {"sso": self.sessions}
            self._records = Records.of(store, Peppers([b"p" * 32]), lambda: self.now, ["a", "b", "corp"], kept)
        self.state = FakeState()
        administration = Administration(self.state, self._opened)
        application = admin_application(administration, AdminTokens({"ops": Secret(TOKEN)}, lambda: b""))
        self._transport = httpx.ASGITransport(application)

    def _opened(self) -> Records | None:
        if not self.is_reachable:
            raise StoreUnavailable("gone")
        return self._records

    async def writes(self) -> int:
        """How often the store was written to."""
        return 0 if self._store is None else await self._store.database.sequence()

    async def ask(self, method: str, path: str, json: Any = None, **more: Any) -> httpx.Response:
        """path: below /api/v1. json: the body, if not None."""
        fields = [("authorization", f"Bearer {TOKEN}"), *more.pop("fields", [])]
        async with httpx.AsyncClient(transport=self._transport, base_url="http://127.0.0.1:9900") as client:
            return await client.request(method, f"/api/v1{path}", json=json, headers=fields, **more)

    async def made(self, path: str, **members: Any) -> dict[str, Any]:
        """What a POST has made."""
        answer = await self.ask("POST", path, members)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def shown(self, path: str) -> dict[str, Any]:
        """What a GET shows."""
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


Script = Callable[[Api], Awaitable[None]]
Play = Callable[[Script], None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Runs a script against the API over a store of its own."""

    def run(script: Script) -> None:
        async def with_store() -> None:
            store = await Store.open(f"sqlite:///{tmp_path / 'store.db'}")
            try:
                await script(Api(store))
            finally:
                await store.close()

        asyncio.run(with_store())

    return run


@pytest.fixture
def play_without_store() -> Play:
    """The same for a gateway without a store."""
    return lambda script: asyncio.run(_awaited(script(Api(None))))


async def _awaited(work: Awaitable[None]) -> None:
    await work


def wrong(answer: httpx.Response) -> dict[str, str]:
    """Of a refusal of the input: where → what."""
    assert answer.status_code == 422, answer.text
    return {error["pointer"]: error["detail"] for error in answer.json().get("errors", [])}
