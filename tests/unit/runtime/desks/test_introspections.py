"""Which servers are asked about tokens, as configurations come and go."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from hotgate.config.gateway import Gateway
from hotgate.policies.introspection.settings import IntrospectionSettings
from hotgate.runtime.desks.introspections import Introspections
from hotgate.runtime.desks.keys import Keys

BASE: dict[str, Any] = {
    "endpoint": "http://127.0.0.1:9/introspect",
    "audience": "api",
    "client": {"id": "gw", "secret": "old"},
}


def config(**entries: dict[str, Any]) -> Gateway:
    identity = {
        name: SimpleNamespace(
            mechanism="introspection", settings=IntrospectionSettings.model_validate({**BASE, **changes})
        )
        for name, changes in entries.items()
    }
    identity["keys"] = SimpleNamespace(mechanism="api_key", settings=None)
    return cast(Gateway, SimpleNamespace(identity=identity))


def source(name: str, **changes: Any) -> str:
    return IntrospectionSettings.model_validate({**BASE, **changes}).source(name)


class Endpoint:
    """Stands where calls go out. secrets: what the gateway has shown."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[httpx.Request] = []
        self.body: dict[str, Any] = {"active": True, "sub": "ada"}
        real = httpx.AsyncClient

        def client(**arguments: Any) -> httpx.AsyncClient:
            return real(**{**arguments, "transport": httpx.MockTransport(self._answer)})

        monkeypatch.setattr(httpx, "AsyncClient", client)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        body = httpx.Response(200, json=self.body).content
        return httpx.Response(200, headers={"content-type": "application/json"}, stream=httpx.ByteStream(body))


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    return Endpoint(monkeypatch)


def play(script: Callable[[Introspections], Awaitable[None]], folder: Path) -> None:
    async def played() -> None:
        keys = Keys(lambda message: None, folder)
        desk = Introspections(keys)
        await script(desk)
        await desk.stop()
        await keys.stop()

    asyncio.run(played())


def test_unchanged_servers_keep_what_they_know(endpoint: Endpoint, tmp_path: Path) -> None:
    async def script(desk: Introspections) -> None:
        desk.follow(config(opaque={}))
        question = {"source": source("opaque"), "token": "t"}
        assert (await desk.answer(question))["active"] is True
        desk.add(config(opaque={}, other={}))
        desk.follow(config(opaque={}))
        assert (await desk.answer(question))["active"] is True
        assert len(endpoint.asked) == 1
        (state,) = desk.state()
        assert state == {"provider": "opaque", "results": {"active": 1, "cached": 1}, "circuit_open": False}

    play(script, tmp_path)


def test_changed_settings_take_effect_and_counts_go_on(endpoint: Endpoint, tmp_path: Path) -> None:
    async def script(desk: Introspections) -> None:
        desk.follow(config(opaque={}))
        question = {"source": source("opaque"), "token": "t"}
        await desk.answer(question)
        desk.add(config(opaque={"client": {"id": "gw", "secret": "new"}}))
        await desk.answer(question)
        assert len({request.headers["authorization"] for request in endpoint.asked}) == 2
        assert desk.state()[0]["results"] == {"active": 2}

    play(script, tmp_path)


def test_before_a_configuration_is_in_force_both_servers_are_known(endpoint: Endpoint, tmp_path: Path) -> None:
    async def script(desk: Introspections) -> None:
        desk.follow(config(opaque={}))
        desk.add(config(opaque={"client": {"id": "other", "secret": "s"}}))
        for each in (source("opaque"), source("opaque", client={"id": "other", "secret": "s"})):
            assert (await desk.answer({"source": each, "token": "t"}))["active"] is True
        desk.follow(config())
        with pytest.raises(KeyError):
            await desk.answer({"source": source("opaque"), "token": "t"})
        assert desk.state() == []

    play(script, tmp_path)


def test_two_entries_never_share_an_answer(endpoint: Endpoint, tmp_path: Path) -> None:
    async def script(desk: Introspections) -> None:
        desk.follow(config(one={}, two={}))
        assert (await desk.answer({"source": source("one"), "token": "t"}))["active"] is True
        endpoint.body = {"active": False}
        assert (await desk.answer({"source": source("two"), "token": "t"}))["active"] is False

    play(script, tmp_path)
