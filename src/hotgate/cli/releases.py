"""`hotgate releases`: how the requests of a running gateway are shared between upstreams, and how that is changed."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile
from hotgate.cli.request import ask
from hotgate.cli.table import print_table
from hotgate.cli.values import AsJson

releases = typer.Typer(name="releases", help="See and change releases of a running gateway.", no_args_is_help=True)

Route = Annotated[str, typer.Argument(help="The name of a route with a `release`.")]

_COLUMNS = ("route", "upstream", "share", "requests", "failed", "time", "changed")


@releases.command("list")
def list_releases(config: ConfigurationFile = DEFAULT_FILE, as_json: AsJson = False) -> None:
    """List the shares in force, and how each upstream has done of late."""
    found = ask(config, "list_releases")["releases"]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        print_table(_COLUMNS, [_row(release, side) for release in found for side in release["sides"]])


@releases.command("set-weight")
def set_weight(
    route: Route,
    upstream: Annotated[str, typer.Argument(help="An upstream under `release.to`.")],
    share: Annotated[str, typer.Argument(help="Its share of the requests, such as 10%.")],
    config: ConfigurationFile = DEFAULT_FILE,
) -> None:
    """Give an upstream another share; the route's own gets the rest. One that was taken out is back with it."""
    text = share if share.endswith("%") else f"{share}%"
    ask(config, "set_release_share", route=route, upstream=upstream, share=text)
    typer.echo(f"{upstream} gets {text} of {route}")


@releases.command()
def promote(
    route: Route,
    upstream: Annotated[str, typer.Argument(help="Which one; may be left out where there is one only.")] = "",
    config: ConfigurationFile = DEFAULT_FILE,
) -> None:
    """Send everything to the new upstream."""
    ask(config, "switch_release", route=route, upstream=upstream)
    typer.echo(f"{upstream or 'the new upstream'} gets all of {route}; now make it the route's own in the file")


@releases.command()
def switch(
    route: Route,
    upstream: Annotated[str, typer.Argument(help="The route's own upstream, or one under `release.to`.")],
    config: ConfigurationFile = DEFAULT_FILE,
) -> None:
    """Send everything to one upstream, blue or green. Requests that are under way end where they are."""
    ask(config, "switch_release", route=route, upstream=upstream)
    typer.echo(f"{upstream} gets all of {route}")


@releases.command()
def abort(route: Route, config: ConfigurationFile = DEFAULT_FILE) -> None:
    """Send everything to the route's own upstream, also what rules would send elsewhere."""
    ask(config, "abort_release", route=route)
    typer.echo(f"{route} is as it was before the release")


@releases.command()
def reset(route: Route, config: ConfigurationFile = DEFAULT_FILE) -> None:
    """Forget what was changed: the shares of the file count again."""
    ask(config, "reset_release", route=route)
    typer.echo(f"{route} is as the file says")


def _row(release: dict[str, Any], side: dict[str, Any]) -> tuple[str, ...]:
    failed = f"{side['errors'] / side['requests']:.1%}" if side["requests"] else "-"
    return (
        release["route"],
        side["upstream"],
        "closed" if side["closed"] else f"{side['percent']:g}%",
        str(side["requests"]),
        failed,
        f"p{side['percentile']} {time_text(side['seconds'])}" if side["requests"] else "-",
        release["because"] or "-",
    )


def time_text(seconds: float) -> str:
    """Three digits, in milliseconds or seconds."""
    return f"{seconds * 1000:.3g} ms" if seconds < 0.9995 else f"{seconds:.3g} s"
