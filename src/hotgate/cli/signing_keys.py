"""`hotgate signing-keys`: the keys with which the gateway tells backends who calls."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile, load_configuration
from hotgate.cli.request import request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hotgate.keys.key_ring import KeyRing

signing_keys = typer.Typer(name="signing-keys", no_args_is_help=True, help="The keys that sign assertions.")


@signing_keys.command("list")
def show(config: ConfigurationFile = DEFAULT_FILE) -> None:
    """List the published keys: which one signs, since when, and which one is next."""
    from hotgate.config.errors import ConfigurationErrors  # noqa: PLC0415
    from hotgate.runtime.desks.signing_keys import existing_ring  # noqa: PLC0415
    from hotgate.runtime.folders.signing_key_file import SigningKeysUnavailable  # noqa: PLC0415

    try:
        ring = existing_ring(config, load_configuration(config).config)
    except (ConfigurationErrors, SigningKeysUnavailable) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo("no keys yet: they are made when a route first needs them" if ring is None else "\n".join(_lines(ring)))


@signing_keys.command("rotate")
def rotate(config: ConfigurationFile = DEFAULT_FILE) -> None:
    """Have a running gateway publish another key, which signs an hour later, when every backend can know it."""
    request(config, "rotate_signing_keys", "another key is published, and signs in an hour")


def _lines(ring: KeyRing) -> Iterator[str]:
    now = time.time()
    signing = ring.signing_at(now)
    for each in ring.keys:
        state = "signs" if each.key is signing else "next" if each.signs_from > now else "published"
        yield f"{each.key.kid}  {each.key.algorithm:5}  {_since(each.signs_from):20}  {state}"


def _since(signs_from: float) -> str:
    """Keys of the configuration have no time of their own."""
    return f"{datetime.fromtimestamp(signs_from, UTC):%Y-%m-%dT%H:%M:%SZ}" if signs_from > 0 else "given"
