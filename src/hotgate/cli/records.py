"""How commands reach the records of the store: directly; a gateway that runs sees what they change by itself."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, TypeVar

import typer

from hotgate.cli.configuration import load_configuration

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from hotgate.config.gateway import Gateway
    from hotgate.control.administration import Records

T = TypeVar("T")


def with_records(file: Path, work: Callable[[Records], Awaitable[T]]) -> T:
    """What `work` makes of the store of a configuration. Exits with 1 and the reason when that is refused."""
    from hotgate.control.administration_error import AdministrationError  # noqa: PLC0415 (heavy; `--help` is not)
    from hotgate.store.errors import StoreUnavailable, StoreUnusable  # noqa: PLC0415

    configuration = checked_configuration(file)
    try:
        return asyncio.run(_worked(configuration, file, work))
    except AdministrationError as error:
        lines = [f"line {line.number}: {line.says}" for line in error.lines]
        raise refusal("\n".join([*lines, str(error)])) from None
    except StoreUnavailable as error:
        raise refusal(f"the store cannot be used: {error}") from None
    except StoreUnusable as error:
        raise refusal(str(error)) from None
    except UnicodeEncodeError:  # the store never has such names
        raise refusal("an argument is not UTF-8") from None


def checked_configuration(file: Path) -> Gateway:
    """The configuration of a file. Exits with 1 if there is something wrong with it."""
    from hotgate.config.errors import ConfigurationErrors  # noqa: PLC0415

    try:
        return load_configuration(file).config
    except ConfigurationErrors as errors:
        raise refusal(str(errors)) from None


def refusal(reason: str) -> typer.Exit:
    """Say why something is not done; raise what is returned."""
    typer.echo(reason, err=True)
    return typer.Exit(1)


async def _worked(configuration: Gateway, file: Path, work: Callable[[Records], Awaitable[T]]) -> T:
    from hotgate.control.administration import Records  # noqa: PLC0415
    from hotgate.control.revocation_administration import token_providers  # noqa: PLC0415
    from hotgate.runtime.desks.session_places import SessionPlaces  # noqa: PLC0415
    from hotgate.runtime.folders.store_place import store_place  # noqa: PLC0415
    from hotgate.store.store import Store  # noqa: PLC0415

    place = store_place(configuration, file, os.environ)
    if place is None:
        raise refusal(f"{file} has no store: add `store: {{}}`")
    store = await Store.open(place.url, place.peppers)
    sessions = SessionPlaces(lambda: store)
    try:
        await sessions.follow(configuration)
        providers = token_providers(configuration)
        return await work(Records.of(store, place.peppers, time.time, providers, sessions.kept()))
    finally:
        await sessions.stop()
        await store.close()
