"""docs/configuration.md, written from the JSON Schema, so that it cannot differ from what the gateway accepts."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

Schema = dict[str, Any]

_NOTICE = "<!-- Written by `hotgate schema --markdown > docs/configuration.md`. Do not edit it by hand. -->\n\n"
_WORDS = {"boolean": "`true` or `false`", "string": "text", "integer": "whole number"}
_INHERITABLE = "RouteOptions"  # the keys of a route once more; the introduction says which


def reference(schema: Schema) -> str:
    """The page in Markdown: the hand-written introduction, then one table for each mapping of the file."""
    intro = files("hotgate.config").joinpath("reference_intro.md").read_text(encoding="utf-8")
    sections = _Sections(schema["$defs"])
    return _NOTICE + intro + "\n## All keys\n\n" + "\n".join(sections.of("", schema))


class _Sections:
    """The tables in the order in which the mappings are first mentioned."""

    def __init__(self, definitions: dict[str, Schema]) -> None:
        self._definitions = definitions
        self._done = {_INHERITABLE}

    def of(self, path: str, schema: Schema) -> Iterator[str]:
        """The table of a mapping, then those of the mappings within."""
        # One that may also be written as text (a target) is a union of both.
        schema = next((member for member in schema.get("anyOf", ()) if "properties" in member), schema)
        required = schema.get("required", ())
        keys = dict(sorted(schema.get("properties", {}).items(), key=lambda item: item[0] not in required))
        yield from _table(path, schema, keys)
        for key, value in keys.items():
            for place, name in _mappings(f"{path}.{key}" if path else key, value):
                if name not in self._done:
                    self._done.add(name)
                    yield from self.of(place, self._definitions[name])


def _table(path: str, schema: Schema, keys: dict[str, Schema]) -> Iterator[str]:
    required = schema.get("required", ())
    yield f"### `{path}`\n" if path else "### The file\n"
    yield f"{schema.get('description', '')}\n"
    if keys:
        yield "| key | value | default | |\n|---|---|---|---|"
        yield from (_row(key, value, is_required=key in required) for key, value in keys.items())
        yield ""


def _row(key: str, value: Schema, *, is_required: bool) -> str:
    default = "**required**" if is_required else _default(value.get("default"))
    description = " ".join(value.get("description", "").split())
    return "| " + " | ".join(_cell(text) for text in (f"`{key}`", kind(value), default, description)) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _default(value: Any) -> str:
    if value is None or value in ("", [], {}) or isinstance(value, dict):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{', '.join(map(str, value)) if isinstance(value, list) else value}`"


def kind(schema: Schema) -> str:
    """What may be written, in a few words of Markdown."""
    if "$comment" in schema:
        return str(schema["$comment"])
    if "enum" in schema or "const" in schema:
        return " or ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    if members := _members(schema):
        kinds = [kind(member) for member in members if member.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "$ref" in schema:
        return "mapping"
    return _kind_of_type(schema)


def _members(schema: Schema) -> list[Schema]:
    """Of a union, whether or not something tells its members apart."""
    return [*schema.get("anyOf", ()), *schema.get("oneOf", ())]


def _kind_of_type(schema: Schema) -> str:
    match schema.get("type"):
        case "array":
            return f"list of {kind(schema.get('items', {}))}"
        case "object":
            inner = schema.get("additionalProperties", next(iter(schema.get("patternProperties", {}).values()), True))
            return f"mapping: name → {kind(inner)}" if isinstance(inner, dict) else "mapping"
        case "integer" if "minimum" in schema and "maximum" in schema:
            return f"{schema['minimum']} to {schema['maximum']}"
        case [*kinds]:
            return " or ".join(_kind_of_type({"type": each}) for each in kinds)
        case other:
            return _WORDS.get(str(other), str(other or "any value"))


def _mappings(path: str, schema: Schema) -> Iterator[tuple[str, str]]:
    """The mappings that a value may hold: where they are, and the name of their definition."""
    if "$ref" in schema:
        yield path, schema["$ref"].rpartition("/")[2]
    for member in _members(schema):
        yield from _mappings(path, member)
    if isinstance(schema.get("items"), dict):
        yield from _mappings(f"{path}[]", schema["items"])
    named = schema.get("additionalProperties")
    for inner in (named, *schema.get("patternProperties", {}).values()):
        if isinstance(inner, dict):
            yield from _mappings(f"{path}.<name>", inner)
