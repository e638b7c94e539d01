"""`hotgate store`: the tables of the store, and what is in them."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile, load_configuration

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from hotgate.runtime.folders.store_place import StorePlace
    from hotgate.store.database import Database
    from hotgate.store.pepper import Peppers

    _Ask = Callable[[StorePlace], Coroutine[None, None, str]]

store = typer.Typer(name="store", no_args_is_help=True, help="Look after the store of consumers, keys and revocations.")


@store.command()
def migrate(config: ConfigurationFile = DEFAULT_FILE) -> None:
    """Bring the tables to what this version needs. A gateway does so itself when it starts."""
    _print(config, _migrated)


@store.command()
def status(config: ConfigurationFile = DEFAULT_FILE) -> None:
    """Say where the store is, its tables' revision, how much is in it, and whether `pepper` is its. Changes nothing."""
    _print(config, _status)


def _print(config: Path, ask: _Ask) -> None:
    """The answer, or why there is none and status 1."""
    from hotgate.config.errors import ConfigurationErrors  # noqa: PLC0415
    from hotgate.runtime.folders.store_place import store_place  # noqa: PLC0415
    from hotgate.store.errors import StoreUnavailable, StoreUnusable  # noqa: PLC0415

    try:
        place = store_place(load_configuration(config).config, config, os.environ)
        if place is None:
            raise StoreUnusable(f"{config} has no `store`")
        typer.echo(asyncio.run(ask(place)))
    except (ConfigurationErrors, StoreUnavailable, StoreUnusable) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


async def _migrated(place: StorePlace) -> str:
    from hotgate.config.store_url import shown  # noqa: PLC0415
    from hotgate.store.store import Store  # noqa: PLC0415

    opened = await Store.open(place.url, place.peppers)
    try:
        return f"{shown(place.url)}: revision {await opened.database.revision()}"
    finally:
        await opened.close()


async def _status(place: StorePlace) -> str:
    from hotgate.config.store_url import shown  # noqa: PLC0415
    from hotgate.store.database import Database  # noqa: PLC0415
    from hotgate.store.engine import create_engine  # noqa: PLC0415
    from hotgate.store.store import Store  # noqa: PLC0415

    opened = Store(Database(create_engine(place.url)))
    try:
        revision = await opened.database.revision()
        if revision is None:
            return f"{shown(place.url)}: empty; `hotgate store migrate` makes the tables"
        counts = [f"{name}: {number:,}" for name, number in (await opened.counts()).items()]
        peppers = await _peppers_found(opened.database, revision, place.peppers)
        return "\n".join([shown(place.url), f"revision: {revision}", *counts, f"peppers: {peppers}"])
    finally:
        await opened.close()


async def _peppers_found(database: Database, revision: str, peppers: Peppers) -> str:
    from hotgate.store.migrate import latest_revision  # noqa: PLC0415
    from hotgate.store.pepper_fingerprints import known_fingerprints  # noqa: PLC0415

    if revision != latest_revision():
        return "not compared, the tables are of another version"
    async with database.read() as connection:
        known = await known_fingerprints(connection)
    if not known:
        return "the store knows none yet, and adopts those that it is opened with"
    configured = set(peppers.fingerprints())
    if known.isdisjoint(configured):
        return "WRONG, the store was written with another one"
    return f"right, {len(known & configured)} of {len(configured)}; the store knows {len(known)}"
