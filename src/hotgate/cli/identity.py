"""`hotgate identity`: what each entry of `identity:` accepts, with what a provider's preset has filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile, load_configuration

if TYPE_CHECKING:
    from collections.abc import Iterator


def identity(config: ConfigurationFile = DEFAULT_FILE) -> None:
    """List the entries of `identity:`; of tokens also whose are accepted, and what their claims mean."""
    from hotgate.config.errors import ConfigurationErrors  # noqa: PLC0415

    try:
        entries = load_configuration(config).config.identity
    except ConfigurationErrors as errors:
        typer.echo(str(errors), err=True)
        raise typer.Exit(1) from None
    for name, entry in entries.items():
        typer.echo(f"{name}: {entry.mechanism}")
        if entry.mechanism == "jwt":
            for line in _lines(entry.settings):
                typer.echo(f"  {line}")


def _lines(settings: Any) -> Iterator[str]:
    """The keys that a preset can fill in, and what goes with them: none of them is secret."""
    from json import dumps  # noqa: PLC0415

    from hotgate.policies.tokens.jwt_provider import IssuerSettings  # noqa: PLC0415

    shown = {*IssuerSettings.model_fields, "audience", "tenants"}
    values = settings.model_dump(mode="json", by_alias=True, exclude_none=True, include=shown)
    yield f"keys: {settings.jwks_location or 'a shared secret'}"
    yield f"algorithms: {dumps(settings.accepted_algorithms())}"
    yield from (f"{key}: {dumps(value, ensure_ascii=False)}" for key, value in sorted(values.items()))
