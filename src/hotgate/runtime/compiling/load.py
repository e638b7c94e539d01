"""Reads the configuration file with everything that is built in. Workers do not: they are sent what was read."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hotgate.config.errors import ConfigurationError, ConfigurationErrors
from hotgate.config.loader import Loaded, load
from hotgate.runtime.compiling.model import built_in_model
from hotgate.runtime.compiling.without_collection import without_collection
from hotgate.runtime.worker_process.access_log_sink import access_log_path, decision_log_path, opened_log


@without_collection()
def load_configuration(path: Path) -> Loaded:
    """Read and validate. Raises ConfigurationErrors."""
    return load(path, built_in_model())


def check_compiles(loaded: Loaded) -> None:
    """Do what both processes will do, for errors that only that finds. Raises ConfigurationErrors."""
    if errors := [*deep_errors(loaded), *_log_errors(loaded)]:
        raise ConfigurationErrors(errors)


def deep_errors(loaded: Loaded) -> list[ConfigurationError]:
    """What only compiling finds. It changes nothing and opens nothing that the gateway will write to."""
    # Heavy, and not needed to start workers; the second is never imported by one.
    from hotgate.runtime.compiling.compile_errors import compile_errors  # noqa: PLC0415
    from hotgate.runtime.compiling.oauth_clients import oauth_client_errors  # noqa: PLC0415

    return [*compile_errors(loaded), *oauth_client_errors(loaded)]


def _log_errors(loaded: Loaded) -> Iterator[ConfigurationError]:
    config, folder = loaded.config, loaded.file.absolute().parent
    places = {
        "access_log": access_log_path(config.access_log, folder),
        "decision_log": decision_log_path(config.decision_log, folder),
    }
    for key, place in places.items():
        try:
            opened_log(place).close()
        except OSError as error:
            yield loaded.error((key, "path"), f"cannot be written: {error.strerror}")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line says. workers: overrides the file's number. log_format: "console" or "json"."""

    file: Path
    workers: int | None = None
    log_format: str = "console"
