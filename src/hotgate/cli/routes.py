"""`hotgate routes`: what the gateway serves, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile, load_configuration
from hotgate.cli.table import print_table

if TYPE_CHECKING:
    from hotgate.config.routes import Route

_COLUMNS = ("name", "hosts", "methods", "path", "target", "authenticate", "policies")


def routes(config: ConfigurationFile = DEFAULT_FILE) -> None:
    """List the routes, the most specific first, with who may use them and what answers them."""
    from hotgate.config.errors import ConfigurationErrors  # noqa: PLC0415

    try:
        found = load_configuration(config).config.routes
    except ConfigurationErrors as errors:
        typer.echo(str(errors), err=True)
        raise typer.Exit(1) from None
    rows = [_row(route) for route in sorted(found, key=specificity)]
    print_table(_COLUMNS, rows)


def specificity(route: Route) -> tuple[object, ...]:
    """A key that sorts routes as they are tried: host, then path segment by segment, then methods and conditions."""
    match = route.match
    host = min((1 if name.startswith("*") else 0 for name in match.hosts), default=2)
    conditions = len(match.headers) + len(match.query)
    return host, [_segment(part) for part in match.path.split("/")], not match.methods, -conditions, route.name


def _segment(text: str) -> tuple[int, str]:
    if text == "*":
        return 2, text
    return (1, "") if text.startswith("{") else (0, text)


def _row(route: Route) -> tuple[str, ...]:
    return (
        route.name,
        " ".join(route.match.hosts) or "any",
        " ".join(route.match.methods) or "any",
        route.match.path,
        _target(route),
        "public" if route.public else " ".join(map(str, route.authenticate)),
        " ".join(route.policy_names) or "-",
    )


def _target(route: Route) -> str:
    if route.redirect is not None:
        return f"{route.redirect.status} {route.redirect.to}"
    return f"answer {route.respond.status}" if route.respond is not None else str(route.upstream)
