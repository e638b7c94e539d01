"""One YAML file → a tree of SourceMap, SourceList and scalars, built from the parser's events under strict bounds.

No constructors and no tags but `!!str`: a file can hold data, never Python objects. Aliases work, but what they expand
to is counted (billion laughs), and one inside its own anchor is refused.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from hotgate.config.errors import ConfigurationError, ConfigurationErrors
from hotgate.config.position import Position, SourceList, SourceMap
from hotgate.config.scalars import Scalar, resolve
from hotgate.config.variables import Variables

MAX_FILE_SIZE = 8 * 1024 * 1024
MAX_DEPTH = 32
MAX_NODES = 2_000_000
UNREADABLE = "?"  # marks a value that could not be had: what follows from that is not worth a second error

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's parser is 10 times as fast
_STRING_TAG = "tag:yaml.org,2002:str"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def parse(content: bytes, file: str, variables: Variables) -> tuple[SourceMap, list[ConfigurationError]]:
    """The file's mapping, and the errors that leave a tree to go on with (unknown variables, duplicate keys).

    Raises ConfigurationErrors when there is no tree: too large, not UTF-8, not YAML, not a mapping, over a bound.
    """
    if len(content) > MAX_FILE_SIZE:
        raise ConfigurationErrors([ConfigurationError(file, 0, 0, "", "the file is larger than 8 MiB")])
    builder = _TreeBuilder(file, variables)
    try:
        for event in _events(_text(content, file)):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        problem = f"not valid YAML: {error.problem or error.context}"
        raise ConfigurationErrors(
            [ConfigurationError(file, mark.line + 1, mark.column + 1, "", problem, _syntax_hint(error.problem or ""))]
        ) from None
    except yaml.YAMLError:
        raise ConfigurationErrors([ConfigurationError(file, 0, 0, "", "not valid YAML")]) from None
    if not isinstance(builder.root, SourceMap):
        raise ConfigurationErrors([ConfigurationError(file, 1, 1, "", "the file must be a mapping of keys to values")])
    return builder.root, builder.errors


def _events(text: str) -> Iterator[yaml.Event]:
    loader = _LOADER(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


def _text(content: bytes, file: str) -> str:
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        raise ConfigurationErrors([_error_after(before, file, "this byte is not valid UTF-8")]) from None
    control = _CONTROL.search(text)
    if control:
        message = f"control character U+{ord(control[0]):04X} is not allowed"
        raise ConfigurationErrors([_error_after(text[: control.start()], file, message)])
    return text


def _error_after(before: str, file: str, message: str) -> ConfigurationError:
    line = before.count("\n") + 1
    return ConfigurationError(file, line, len(before) - before.rfind("\n"), "", message)


def _syntax_hint(problem: str) -> str:
    if "cannot start any token" in problem:
        return "indent with spaces, not tabs, and quote text that starts with a special character"
    if "mapping values are not allowed" in problem:
        return "check the indentation, and quote text that holds ': '"
    return ""


class _Container:
    """A mapping or sequence that is still open. size: its nodes so far, aliases counted as what they stand for."""

    __slots__ = ("anchor", "key", "key_at", "size", "value")

    def __init__(self, value: SourceMap | SourceList, anchor: str | None) -> None:
        self.value = value
        self.anchor = anchor
        self.key: str | None = None
        self.key_at = value.position
        self.size = 1


class _TreeBuilder:
    """Takes the events of one document, in order; iterative, so that depth costs no stack."""

    def __init__(self, file: str, variables: Variables) -> None:
        self.root: Any = None
        self.errors: list[ConfigurationError] = []
        self._file = file
        self._variables = variables
        self._open: list[_Container] = []
        self._anchors: dict[str, tuple[Any, Position, int]] = {}
        self._documents = 0
        self._handlers: dict[type[yaml.Event], Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._mapping_start,
            yaml.SequenceStartEvent: self._sequence_start,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document_start,
        }

    def take(self, event: yaml.Event) -> None:
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def _document_start(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            raise self._fatal(event, "the file must hold one YAML document")

    def _mapping_start(self, event: Any) -> None:
        self._start(event, SourceMap(self._position(event)))

    def _sequence_start(self, event: Any) -> None:
        self._start(event, SourceList(self._position(event)))

    def _start(self, event: Any, value: SourceMap | SourceList) -> None:
        if event.tag:
            raise self._fatal(event, "YAML tags are not supported; remove it")
        if self._awaits_key():
            raise self._fatal(event, "a key must be plain text")
        if len(self._open) >= MAX_DEPTH:
            raise self._fatal(event, f"nested deeper than {MAX_DEPTH} levels")
        self._anchors.pop(event.anchor, None)  # a redefined anchor must not be reachable while it is open
        self._open.append(_Container(value, event.anchor))

    def _end(self, event: Any) -> None:
        done = self._open.pop()
        if done.anchor is not None:
            self._anchors[done.anchor] = (done.value, done.value.position, done.size)
        self._add(event, done.value, done.value.position, done.size)

    def _alias(self, event: Any) -> None:
        if self._awaits_key():
            raise self._fatal(event, "a key must be plain text")
        if any(container.anchor == event.anchor for container in self._open):
            raise self._fatal(event, f"alias '*{event.anchor}' is inside the value that it stands for")
        if event.anchor not in self._anchors:
            raise self._fatal(event, f"alias '*{event.anchor}' has no anchor before it")
        self._add(event, *self._anchors[event.anchor])

    def _scalar(self, event: Any) -> None:
        position = self._position(event)
        if event.tag not in (None, "!", _STRING_TAG):
            raise self._fatal(event, "YAML tags are not supported; remove it")
        if self._awaits_key():
            self._open[-1].key, self._open[-1].key_at = event.value, position
            return
        value, position = self._filled(event, position)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, position, 1)
        self._add(event, value, position, 1)

    def _filled(self, event: Any, position: Position) -> tuple[Scalar, Position]:
        """The scalar's value; one that cannot be had becomes an error and an empty text."""
        text: str = event.value
        try:
            if "${" in text:
                filled, names = self._variables.fill(text)
                return filled, position._replace(variable=names)
            return (resolve(text) if event.implicit[0] else text), position
        except ValueError as error:
            self.errors.append(ConfigurationError(*position[:3], self._path(), str(error)))
            return "", position._replace(variable=UNREADABLE)

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].value, SourceMap) and self._open[-1].key is None

    def _add(self, event: Any, value: Any, position: Position, size: int) -> None:
        if not self._open:
            self.root = value
            return
        container = self._open[-1]
        container.size += size
        if container.size > MAX_NODES:
            raise self._fatal(event, f"the file, its aliases expanded, holds more than {MAX_NODES:,} values")
        if isinstance(container.value, SourceList):
            container.value.put(value, position)
        else:
            self._put(container, container.value, value, position)

    def _put(self, container: _Container, mapping: SourceMap, value: Any, position: Position) -> None:
        key = container.key or ""
        container.key = None
        if key in mapping:
            first = mapping.keys_at[key].line
            message = f"key '{key}' is already set in line {first}; remove one"
            self.errors.append(ConfigurationError(*container.key_at[:3], self._path(key), message))
            return
        mapping.put(key, value, container.key_at, position)

    def _path(self, key: str | None = None) -> str:
        parts = [container.key for container in self._open if container.key]
        return ".".join(parts if key is None else [*parts, key])

    def _position(self, event: Any) -> Position:
        mark = event.start_mark
        return Position(self._file, mark.line + 1, mark.column + 1)

    def _fatal(self, event: Any, message: str) -> ConfigurationErrors:
        return ConfigurationErrors([ConfigurationError(*self._position(event)[:3], self._path(), message)])
