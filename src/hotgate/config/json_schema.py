"""The JSON Schema of the file, for editors and for docs/configuration.md."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of the file as `model` reads it: draft 2020-12, a description on every key."""
    schema = model.model_json_schema(schema_generator=_FileSchema)
    return {"$schema": _DIALECT, **schema}


class _FileSchema(GenerateJsonSchema):
    """Shows defaults as the file would write them: "30s", not 30.0."""

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        shown = super().default_schema(schema)
        write = _writer(schema["schema"])
        if write is not None and schema.get("default") is not None:
            shown["default"] = write(schema["default"])
        return shown

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False  # a title that repeats the key is noise in an editor


def _writer(schema: CoreSchema | Any) -> Any:
    if schema["type"] == "tuple":
        write = _writer(schema["items_schema"][0])
        return write and (lambda values: [write(value) for value in values])
    return schema.get("metadata", {}).get("hotgate_write")
