"""The lines of an import of keys: CSV with a first line of names, or a JSON object on each line.

Lists are JSON lists, or names separated by spaces.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from hotgate.config.messages import message_of
from hotgate.config.notation import refused
from hotgate.config.settings import Form, Name, Settings
from hotgate.config.timestamp import Timestamp
from hotgate.control.administration_error import LineError
from hotgate.control.unknown_member import unknown_member
from hotgate.identity.api_keys.api_key import digest
from hotgate.identity.api_keys.managed_key import DEFAULT_ENVIRONMENT, hint, is_typo
from hotgate.identity.strict_json import parse_object

Numbered = tuple[int, "ImportLine | LineError"]


def _split(value: object) -> object:
    return value.split() if isinstance(value, str) else value


def _parsed(value: object) -> object:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        raise refused("must be a JSON object") from None


_Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
_Digest = Annotated[str, Form(r"[0-9A-Fa-f]{64}", "must be 64 hexadecimal digits")]


class ImportLine(Settings):
    """One key of another system: the key itself, or its SHA-256 digest."""

    key: str | None = Field(default=None, repr=False)
    sha256: _Digest | None = Field(default=None, repr=False)
    id: Name | None = None
    consumer: str
    environment: str = DEFAULT_ENVIRONMENT
    scopes: _Names = ()
    roles: _Names = ()
    not_before: Timestamp | None = None
    expires: Timestamp | None = None
    limit: str | None = None
    networks: _Names = ()
    routes: _Names = ()
    metadata: Annotated[dict[str, Any], BeforeValidator(_parsed)] = {}

    @model_validator(mode="after")
    def _has_one_proof(self) -> "ImportLine":
        if (self.key is None) == (self.sha256 is None):
            raise refused("needs either key or sha256")
        if self.key is not None:
            _check_key(self.key)
        return self

    @property
    def plain_digest(self) -> bytes:
        """SHA-256 of the key."""
        return bytes.fromhex(self.sha256 or digest(self.key or ""))

    @property
    def hint(self) -> str:
        """What may be shown of the key."""
        return "" if self.key is None else hint(self.key)

    def attributes(self) -> dict[str, Any]:
        """What the key is to be, by the names of `KeyRequest`."""
        found = self.model_dump(exclude={"key", "sha256", "id"})
        for name in ("not_before", "expires"):
            found[name] = None if found[name] is None else found[name].timestamp()
        return found


def _check_key(key: str) -> None:
    try:
        digest(key)
    except ValueError as error:
        raise refused(str(error)) from None
    if is_typo(key.encode("ascii")):
        raise refused("begins as a key of Hotgate, but its checksum is wrong")


def read_lines(text: str) -> Iterator[Numbered]:
    """Every line that is not empty, with its number from 1: what it says, or what is wrong with it."""
    if text.lstrip().startswith("{"):
        for number, line in enumerate(text.split("\n"), 1):  # of all line ends, only this one is none within a string
            if line.strip():
                yield number, _read_json(number, line)
        return
    rows = csv.DictReader(io.StringIO(text), strict=True, restkey="", restval="")
    try:
        names = rows.fieldnames or ()
        if len(set(names)) < len(names):
            yield 1, LineError(1, "has a name twice")
            return
        for row in rows:
            yield rows.line_num, _read(rows.line_num, {name: value for name, value in row.items() if value})
    except csv.Error:
        yield rows.line_num, LineError(rows.line_num, "is not CSV")


def _read_json(number: int, line: str) -> ImportLine | LineError:
    try:
        return _read(number, parse_object(line.encode()))
    except ValueError:
        return LineError(number, "is not a JSON object, or has a member twice")


def _read(number: int, found: Mapping[str, Any]) -> ImportLine | LineError:
    try:
        return ImportLine.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "extra_forbidden":
            return LineError(number, unknown_member(ImportLine, first["loc"]))
        place = ".".join(str(part) for part in first["loc"])[:100]
        says = message_of(first, "")
        return LineError(number, f"{place}: {says}" if place and first["type"] != "missing" else says)
