"""A file that describes requests or callers: read as the configuration is, and what is wrong is said with its place."""

from collections.abc import Collection, Mapping
from pathlib import Path as FilePath
from typing import Generic, TypeVar

from pydantic import BaseModel

from hotgate.config.document import parse
from hotgate.config.errors import ConfigurationError, ConfigurationErrors
from hotgate.config.position import Path, Position, find, path_text
from hotgate.config.references import Finding, unknown_name
from hotgate.config.secret import SecretFiles
from hotgate.config.validation import validate
from hotgate.config.variables import Variables
from hotgate.control.api.explain import GivenPrincipal

M = TypeVar("M", bound=BaseModel)


class DescribedFile(Generic[M]):
    """value: what it says."""

    def __init__(self, content: bytes, name: str, model: type[M], environment: Mapping[str, str]) -> None:
        """environment: for `${NAME}`. Raises ConfigurationErrors."""
        self._variables = Variables(environment)
        self._tree, errors = parse(content, name, self._variables)
        found = validate(self._tree, model, SecretFiles(FilePath(name).parent))
        if errors or not isinstance(found, model):
            findings = found if isinstance(found, list) else []
            raise ConfigurationErrors([*errors, *map(self.error, findings)])
        self.value: M = found

    def error(self, finding: Finding) -> ConfigurationError:
        """With its place, and without what the environment has filled in."""
        position = self.position(finding.path, key=finding.is_key)
        message, hint = self._variables.redact(finding.message), self._variables.redact(finding.hint)
        return ConfigurationError(*position[:3], path_text(finding.path), message, hint)

    def position(self, path: Path, *, key: bool = False) -> Position:
        """Where it is written."""
        return find(self._tree, path, key=key)


def principal_of(content: bytes, name: str, identities: Collection[str]) -> GivenPrincipal:
    """The caller whom a file describes. identities: the entries of `identity`. Raises ConfigurationErrors."""
    described = DescribedFile(content, name, GivenPrincipal, {})
    if wrong := unknown_provider((), described.value, identities):
        raise ConfigurationErrors([described.error(wrong)])
    return described.value


def unknown_provider(path: Path, given: GivenPrincipal, identities: Collection[str]) -> Finding | None:
    """A caller of an entry that is misspelt would be denied everywhere, which looks as if it were meant.

    path: of the caller in its file.
    """
    if given.provider in ("", *identities):
        return None
    return unknown_name((*path, "provider"), given.provider, "identity", identities, "identity")
