"""Values that nobody may see: not in a log, a traceback, an error, a dump or a schema."""

import hmac
import os
import re
import stat
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, Self

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from hotgate.config.notation import refused

MAX_SECRET_SIZE = 1024 * 1024  # Mozilla's list of authorities has 230 KiB
_FILE = "file:"
_HIDDEN = "***"


class Secret:
    """A text that shows only by `reveal()`. In a file: the value, `${ENV}`, or `file:/path` (docs/configuration.md)."""

    __slots__ = ("_value",)
    _NOUN = "a secret"

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
        return core_schema.with_info_plain_validator_function(cls._read, serialization=hidden)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {
            "type": "string",
            "minLength": 1,
            "writeOnly": True,
            "$comment": "secret: text, `${ENV}` or `file:/path`",
        }

    @classmethod
    def _read(cls, value: object, info: core_schema.ValidationInfo) -> Self:
        if isinstance(value, cls):
            return value
        text = checked_text(value, cls._NOUN)
        # Only the loader passes the context. Workers get trees whose references are resolved, and read no files.
        if isinstance(info.context, SecretFiles):
            text = cls._resolved(info.context, text)
        return cls(cls._checked(text))

    @classmethod
    def _resolved(cls, files: "SecretFiles", text: str) -> str:
        """What the text in the configuration stands for."""
        return files.text(text.removeprefix(_FILE), "the secret's file") if text.startswith(_FILE) else text

    @classmethod
    def _checked(cls, text: str) -> str:
        """The value as it is kept, or raises `refused`."""
        return text


class FileContent(Secret):
    """What is in a file that the value names; nothing shows it, for it may be what nobody should read."""

    __slots__ = ()
    _NOUN = "a path"

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "$comment": "path"}

    @classmethod
    def _resolved(cls, files: "SecretFiles", text: str) -> str:
        return files.text(text, "the file")


class SecretForm(AfterValidator):
    """Metadata for a Secret whose text must match `pattern` as a whole. says: what is wrong with one that does not."""

    def __init__(self, pattern: str, says: str) -> None:
        form = re.compile(pattern)

        def checked(secret: Secret) -> Secret:
            if not form.fullmatch(secret.reveal()):
                raise refused(says)
            return secret

        super().__init__(checked)


class SecretFiles:
    """Reads the files that values refer to while a configuration is validated: pass it as pydantic's context.

    folder: what relative paths start from. read: every file that was read → what stands for its content in the tree.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.read: dict[Path, str] = {}

    def text(self, name: str, what: str) -> str:
        """The content of a file, without its last line end. what: to call it in errors. Raises PydanticCustomError."""
        return self._kept(name, what, lambda content: _one_line_end_less(_decoded(content)))

    def base64(self, name: str, what: str) -> str:
        """The content of a binary file, in a form that a tree can hold."""
        return self._kept(name, what, lambda content: b64encode(content).decode("ascii"))

    def _kept(self, name: str, what: str, form: Callable[[bytes], str]) -> str:
        path = self._folder / name
        try:
            self.read[path] = form(_content(path))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise refused(f"{what} cannot be used: {reason}") from None
        return self.read[path]


def checked_text(value: object, what: str) -> str:
    """A value that is text of a size that a secret may have. Raises PydanticCustomError."""
    if not isinstance(value, str) or not value:
        raise refused(f"{what} must be text that is not empty; quote a number")
    if len(value) > MAX_SECRET_SIZE:
        raise refused(f"{what} may have at most 1 MiB")
    return value


def _content(path: Path) -> bytes:
    # Without O_NONBLOCK, opening a FIFO would wait for a writer for ever.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("it is not a regular file")
        content = file.read(MAX_SECRET_SIZE + 1)
    if len(content) > MAX_SECRET_SIZE:
        raise ValueError("it is larger than 1 MiB")
    return content


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
