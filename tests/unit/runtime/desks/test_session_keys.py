"""Keys of sessions are made when there are any, kept where nobody else may look, and turned while the gateway runs."""

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from hotgate.keys.sealing_ring import KNOWN_BEFORE, PERIOD, SealingRing
from hotgate.runtime.compiling.model import built_in_model
from hotgate.runtime.desks.session_keys import SessionKeys
from hotgate.runtime.folders.session_key_file import FILE_NAME, SessionKeysUnavailable
from hotgate.runtime.workers.channel import Message
from hotgate.testing import FakeClock

OIDC = {"oidc": {"issuer": "https://idp.test", "client": {"id": "g", "secret": "s" * 32}}}


class Scene:
    """The keys of a gateway whose file is in `folder`; `sent` is what workers got."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock(1_800_000_000.0)
        self.sent: list[Message] = []
        self.start()

    def start(self) -> None:
        """As a new control process."""
        self.keys = SessionKeys(self.sent.append, self.folder / "hotgate.yaml", self.clock)

    def follow(self, *, identity: dict[str, Any] | None = None, explain: bool = False, **sessions: Any) -> None:
        tree = {
            "admin": {"explain": explain},
            "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
            "store": {},
            "identity": {"sso": OIDC} if identity is None else identity,
            "sessions": sessions,
        }
        asyncio.run(self.keys.follow(built_in_model().model_validate(tree)))

    def tick(self) -> None:
        """One, and all that it begins."""

        async def tick() -> None:
            self.keys.tick()
            await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))

        asyncio.run(tick())

    @property
    def file(self) -> Path:
        return self.folder / "hotgate-state" / FILE_NAME

    @property
    def ids(self) -> list[str]:
        assert self.keys.message is not None
        return [key.id for key in SealingRing.from_message(self.keys.message).keys]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_without_logins_there_are_none(scene: Scene) -> None:
    scene.follow(identity={})
    assert (scene.keys.message, scene.sent, scene.file.exists()) == (None, [], False)


def test_they_are_made_once_and_kept_for_the_gateway_alone(scene: Scene) -> None:
    scene.follow()
    assert stat.S_IMODE(scene.file.stat().st_mode) == 0o600
    assert [message["type"] for message in scene.sent] == ["session_keys"]
    before = scene.ids
    scene.start()
    scene.follow()
    assert scene.ids == before


def test_they_are_turned_daily_and_workers_hear_of_it_before(scene: Scene) -> None:
    scene.follow()
    (first,) = scene.ids
    scene.tick()
    assert len(scene.sent) == 1
    scene.clock.advance(PERIOD - KNOWN_BEFORE)
    scene.tick()
    assert scene.ids[0] == first
    assert len(scene.ids) == 2
    assert len(scene.sent) == 2
    ring = SealingRing.from_message(scene.sent[-1]["keys"])
    assert ring.sealing_at(scene.clock()).id == first
    assert ring.sealing_at(scene.clock() + KNOWN_BEFORE).id != first
    scene.clock.advance(KNOWN_BEFORE + 12 * 3600)
    scene.tick()
    assert first not in scene.ids
    assert json.loads(scene.file.read_text()) == scene.keys.message


def test_given_keys_are_used_as_they_are(scene: Scene) -> None:
    scene.follow(keys=["a" * 32, "b" * 32])
    assert len(scene.ids) == 2
    scene.clock.advance(10 * PERIOD)
    scene.tick()
    assert len(scene.ids) == 2
    assert not scene.file.exists()


def test_a_folder_that_cannot_be_written_delays_the_turn(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.follow()
    before = scene.ids
    scene.file.parent.chmod(0o755)
    scene.file.unlink()
    scene.file.mkdir()
    scene.clock.advance(PERIOD)
    scene.tick()
    scene.tick()
    assert scene.ids == before
    assert [record.getMessage().partition(":")[0] for record in caplog.records if record.levelname == "ERROR"] == [
        "the keys of sessions are not changed"
    ]


@pytest.mark.parametrize("content", ["{}", "[]", "[1]", '[{"secret": "00", "seals_from": 1}]', "x"])
def test_a_damaged_file_is_refused_and_says_what_helps(scene: Scene, content: str) -> None:
    scene.follow()
    scene.file.write_text(content)
    scene.start()
    with pytest.raises(SessionKeysUnavailable, match="remove it"):
        scene.follow()


def test_there_are_some_where_answers_are_explained_though_nobody_logs_in(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.follow(identity={})
    assert scene.keys.message is None
    scene.follow(identity={}, explain=True)
    assert scene.keys.message is not None
