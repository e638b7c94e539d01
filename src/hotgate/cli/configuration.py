"""How commands find and read the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotgate.runtime.compiling.without_collection import without_collection

if TYPE_CHECKING:
    from hotgate.config.gateway import Gateway
    from hotgate.config.loader import Loaded

ConfigurationFile = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
DEFAULT_FILE = Path("hotgate.yaml")


def full_model() -> type[Gateway]:
    """The configuration's model with the keys of all built-in policies and mechanisms."""
    from hotgate.runtime.compiling.model import built_in_model  # noqa: PLC0415

    return built_in_model()


@without_collection()
def load_configuration(file: Path) -> Loaded:
    """The configuration of a file. Raises ConfigurationErrors."""
    from hotgate.config.loader import load  # noqa: PLC0415

    return load(file, full_model())
