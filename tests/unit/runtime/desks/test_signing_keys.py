"""Keys are made when somebody needs them, kept where nobody else may look, and take turns while the gateway runs."""

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from hotgate.keys.key_ring import KeyRing
from hotgate.keys.signing_key import SigningKey
from hotgate.runtime.compiling.model import built_in_model
from hotgate.runtime.desks.signing_keys import SigningKeys
from hotgate.runtime.folders.signing_key_file import FILE_NAME, SigningKeyFile, SigningKeysUnavailable
from hotgate.runtime.workers.channel import Message
from hotgate.testing import FakeClock

DAY = 86400.0


class Scene:
    """The keys of a gateway whose file is in `folder`; `sent` is what workers got."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock(1_800_000_000.0)
        self.sent: list[Message] = []
        self.start()

    def start(self) -> None:
        """As a new control process."""
        self.keys = SigningKeys(self.sent.append, self.folder / "hotgate.yaml", self.clock)

    def follow(self, *, uses: bool = True, **assertion: Any) -> None:
        route = {"name": "r", "match": {"path": "/"}, "public": True, "upstream": "u"}
        if uses:
            route["assertion"] = {}
        tree = {
            "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
            "upstreams": {"u": {"targets": ["http://127.0.0.1:1"]}},
            "routes": [route],
            "assertion": assertion,
        }
        asyncio.run(self.keys.follow(built_in_model().model_validate(tree)))

    def tick(self) -> None:
        """One, and all that it begins."""

        async def tick() -> None:
            self.keys.tick()
            await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))

        asyncio.run(tick())

    def rotate(self) -> str:
        return asyncio.run(self.keys.rotate())

    @property
    def file(self) -> Path:
        return self.folder / "hotgate-state" / FILE_NAME

    @property
    def signing(self) -> SigningKey:
        message = self.keys.message
        assert message is not None
        return KeyRing.from_message(message).signing_at(self.clock())


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_gateway_that_signs_nothing_has_no_keys_and_no_folder(scene: Scene) -> None:
    scene.follow(uses=False)
    scene.tick()
    assert scene.keys.message is None
    assert json.loads(scene.keys.jwks) == {"keys": []}
    assert list(scene.folder.iterdir()) == []


def test_they_are_kept_for_the_next_start_and_for_nobody_else(scene: Scene) -> None:
    scene.follow()
    first = scene.signing.kid
    assert scene.file.stat().st_mode & 0o777 == 0o600
    scene.start()
    scene.follow()
    assert scene.signing.kid == first
    assert scene.signing.pem not in repr(scene.keys.__dict__)


def test_they_take_turns_and_workers_are_told(scene: Scene) -> None:
    scene.follow(rotate="1d")
    first, told = scene.signing.kid, len(scene.sent)
    scene.tick()
    assert len(scene.sent) == told
    scene.clock.advance(DAY - 3600)
    scene.tick()
    scene.tick()
    assert len(scene.sent) == told + 1
    assert KeyRing.from_message(scene.sent[-1]["keys"]).message == scene.keys.message
    assert scene.signing.kid == first
    scene.clock.advance(3600)
    assert scene.signing.kid != first
    scene.clock.advance(3600)
    scene.tick()
    assert first not in scene.keys.jwks.decode()
    assert json.loads(scene.file.read_bytes()) == scene.keys.message


def test_an_operator_may_rotate_early(scene: Scene) -> None:
    scene.follow()
    first = scene.signing.kid
    assert scene.rotate() == ""
    assert scene.signing.kid == first
    scene.clock.advance(3600)
    assert scene.signing.kid != first
    scene.start()
    scene.follow()
    assert scene.signing.kid != first


def test_two_who_rotate_at_once_do_it_one_after_the_other(scene: Scene) -> None:
    scene.follow(rotate="1d")
    scene.clock.advance(DAY - 3600)
    told = len(scene.sent)

    async def all_at_once() -> list[str]:
        scene.keys.tick()
        scene.keys.tick()
        return list(await asyncio.gather(scene.keys.rotate(), scene.keys.rotate()))

    assert asyncio.run(all_at_once()) == ["", ""]
    assert len(scene.sent) == told + 1  # whoever comes second finds that a key waits already
    assert scene.sent[-1]["keys"] == scene.keys.message == json.loads(scene.file.read_bytes())


def test_keys_are_made_and_written_beside_the_event_loop(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    writers: list[threading.Thread] = []

    def keep(_: SigningKeyFile, ring: KeyRing) -> None:
        writers.append(threading.current_thread())

    monkeypatch.setattr(SigningKeyFile, "keep", keep)
    scene.follow(rotate="1d")
    scene.rotate()
    scene.clock.advance(2 * DAY)
    scene.tick()
    assert len(writers) == 2
    assert threading.main_thread() not in writers


def test_there_is_nothing_to_rotate_without_keys_of_its_own(scene: Scene) -> None:
    scene.follow(uses=False)
    assert "no route" in scene.rotate()
    scene.follow(keys=[SigningKey.generate("ES256").pem])
    assert "assertion.keys" in scene.rotate()


def test_given_keys_are_used_and_none_is_written(scene: Scene) -> None:
    given = [SigningKey.generate("RS256"), SigningKey.generate("ES256")]
    scene.follow(keys=[key.pem for key in given])
    assert scene.signing.kid == given[0].kid
    assert len(json.loads(scene.keys.jwks)["keys"]) == 2
    scene.clock.advance(400 * DAY)
    scene.tick()
    assert scene.signing.kid == given[0].kid
    assert not scene.file.exists()


@pytest.mark.parametrize("content", ["", "{}", "[]", "nonsense", '[{"pem": "x", "signs_from": 0}]'])
def test_a_damaged_file_is_not_replaced_by_other_keys(scene: Scene, content: str) -> None:
    scene.follow()
    scene.file.write_text(content)
    scene.start()
    with pytest.raises(SigningKeysUnavailable):
        scene.follow()
    assert scene.file.read_text() == content


def test_a_file_that_others_may_read_is_refused(scene: Scene) -> None:
    scene.follow()
    scene.file.chmod(0o644)
    scene.start()
    with pytest.raises(SigningKeysUnavailable, match="0600"):
        scene.follow()


def test_a_folder_that_cannot_be_written_delays_the_rotation(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.follow(rotate="1d")
    first = scene.signing.kid
    scene.file.chmod(0o644)
    scene.clock.advance(2 * DAY)
    scene.tick()
    scene.tick()
    assert caplog.text.count("not rotated") == 1
    assert scene.signing.kid == first
    scene.file.chmod(0o600)
    scene.clock.advance(60)
    scene.tick()
    assert len(json.loads(scene.keys.jwks)["keys"]) == 2
