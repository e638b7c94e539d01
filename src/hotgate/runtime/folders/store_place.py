"""Where the store of a configuration is and with which peppers, once defaults and relative paths are filled in."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hotgate.config.store_url import sqlite_path
from hotgate.keys.kept_secret import SecretNotKept
from hotgate.runtime.folders.private_folder import UnsafeFolder
from hotgate.runtime.folders.state_directory import StateDirectory, state_directory
from hotgate.store.errors import StoreUnusable
from hotgate.store.pepper import MIN_BYTES, Peppers

_FILE = "hotgate.db"
_PEPPER = "pepper"


@dataclass(frozen=True, slots=True)
class StorePlace:
    """url: with an absolute path if it is SQLite; else it may hold a password. folder: for replicas."""

    url: str = field(repr=False)
    peppers: Peppers
    max_stale: float
    cache: int
    folder: Path

    @property
    def local_path(self) -> Path | None:
        """The file that workers read; None for a database server, of which there is a replica."""
        return sqlite_path(self.url)


def store_place(config: Any, file: Path, environment: Mapping[str, str]) -> StorePlace | None:
    """None if no store is configured. Makes the pepper at first use. Raises StoreUnusable.

    file: the configuration's. environment: the process's.
    """
    settings = config.store
    if settings is None:
        return None
    state = state_directory(file, config.state_dir, environment)
    url = settings.url.reveal() if settings.url is not None else f"sqlite:///{state.path / _FILE}"
    if path := sqlite_path(url):
        url = f"sqlite:///{os.path.abspath(file.parent / path)}"  # noqa: PTH100 (a link is refused, not followed)
    was_used = (state.path / _PEPPER).exists()
    try:
        state.create()
        peppers = [secret.reveal().encode() for secret in settings.peppers]
        peppers = peppers or [_kept_pepper(state, sqlite_path(url))]
    except (UnsafeFolder, SecretNotKept) as error:
        raise StoreUnusable(str(error)) from error
    if settings.url is None and was_used:
        _check_there(state.path.absolute() / _FILE)
    return StorePlace(url, Peppers(peppers), settings.max_stale, settings.cache, state.path.absolute())


def _kept_pepper(state: StateDirectory, database: Path | None) -> bytes:
    """Made at first use only: with another one, every key in the store would be unknown. Raises StoreUnusable."""
    path = state.path / _PEPPER
    if not path.exists() and database is not None and database.exists() and database.stat().st_size:
        raise StoreUnusable(f"the store {database} is there but not its pepper {path}: restore it, or set `pepper`")
    pepper = state.secret(_PEPPER, lambda: secrets.token_bytes(MIN_BYTES))
    if len(pepper) < MIN_BYTES:
        raise StoreUnusable(f"{path} is shorter than the pepper that was in it: restore it")
    return pepper


def _check_there(path: Path) -> None:
    """An empty store in place of one that was lost would know of no revocation, and nobody would notice."""
    if not os.path.lexists(path):
        raise StoreUnusable(f"the store {path} is gone: restore it, or begin anew: install -m 600 /dev/null {path}")
