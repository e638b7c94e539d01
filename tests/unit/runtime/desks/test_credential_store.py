"""The store in the control process, through starts, reloads and outages."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from hotgate.config.errors import ConfigurationErrors
from hotgate.config.loader import Loaded, load
from hotgate.config.models import gateway_model
from hotgate.policies import MECHANISMS
from hotgate.runtime.desks.credential_store import CredentialStore
from hotgate.runtime.folders.state_directory import StateDirectory
from hotgate.runtime.workers.channel import Message
from hotgate.store.errors import StoreUnavailable
from hotgate.store.records import Consumer, StoredKey
from hotgate.store.store import Store

MODEL = gateway_model((), ())
PEPPER, OTHER = "p" * 32, "q" * 32


class Scene:
    """told: what workers were sent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[Message] = []
        self.credentials = CredentialStore(self.told.append, folder / "hotgate.yaml")

    def loaded(self, store: str) -> Loaded:
        file = self.folder / "hotgate.yaml"
        file.write_text(f'listeners: [{{name: web, bind: "127.0.0.1:0"}}]\nstore: {store}\n')
        return load(file, MODEL, {})

    async def follow(self, store: str) -> Store:
        await self.credentials.follow(self.loaded(store))
        opened = self.credentials.store
        assert opened is not None
        return opened

    def told_path(self) -> str:
        """Where workers were last told to look."""
        return str(self.told[-1]["path"])


def play(folder: Path, script: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        scene = Scene(folder)
        try:
            await script(scene)
        finally:
            await scene.credentials.stop()

    asyncio.run(run())


def test_workers_are_told_where_to_look_and_with_which_pepper(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        loaded = scene.loaded(f"{{pepper: {PEPPER}, max_stale: 5s, cache: 7}}")
        await scene.credentials.add(loaded)
        assert scene.credentials.message(loaded.config) == {
            "path": f"{tmp_path}/hotgate-state/hotgate.db",
            "peppers": [PEPPER.encode().hex()],
            "max_stale": 5.0,
            "cache": 7,
            "is_replica": False,
        }
        assert scene.credentials.store is None  # it is not in force yet

    play(tmp_path, script)


def test_the_pepper_is_made_and_written_beside_the_event_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writers: list[threading.Thread] = []

    def secret(self: StateDirectory, name: str, make: Callable[[], bytes]) -> bytes:
        writers.append(threading.current_thread())
        return make()

    async def script(scene: Scene) -> None:
        monkeypatch.setattr(StateDirectory, "secret", secret)
        await scene.follow("{}")

    play(tmp_path, script)
    assert len(writers) == 1
    assert threading.main_thread() not in writers


def test_whose_tokens_can_be_revoked_follows_the_configuration(tmp_path: Path) -> None:
    jwt = 'jwt: {issuer: "https://idp.test", audience: a, jwks_url: "https://idp.test/jwks"}'
    opaque = 'introspection: {issuer: "https://idp.test", audience: a, client: {id: gateway, secret: s}}'
    model = gateway_model((), MECHANISMS)

    def loaded(identity: str) -> Loaded:
        file = tmp_path / "hotgate.yaml"
        file.write_text(f'listeners: [{{name: web, bind: "127.0.0.1:0"}}]\nstore: {{}}\nidentity: {identity}\n')
        return load(file, model, {})

    async def script(scene: Scene) -> None:
        await scene.credentials.follow(loaded(f"{{corp: {{{jwt}}}, partners: {{api_key: {{managed: true}}}}}}"))
        assert list(scene.credentials.token_providers) == ["corp"]
        await scene.credentials.follow(loaded(f"{{shop: {{{jwt}}}, opaque: {{{opaque}}}}}"))
        assert list(scene.credentials.token_providers) == ["shop", "opaque"]
        people = 'ldap: {url: "ldaps://ldap.test", user_dn: "uid={name},dc=test"}'
        await scene.credentials.follow(loaded(f"{{staff: {{basic: {{}}}}, people: {{{people}}}}}"))
        assert list(scene.credentials.token_providers) == ["staff", "people"]

    play(tmp_path, script)


def test_without_a_store_there_is_nothing_to_tell(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        loaded = scene.loaded("null")
        await scene.credentials.follow(loaded)
        assert scene.credentials.message(loaded.config) is None
        assert scene.credentials.store is None
        assert scene.credentials.state() is None
        assert scene.told_path() == ""

    play(tmp_path, script)


def test_each_write_makes_workers_look(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        store = await scene.follow("{}")
        before = len(scene.told)
        await store.add_consumer(Consumer("acme"))
        assert scene.told[before:] == [{"type": "store_changed", "path": f"{tmp_path}/hotgate-state/hotgate.db"}]

    play(tmp_path, script)


def test_what_a_command_changes_is_a_line_of_the_audit(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "hotgate.audit")

    async def script(scene: Scene) -> None:
        store = await scene.follow("{}")
        await store.add_consumer(Consumer("acme"))
        command = await Store.open(f"sqlite:///{tmp_path}/hotgate-state/hotgate.db")
        await command.change_consumer("acme", is_disabled=True)
        await command.close()

    play(tmp_path, script)
    lines = [(record.msg, vars(record)["facts"]) for record in caplog.records if record.name == "hotgate.audit"]
    assert lines == [("change-store", {"by": "another process", "subject": "consumer acme"})]


def test_a_reload_moves_to_another_store_and_keeps_an_unchanged_one_open(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        first = await scene.follow("{}")
        assert await scene.follow("{max_stale: 5s}") is first
        await scene.credentials.add(scene.loaded("{url: 'sqlite:///other.db'}"))
        assert scene.credentials.store is first
        second = await scene.follow("{url: 'sqlite:///other.db'}")
        assert second is not first
        assert scene.told_path() == f"{tmp_path}/other.db"
        await scene.credentials.follow(scene.loaded("null"))
        assert scene.credentials.store is None

    play(tmp_path, script)


@pytest.mark.parametrize("harm", ["folder", "damaged", "public"])
def test_a_store_that_cannot_be_opened_is_an_error_with_its_place(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "x.db"
    path.mkdir() if harm == "folder" else path.write_bytes(b"x" * 5000)
    path.chmod(0o644 if harm == "public" else 0o600)

    async def script(scene: Scene) -> None:
        with pytest.raises(ConfigurationErrors, match=r"hotgate\.yaml:2:8: store: "):
            await scene.follow("{url: 'sqlite:///x.db'}")

    play(tmp_path, script)


def test_a_server_that_is_down_does_not_keep_a_gateway_from_starting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def script(scene: Scene) -> None:
        text = f"{{url: 'postgresql://user:hunter2@127.0.0.1:1/db', pepper: {PEPPER}}}"
        loaded = scene.loaded(text)
        store = await scene.follow(text)
        message = scene.credentials.message(loaded.config)
        assert message is not None
        assert message["is_replica"]
        state = scene.credentials.state()
        assert state is not None
        assert state["place"] == "PostgreSQL, 127.0.0.1:1/db"
        assert "PostgreSQL cannot be reached" in state["failure"]
        with pytest.raises(StoreUnavailable):
            await store.add_consumer(Consumer("acme"))

    play(tmp_path, script)
    assert "PostgreSQL, 127.0.0.1:1/db: serving without the store" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_reload_to_a_wrong_pepper_changes_nothing_however_often(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        store = await scene.follow(f"{{pepper: {PEPPER}}}")
        in_force = scene.credentials.peppers
        await store.add_consumer(Consumer("acme"))
        await store.add_key(StoredKey("k1", b"d" * 32, "acme"))
        for _ in range(2):
            with pytest.raises(ConfigurationErrors, match=r"hotgate\.yaml:2:8: store: .* another pepper"):
                await scene.follow(f"{{pepper: {OTHER}}}")
        assert scene.credentials.peppers is in_force
        assert await scene.follow(f"{{pepper: [{OTHER}, {PEPPER}]}}") is store
        assert await scene.follow(f"{{pepper: {OTHER}}}") is store

    play(tmp_path, script)


def test_a_pepper_that_cannot_be_compared_is_not_taken_by_a_reload(tmp_path: Path) -> None:
    text = "{{url: 'postgresql://user:hunter2@127.0.0.1:1/db', pepper: {pepper}, max_stale: {stale}}}"

    async def script(scene: Scene) -> None:
        await scene.follow(text.format(pepper=PEPPER, stale="5s"))
        in_force = scene.credentials.peppers
        with pytest.raises(ConfigurationErrors, match="PostgreSQL cannot be reached"):
            await scene.follow(text.format(pepper=OTHER, stale="5s"))
        assert scene.credentials.peppers is in_force
        await scene.follow(text.format(pepper=PEPPER, stale="6s"))

    play(tmp_path, script)


def test_when_keys_were_used_is_written_at_the_end(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        store = await scene.follow("{}")
        await store.add_consumer(Consumer("acme"))
        await store.add_key(StoredKey("k1", b"d" * 32, "acme"))
        scene.credentials.were_used({"type": "keys_used", "used": {"k1": 5.0}})
        scene.credentials.were_used({"type": "keys_used", "used": {"k1": 7.0, "gone": 1.0}})

    play(tmp_path, script)

    async def again(scene: Scene) -> None:
        found = await (await scene.follow("{}")).key("k1")
        assert found is not None
        assert found.last_used == 7.0

    play(tmp_path, again)


def test_what_cannot_be_written_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(scene: Scene) -> None:
        store = await scene.follow("{}")
        written: list[Any] = []

        async def down(used: Any) -> None:
            raise StoreUnavailable("down")

        async def up(used: Any) -> None:
            written.append(used)

        monkeypatch.setattr(store, "touch_keys", down)
        scene.credentials.were_used({"used": {"k1": 5.0}})
        await scene.credentials._write_used(1000)
        monkeypatch.setattr(store, "touch_keys", up)
        await scene.credentials._write_used(1000)
        assert written == [{"k1": 5.0}]

    play(tmp_path, script)


def test_of_many_only_some_are_written_at_once_those_first_that_wait_longest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(scene: Scene) -> None:
        store = await scene.follow("{}")
        written: list[str] = []

        async def touch(used: dict[str, float]) -> None:
            written.extend(used)

        monkeypatch.setattr(store, "touch_keys", touch)
        names = [f"k{number}" for number in range(2500)]
        scene.credentials.were_used({"used": dict.fromkeys(names, 5.0)})
        await scene.credentials._write_used(2000)
        assert written == names[:2000]
        await scene.credentials._write_used(2000)
        assert written == names

    play(tmp_path, script)


def test_what_an_end_interrupts_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(scene: Scene) -> None:
        store = await scene.follow("{}")
        begun, written = asyncio.Event(), []

        async def hangs(used: Any) -> None:
            begun.set()
            await asyncio.get_running_loop().create_future()

        async def up(used: Any) -> None:
            written.append(used)

        monkeypatch.setattr(store, "touch_keys", hangs)
        scene.credentials.were_used({"used": {"k1": 5.0}})
        writing = asyncio.create_task(scene.credentials._write_used(1000))
        await begun.wait()
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        monkeypatch.setattr(store, "touch_keys", up)
        await scene.credentials.stop()
        assert written == [{"k1": 5.0}]

    play(tmp_path, script)
