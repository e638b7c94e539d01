"""Certificates and keys: PEM text in the file, or the path of a file that holds it."""

from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from hotgate.config.notation import refused
from hotgate.config.secret import MAX_SECRET_SIZE, Secret, SecretFiles

MAX_PEM_SIZE = 1024 * 1024  # Mozilla's list of authorities has 230 KiB
_BEGIN = "-----BEGIN "


class Pem:
    """Certificates as PEM text. A path is relative to the configuration's folder; only the control process reads it."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return self.text == other.text if isinstance(other, Pem) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Pem({len(self.text)} characters)"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: object, info: core_schema.ValidationInfo) -> Pem:
            return value if isinstance(value, Pem) else cls(_pem_text(value, info.context, MAX_PEM_SIZE))

        written = core_schema.plain_serializer_function_ser_schema(lambda pem: pem.text)
        return core_schema.with_info_plain_validator_function(read, serialization=written)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "$comment": "PEM file or text"}


class PrivateKey(Secret):
    """A private key as PEM text, hidden like every secret."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: object, info: core_schema.ValidationInfo) -> PrivateKey:
            return value if isinstance(value, PrivateKey) else cls(_pem_text(value, info.context, MAX_SECRET_SIZE))

        hidden = core_schema.plain_serializer_function_ser_schema(str)
        return core_schema.with_info_plain_validator_function(read, serialization=hidden)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "writeOnly": True, "$comment": "PEM file or text, secret"}


def _pem_text(value: object, context: object, max_size: int) -> str:
    if not isinstance(value, str) or not value:
        raise refused("must be PEM text or the path of a PEM file")
    # Workers get trees whose files have been read, and read none themselves.
    if _BEGIN not in value and isinstance(context, SecretFiles):
        value = context.resolve(value, max_size)
    if len(value) > max_size:
        raise refused(f"may have at most {max_size // 1024} KiB")
    if _BEGIN not in value:
        raise refused("is not PEM: there is no line that starts with -----BEGIN")
    return value
