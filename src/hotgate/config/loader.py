"""A file → a validated configuration, or all of its errors."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from hotgate.config.authorization_references import misspelt_roles, unused_policies, wrong_authorization
from hotgate.config.certificates import doubtful_certificates, wrong_certificates
from hotgate.config.dangers import dangers
from hotgate.config.decision_point_references import asked_upstreams, unused_decision_points, wrong_decision_points
from hotgate.config.document import MAX_FILE_SIZE, UNREADABLE, parse
from hotgate.config.errors import ConfigurationError, ConfigurationErrors
from hotgate.config.gateway import Gateway
from hotgate.config.includes import Includes
from hotgate.config.merging import merge_routes
from hotgate.config.position import Position, SourceMap, find, path_text
from hotgate.config.references import Finding, unused_names, wrong_references
from hotgate.config.secret import Secret, SecretFiles
from hotgate.config.validation import validate
from hotgate.config.variables import Variables

_USED_UP = ("include", "defaults", "profiles")


@dataclass(frozen=True)
class Loaded:
    """config: the validated model. tree: JSON types only, secrets and variables filled in; `model_validate` takes it.

    file: the main file. files: everything that was read, and the folders that `include` patterns look into: a change
    of any is a change of the configuration. warnings: worth saying, not worth stopping for.
    """

    config: Gateway
    tree: dict[str, Any]
    file: Path
    files: tuple[Path, ...]
    warnings: tuple[ConfigurationError, ...]
    _source: SourceMap
    _variables: Variables

    def error(self, path: Sequence[str | int], message: str, hint: str = "") -> ConfigurationError:
        """An error at a key of the file, such as ("routes", 0, "match", "path"), with its position."""
        return _error(self._source, Finding(tuple(path), message, hint), self._variables)

    def position(self, path: Sequence[str | int]) -> Position:
        """Where a key of the file is written; of one that is not there, where it would belong."""
        return find(self._source, path, key=True)


def load(path: Path | str, model: type[Gateway], environment: Mapping[str, str] | None = None) -> Loaded:
    """Read a configuration with everything that it includes and refers to.

    model: from `gateway_model`. environment: for `${NAME}`; that of the process by default. Raises
    ConfigurationErrors with every error that there is; only a file that is not YAML hides later ones.
    """
    return _Loading(Path(path), os.environ if environment is None else environment).run(model)


class _Loading:
    """One run of the loader: what it has read so far and what was wrong with it."""

    def __init__(self, file: Path, environment: Mapping[str, str]) -> None:
        self._file = file
        self._variables = Variables(environment)
        self._errors: list[ConfigurationError] = []
        self._files: dict[Path, None] = {}
        self._is_readable = True

    def run(self, model: type[Gateway]) -> Loaded:
        tree = self._read(self._file)
        if tree is None:
            raise ConfigurationErrors(self._errors, self._files)
        includes = Includes(tree, self._file.parent, self._read)
        includes.join()
        self._errors += includes.errors
        self._files.update(dict.fromkeys(sorted(includes.watched)))
        if not self._is_readable:
            raise ConfigurationErrors(self._errors, self._files)
        merge_routes(tree)
        secret_files = SecretFiles(self._file.parent)
        config = self._validated(tree, model, secret_files)
        doubts = [*_doubtful_names(tree), *dangers(config), *doubtful_certificates(config)]
        warnings = [*includes.warnings, *self._located(tree, doubts)]
        return self._loaded(config, tree, warnings, has_secret_files=bool(secret_files.read))

    def _loaded(
        self, config: Gateway, tree: SourceMap, warnings: Iterable[ConfigurationError], *, has_secret_files: bool
    ) -> Loaded:
        if has_secret_files:
            _fill_in_secrets(config, tree)
        sent = {key: value for key, value in tree.items() if key not in _USED_UP}
        return Loaded(config, sent, self._file, tuple(self._files), tuple(warnings), tree, self._variables)

    def _validated(self, tree: SourceMap, model: type[Gateway], secret_files: SecretFiles) -> Gateway:
        result = validate(tree, model, secret_files)
        for file, content in secret_files.read.items():
            self._files[file] = None
            self._variables.hide(content, f"file:{file}")
        found = wrong_certificates(result) if isinstance(result, Gateway) else result
        self._errors += self._located(tree, found)
        self._errors += self._located(tree, _wrong_names(tree))
        if self._errors or not isinstance(result, Gateway):
            raise ConfigurationErrors(self._errors, self._files)
        return result

    def _located(self, tree: SourceMap, findings: Iterable[Finding]) -> list[ConfigurationError]:
        return [
            _error(tree, finding, self._variables)
            for finding in findings
            if find(tree, finding.path).variable != UNREADABLE
        ]

    def _read(self, file: Path) -> SourceMap | None:
        self._files[file] = None
        try:
            tree, errors = parse(_content(file), str(file), self._variables)
        except OSError as error:
            self._errors.append(ConfigurationError(str(file), 0, 0, "", f"cannot be read: {error.strerror}"))
        except ConfigurationErrors as unusable:
            self._errors += unusable.errors
        else:
            self._errors += errors
            return tree
        self._is_readable = False
        return None


def _wrong_names(tree: SourceMap) -> Iterator[Finding]:
    yield from wrong_references(tree)
    yield from wrong_authorization(tree)
    yield from wrong_decision_points(tree)


def _doubtful_names(tree: SourceMap) -> Iterator[Finding]:
    yield from unused_names(tree, {name for _, name in asked_upstreams(tree)})
    yield from unused_policies(tree)
    yield from misspelt_roles(tree)
    yield from unused_decision_points(tree)


def _content(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(MAX_FILE_SIZE + 1)


def _error(tree: SourceMap, finding: Finding, variables: Variables) -> ConfigurationError:
    position = find(tree, finding.path, key=finding.is_key)
    message, hint = variables.redact(finding.message), variables.redact(finding.hint)
    return ConfigurationError(*position[:3], path_text(finding.path), message, hint)


def _fill_in_secrets(value: Any, tree: Any) -> Any:
    """`tree` with the content of secret files in place of the references to them."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, BaseModel) and isinstance(tree, dict):
        fields = type(value).model_fields.items()
        pairs = [(field.alias or name, getattr(value, name)) for name, field in fields]
    elif isinstance(value, Mapping) and isinstance(tree, dict):
        pairs = list(value.items())
    elif isinstance(value, Sequence) and isinstance(tree, list):
        tree[:] = [_fill_in_secrets(item, place) for item, place in zip(value, tree, strict=True)]
        return tree
    else:
        return tree
    tree.update({key: _fill_in_secrets(item, tree[key]) for key, item in pairs if key in tree})
    return tree
