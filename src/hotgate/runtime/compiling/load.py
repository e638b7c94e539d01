"""Reads the configuration file with everything that is built in; both processes build the same model."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hotgate.config.errors import ConfigurationError, ConfigurationErrors
from hotgate.config.gateway import Gateway
from hotgate.config.loader import Loaded, load
from hotgate.config.models import gateway_model
from hotgate.runtime.compiling.without_collection import without_collection
from hotgate.runtime.worker_process.access_log_sink import access_log_path, decision_log_path, opened_log


@cache
def built_in_model() -> type[Gateway]:
    """The model with every built-in policy and mechanism."""
    from hotgate.policies import MECHANISMS, POLICIES  # noqa: PLC0415 (heavy: only when a file is read)

    return gateway_model(POLICIES, MECHANISMS)


@cache
def _model_with(mechanisms: frozenset[str], policies: frozenset[str]) -> type[Gateway]:
    """The model with these mechanisms and policies alone: the others are not even imported."""
    from hotgate.policies import MECHANISMS, POLICIES  # noqa: PLC0415 (as above)

    return gateway_model(
        [each for each in POLICIES if each.name in policies], [each for each in MECHANISMS if each.name in mechanisms]
    )


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
    from hotgate.runtime.compiling.compile import compile_errors  # noqa: PLC0415
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


@without_collection()
def validated(tree: dict[str, Any]) -> Gateway:
    """The model of a tree that the control process has validated before. Raises ValueError."""
    entries, routes = tree.get("identity") or {}, tree.get("routes") or ()
    keys = frozenset().union(*routes)
    return _model_with(frozenset().union(*entries.values()), keys & _policy_names()).model_validate(tree)


def _policy_names() -> frozenset[str]:
    from hotgate.policies import POLICIES  # noqa: PLC0415 (as above)

    return frozenset(each.name for each in POLICIES)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line says. workers: overrides the file's number. log_format: "console" or "json"."""

    file: Path
    workers: int | None = None
    log_format: str = "console"
