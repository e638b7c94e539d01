"""What the control process finds out about targets, and tells the workers."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from hotgate.runtime.compiling.model import built_in_model
from hotgate.runtime.desks import targets as module
from hotgate.runtime.desks.targets import Targets
from hotgate.runtime.workers.channel import Message

MODEL = built_in_model()


class Scene:
    """told: what workers were sent."""

    def __init__(self) -> None:
        self.told: list[Message] = []
        self.targets = Targets(self.told.append)

    def hosts(self) -> dict[str, Any]:
        """The addresses that a new worker would be told."""
        return dict(self.targets.report()["addresses"])


def config(*urls: str, **keys: Any) -> Any:
    upstreams = {"api": {"targets": list(urls), **keys}}
    return MODEL.model_validate({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "upstreams": upstreams})


def play(script: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        scene = Scene()
        await script(scene)
        await scene.targets.stop()

    asyncio.run(run())


def test_names_are_known_before_it_goes_on_and_told_to_all() -> None:
    async def script(scene: Scene) -> None:
        await scene.targets.follow(config("http://a.localhost:80", "http://192.0.2.1:80"))
        assert scene.hosts() == {"a.localhost": ("127.0.0.1", "::1")}
        assert scene.told == [{"type": "targets", "healthy": {}, "addresses": scene.hosts()}]

    play(script)


def test_names_of_a_configuration_to_come_are_added_and_others_go_when_it_is_there() -> None:
    async def script(scene: Scene) -> None:
        await scene.targets.follow(config("http://a.localhost:80"))
        await scene.targets.add(config("http://b.localhost:80"))
        assert set(scene.hosts()) == {"a.localhost", "b.localhost"}
        await scene.targets.follow(config("http://b.localhost:80"))
        assert set(scene.hosts()) == {"b.localhost"}

    play(script)


def test_a_refused_configuration_leaves_what_there_was() -> None:
    async def script(scene: Scene) -> None:
        old = config("http://a.localhost:80")
        await scene.targets.follow(old)
        await scene.targets.add(config("http://b.localhost:80"))
        await scene.targets.follow(old)
        assert set(scene.hosts()) == {"a.localhost"}

    play(script)


def test_a_name_that_takes_long_does_not_hold_up_a_start(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(scene: Scene) -> None:
        async def hangs(name: str) -> Any:
            await asyncio.Event().wait()

        monkeypatch.setattr(module, "FIRST_ANSWERS", 0.01)
        await scene.targets._resolver.use(hangs)
        await scene.targets.follow(config("http://a.test:80"))
        assert scene.hosts() == {}
        assert scene.targets.names() == [{"name": "a.test", "addresses": [], "last_error": None}]

    play(script)


def test_only_upstreams_with_health_are_checked() -> None:
    async def script(scene: Scene) -> None:
        await scene.targets.follow(config("http://127.0.0.1:9", "http://127.0.0.1:10", health={"tcp": True}))
        assert [state["target"] for state in scene.targets.health()] == ["http://127.0.0.1:9", "http://127.0.0.1:10"]
        assert scene.targets.report()["healthy"] == {}  # nothing is known yet
        await scene.targets.follow(config("http://127.0.0.1:9"))
        assert scene.targets.health() == []

    play(script)
