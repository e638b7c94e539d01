"""What can be known of a gateway that does not run: its files. Nothing is made or changed by looking."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hotgate.config.errors import ConfigurationErrors
from hotgate.config.loader import Loaded
from hotgate.config.store_url import sqlite_path
from hotgate.control.download import FetchFailed
from hotgate.control.http_client import http_client
from hotgate.control.jwks_fetch import JwksFetch
from hotgate.keys.sealing_ring import SealingRing
from hotgate.policies.passwords.password_authenticator import ABOUT as PASSWORD
from hotgate.runtime.compiling.problems import CompileProblems
from hotgate.runtime.desks.answers import NotAsked
from hotgate.runtime.desks.keys import key_sources
from hotgate.runtime.desks.passwords import Passwords
from hotgate.runtime.explaining.explainer import Explainer
from hotgate.runtime.explaining.peeking import Ask, World
from hotgate.runtime.folders.session_key_file import FILE_NAME, SessionKeyFile
from hotgate.runtime.folders.state_directory import state_directory
from hotgate.runtime.folders.store_place import store_place
from hotgate.store.credentials import CredentialSettings

_DATABASE = "hotgate.db"
_NOBODY_TO_REMEMBER = {"epoch": "", "nonces": [""], "since": 0.0}  # so that proofs are judged by what they say


@asynccontextmanager
async def explaining_alone(loaded: Loaded, *, offline: bool) -> AsyncIterator[Explainer]:
    """For a configuration that was read. offline: keys at addresses are not fetched, so their tokens are refused.

    Raises ConfigurationErrors for what only compiling finds, StoreUnusable.
    """
    documents = await _documents(loaded, offline=offline)
    passwords = Passwords()
    passwords.follow(loaded.config)
    sealing = _sealing(loaded)
    store = _store(loaded)
    world = World(
        documents=lambda: documents,
        ask=_asking(passwords.look),
        sealing=lambda: sealing,
        proofs=lambda: _NOBODY_TO_REMEMBER,
        store=lambda: store,
    )
    explainer = _compiled(loaded, world)
    try:
        yield explainer
    finally:
        explainer.close()
        passwords.stop()


def _compiled(loaded: Loaded, world: World) -> Explainer:
    try:
        return Explainer(loaded, world)
    except CompileProblems as found:
        errors = [loaded.error(problem.path, problem.message) for problem in found.problems]
        raise ConfigurationErrors(errors) from None


def _asking(look_at_password: Callable[[Any], Awaitable[Any]]) -> Ask:
    async def ask(about: str, body: Any, wait: float | None = None) -> Any:
        if about == PASSWORD:
            return await look_at_password(body)
        if about in ("proofs", "single_use"):
            return True  # nobody runs who could have used it
        raise NotAsked(f"no gateway runs that could be asked about {about}")

    return ask


async def _documents(loaded: Loaded, *, offline: bool) -> dict[str, Any]:
    """Each set of keys that can be had, fetched once."""
    found: dict[str, Any] = {}
    client = http_client()
    fetch = JwksFetch(client, loaded.file.absolute().parent)
    try:
        for source in key_sources(loaded.config).values():
            if source.is_remote and offline:
                continue
            try:
                found[source.name] = (await fetch(source.location)).document
            except FetchFailed:
                continue  # its tokens are refused, and the explanation says so
    finally:
        await client.aclose()
    return found


def _sealing(loaded: Loaded) -> Any:
    config = loaded.config
    if config.sessions.keys:
        return SealingRing.of_given(key.reveal() for key in config.sessions.keys).message
    if not (_state(loaded) / FILE_NAME).exists():
        return None
    return SessionKeyFile.of(loaded.file, config).ring(_nothing_made).message


def _nothing_made() -> SealingRing:
    raise ValueError("the file of session keys was there a moment ago")


def _store(loaded: Loaded) -> CredentialSettings | None:
    """A local file that is there; a database server is read by a running gateway only."""
    settings = loaded.config.store
    if settings is None:
        return None
    own = f"sqlite:///{_state(loaded) / _DATABASE}"
    path = sqlite_path(settings.url.reveal() if settings.url is not None else own)
    if path is None or not (loaded.file.absolute().parent / path).exists():
        return None
    place = store_place(loaded.config, loaded.file, os.environ)
    assert place is not None
    assert place.local_path is not None
    return CredentialSettings(place.local_path, place.peppers, place.max_stale, place.cache, is_replica=False)


def _state(loaded: Loaded) -> Path:
    return state_directory(loaded.file, loaded.config.state_dir, os.environ).path.absolute()
