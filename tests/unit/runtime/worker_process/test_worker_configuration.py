import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from hotgate.identity.verification_keys.key_sets import KeySets
from hotgate.keys.key_ring import RingHolder
from hotgate.keys.sealing_ring import SealingRingHolder
from hotgate.runtime.compiling.configuration import Configuration
from hotgate.runtime.worker_process import worker_configuration
from hotgate.runtime.worker_process.worker_configuration import WorkerConfiguration
from hotgate.runtime.workers.channel import Message
from hotgate.store.credentials import Credentials, CredentialSettings
from hotgate.store.errors import StoreUnavailable
from hotgate.store.pepper import Peppers

TICKETS = {"store": None, "ticket_key": "0a0b", "signing_keys": None, "session_keys": None}


class FakeDataPlane:
    """Prepares any tree but `bad`; a snapshot is the tree itself."""

    def __init__(self) -> None:
        self.committed: list[Any] = []
        self.ticket_key = b""

    def use_ticket_key(self, key: bytes) -> None:
        self.ticket_key = key

    def prepare(self, config: Any, services: Any) -> Any:
        if config == "bad":
            raise ValueError("bad tree")
        if config == "bug":
            raise RuntimeError("bug")
        return config

    def commit(self, snapshot: Any) -> None:
        self.committed.append(snapshot)


class Scene:
    """The configuration of a worker, and the answers it sends."""

    def __init__(self) -> None:
        self.data_plane = FakeDataPlane()
        self.answers: asyncio.Queue[Message] = asyncio.Queue()
        self.commits = 0
        self.signing = RingHolder()
        self.sealing = SealingRingHolder()
        self.credentials = Credentials()
        self.configuration = WorkerConfiguration(
            self.data_plane,  # type: ignore[arg-type]
            KeySets(),
            self.signing,
            self.sealing,
            self.credentials,
            self.answers.put_nowait,
            self._committed,
        )

    def _committed(self) -> None:
        self.commits += 1

    async def prepare(self, revision: int, tree: str) -> Message:
        self.configuration.prepare({"type": "prepare", "revision": revision, "tree": tree, "key_sets": {}, **TICKETS})
        return await self.answers.get()


@pytest.fixture(autouse=True)
def _no_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_configuration, "validated", lambda tree: tree)


def play(script: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        await script(Scene())

    asyncio.run(run())


def test_nothing_changes_before_the_commit() -> None:
    async def script(scene: Scene) -> None:
        answer = await scene.prepare(1, "one")
        assert answer == {"type": "prepared", "revision": 1, "ok": True, "error": ""}
        assert scene.data_plane.committed == []
        scene.configuration.commit(1)
        assert scene.data_plane.committed == ["one"]
        assert scene.configuration.revision == 1
        assert scene.commits == 1

    play(script)


@pytest.mark.parametrize("tree", ["bad", "bug"])
def test_a_tree_that_cannot_be_prepared_is_refused_and_cannot_be_committed(tree: str) -> None:
    async def script(scene: Scene) -> None:
        answer = await scene.prepare(1, tree)
        assert answer["ok"] is False
        assert tree in answer["error"]
        scene.configuration.commit(1)
        assert scene.data_plane.committed == []

    play(script)


def test_an_aborted_revision_cannot_be_committed() -> None:
    async def script(scene: Scene) -> None:
        await scene.prepare(1, "one")
        scene.configuration.abort(1)
        scene.configuration.commit(1)
        assert scene.data_plane.committed == []

    play(script)


def test_an_abort_while_it_is_being_prepared_counts() -> None:
    async def script(scene: Scene) -> None:
        scene.configuration.prepare({"type": "prepare", "revision": 1, "tree": "one", "key_sets": {}, **TICKETS})
        scene.configuration.abort(1)
        await scene.answers.get()
        scene.configuration.commit(1)
        assert scene.data_plane.committed == []

    play(script)


def test_a_late_abort_of_another_revision_is_ignored() -> None:
    async def script(scene: Scene) -> None:
        await scene.prepare(2, "two")
        scene.configuration.abort(1)
        scene.configuration.commit(2)
        assert scene.data_plane.committed == ["two"]

    play(script)


def test_only_what_was_prepared_last_can_be_committed() -> None:
    async def script(scene: Scene) -> None:
        await scene.prepare(1, "one")
        await scene.prepare(2, "two")
        scene.configuration.commit(1)
        assert scene.data_plane.committed == []

    play(script)


def test_keys_that_make_no_sense_do_not_stop_a_configuration() -> None:
    async def script(scene: Scene) -> None:
        message = {"type": "prepare", "revision": 1, "tree": "one", "key_sets": {"corp": {"keys": "x"}}, **TICKETS}
        scene.configuration.prepare(message)
        assert (await scene.answers.get())["ok"] is True

    play(script)


def test_a_store_is_read_from_one_commit_to_another(tmp_path: Path) -> None:
    settings = CredentialSettings(tmp_path / "missing.db", Peppers([b"p" * 32]), 60.0, 10, is_replica=False)

    async def script(scene: Scene) -> None:
        message: Message = {"type": "prepare", "revision": 1, "tree": "one", "key_sets": {}, **TICKETS}
        scene.configuration.prepare({**message, "store": settings.message()})
        assert (await scene.answers.get())["ok"]
        with pytest.raises(StoreUnavailable):
            _ = scene.credentials.peppers
        scene.configuration.commit(1)
        assert scene.credentials.peppers.digest(b"key") == settings.peppers.digest(b"key")
        scene.configuration.prepare({**message, "revision": 2})
        assert (await scene.answers.get())["ok"]
        scene.configuration.commit(2)
        with pytest.raises(StoreUnavailable):
            _ = scene.credentials.peppers

    play(script)


def test_the_address_of_the_store_stays_in_the_control_process() -> None:
    tree = {"workers": 1, "store": {"url": "postgresql://u:hunter2@h/x", "pepper": "p"}}
    frame = Configuration(1, tree, None, 0.0).prepare_frame({})
    assert b"hunter2" not in frame
    assert b'"pepper"' in frame
