"""Values that are written as text: how one is read, and the JSON Schema that editors get for it."""

from collections.abc import Callable
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

REFUSED = "refused"


def refused(message: str) -> PydanticCustomError:
    """The error of a validator whose message is safe to show: it must not repeat the value, which may be a secret."""
    return PydanticCustomError(REFUSED, "{message}", {"message": message})


class Notation:
    """Metadata for `Annotated`. read: the value of the file → what the field holds, or raises `refused`.

    schema: the JSON Schema of what the file may say. write: the text of a value, to show defaults.
    """

    def __init__(
        self, read: Callable[[object], Any], schema: dict[str, Any], write: Callable[[Any], Any] | None = None
    ) -> None:
        self.read = read
        self.schema = schema
        self.write = write

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read, metadata={"hotgate_write": self.write})

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return dict(self.schema)
