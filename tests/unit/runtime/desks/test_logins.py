"""The desk for logins: which question goes to which provider, through changes of the configuration."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hotgate.policies.oidc.oidc_settings import OidcSettings
from hotgate.runtime.desks.answers import Answers
from hotgate.runtime.desks.credential_store import CredentialStore
from hotgate.runtime.desks.keys import Keys
from hotgate.runtime.desks.logins import LoginDesk
from hotgate.runtime.desks.single_use import SingleUse

ENDPOINTS = {"authorization": "https://idp.test/authorize", "token": "https://idp.test/token"}
WISH = {"redirect_uri": "https://app.test/cb", "state": "s", "nonce": "n", "challenge": "c"}


@dataclass
class Entry:
    settings: Any
    mechanism: str = "oidc"


@dataclass
class Config:
    identity: dict[str, Entry]
    security_events: dict[str, Any] = field(default_factory=dict)


class Asked(Answers):
    """Answers without a worker."""

    def ask(self, about: str, body: Any) -> Any:
        return self._by_subject[about](body)


def entry(client: str) -> Entry:
    return Entry(
        OidcSettings.model_validate(
            {"issuer": "https://idp.test", "client": {"id": client, "secret": "s3cret"}, "endpoints": ENDPOINTS}
        )
    )


def test_each_provider_is_asked_about_by_the_name_of_its_entry(tmp_path: Path) -> None:
    async def scenario() -> None:
        keys, credentials = Keys(lambda _: None, tmp_path), CredentialStore(lambda _: None, tmp_path / "hotgate.yaml")
        answers = Asked()
        desk = LoginDesk(answers, keys, credentials, SingleUse(lambda: None))

        async def client_of(name: str) -> str:
            told = await answers.ask("oidc.begin", {"provider": name, **WISH})
            return str(told["location"].partition("client_id=")[2].partition("&")[0])

        await desk.follow(Config({"one": entry("first"), "keys": Entry(None, "api_key")}))
        assert await client_of("one") == "first"
        with pytest.raises(KeyError):
            await client_of("keys")

        await desk.add(Config({"two": entry("second")}))  # a new configuration is getting ready
        assert [await client_of(name) for name in ("one", "two")] == ["first", "second"]

        await desk.follow(Config({"two": entry("changed")}))
        assert await client_of("two") == "changed"
        with pytest.raises(KeyError):
            await client_of("one")
        with pytest.raises(KeyError):
            await desk.verify_logout_token("one", b"a.b.c")

        await desk.stop()
        await answers.stop()
        await keys.stop()

    asyncio.run(scenario())


def test_a_reload_that_changes_nothing_of_a_provider_leaves_it_alone(tmp_path: Path) -> None:
    """What is under way there goes on, and what was got in the last seconds is still known."""

    async def scenario() -> None:
        keys, credentials = Keys(lambda _: None, tmp_path), CredentialStore(lambda _: None, tmp_path / "hotgate.yaml")
        desk = LoginDesk(Answers(), keys, credentials, SingleUse(lambda: None))
        await desk.follow(Config({"one": entry("first")}))
        before = desk.parties["one"]
        await desk.follow(Config({"one": entry("first"), "two": entry("second")}))
        assert desk.parties["one"] is before

        await desk.stop()
        await keys.stop()

    asyncio.run(scenario())


def test_the_keys_of_providers_are_fetched(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"keys": []}')

    async def scenario() -> None:
        keys = Keys(lambda _: None, tmp_path)
        made = entry("first").settings.model_copy(update={"jwks_file": "keys.json"})
        await keys.follow(Config({"one": Entry(made), "keys": Entry(None, "api_key")}))
        assert [each["name"].partition("@")[0] for each in keys.state()] == ["one"]
        await keys.stop()

    asyncio.run(scenario())
