"""Values that nobody may see: not in a log, a traceback, an error, a dump or a schema."""

import hmac
import os
import stat
from pathlib import Path
from typing import Any, NoReturn

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from hotgate.config.notation import refused

MAX_SECRET_SIZE = 64 * 1024
_FILE = "file:"
_HIDDEN = "***"


class Secret:
    """A text that shows only by `reveal()`. In a file: the value, `${ENV}`, or `file:/path` (docs/configuration.md)."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself. Do not keep it, do not format it."""
        return self._value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return _HIDDEN

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        hidden = core_schema.plain_serializer_function_ser_schema(str)
        return core_schema.with_info_plain_validator_function(_read, serialization=hidden)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {
            "type": "string",
            "minLength": 1,
            "writeOnly": True,
            "$comment": "secret: text, `${ENV}` or `file:/path`",
        }


class SecretFiles:
    """Reads `file:` references while a configuration is validated: pass it as pydantic's validation context.

    folder: what relative paths start from. read: every file that was read → its content, without the last line end.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.read: dict[Path, str] = {}

    def resolve(self, reference: str, max_size: int = MAX_SECRET_SIZE) -> str:
        """The content of the file that `reference` (`file:…`, or a path) names. Raises PydanticCustomError."""
        path = self._folder / reference.removeprefix(_FILE)
        try:
            self.read[path] = _content(path, max_size)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise refused(f"the file cannot be used: {reason}") from None
        return self.read[path]


def _read(value: object, info: core_schema.ValidationInfo) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str) or not value:
        raise refused("a secret must be text that is not empty; quote a number")
    if len(value) > MAX_SECRET_SIZE:
        raise refused("a secret may have at most 64 KiB")
    # Only the loader passes the context. Workers get trees whose references are resolved, and read no files.
    if isinstance(info.context, SecretFiles) and value.startswith(_FILE):
        value = info.context.resolve(value)
    return Secret(value)


def _content(path: Path, max_size: int) -> str:
    # Without O_NONBLOCK, opening a FIFO would wait for a writer for ever.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("it is not a regular file")
        content = file.read(max_size + 1)
    if len(content) > max_size:
        raise ValueError(f"it is larger than {max_size // 1024} KiB")
    return _one_line_end_less(_decoded(content))


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None  # the original would show the content


def _one_line_end_less(text: str) -> str:
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise ValueError("it is empty")
    return text
