"""docs/admin-api.md, written from the OpenAPI document, so that it cannot differ from what is served."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from hotgate.config.reference import kind
from hotgate.control.api.openapi import BODY_PROBLEMS, EVERY_PROBLEM, INPUT_PROBLEMS, STORE_PROBLEMS

Schema = dict[str, Any]

_NOTICE = "<!-- Written by `hotgate admin openapi --markdown > docs/admin-api.md`. Do not edit it by hand. -->\n\n"
_OPEN = ("JsonValue", "Problem", "Document")  # the introduction tells of them

_FIRST_PROBLEM = 400
_COMMON: Mapping[str, Mapping[int, tuple[str, ...]]] = {
    "every": EVERY_PROBLEM | INPUT_PROBLEMS,
    "that take a body": BODY_PROBLEMS,
    "on records of the store": STORE_PROBLEMS,
}
_COMMON_CODES = {code for problems in _COMMON.values() for codes in problems.values() for code in codes}


def reference(document: Schema) -> str:
    """The page in Markdown: the hand-written introduction, the operations, and the objects that they answer with."""
    intro = files("hotgate.control.api").joinpath("reference_intro.md").read_text(encoding="utf-8")
    schemas = document["components"]["schemas"]
    operations = [
        line
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for line in _operation(f"{method.upper()} {path}", operation, schemas)
    ]
    objects = [line for name in _answered(document) for line in _object(name, schemas[name])]
    head = [intro, "| status | codes | of which operations |\n|---|---|---|", *_common_problems(), ""]
    return _NOTICE + "\n".join([*head, "## Operations\n", *operations, "## Objects\n", *objects])


def _operation(title: str, operation: Schema, schemas: Schema) -> Iterator[str]:
    yield f"### `{title}`\n\n{operation['summary']}\n"
    parameters = [each for each in operation.get("parameters", ()) if each["in"] == "query"]
    if parameters:
        yield _table_head("parameter")
        yield from (_row(each["name"], {**each["schema"], **each}, is_required=each["required"]) for each in parameters)
        yield ""
    if body := operation.get("requestBody"):
        yield from _members(schemas[_name(body["content"]["application/json"]["schema"])])
    yield f"Answers {', '.join(_answers(operation))}.\n"


def _answers(operation: Schema) -> Iterator[str]:
    for status, answer in operation["responses"].items():
        model = answer.get("content", {}).get("application/json", {}).get("schema")
        if int(status) < _FIRST_PROBLEM:
            yield f"{status} with {_shown(model)}" if model else status
            continue
        codes = [code for code in answer["description"].split(", ") if code.strip("`") not in _COMMON_CODES]
        if codes:
            yield f"{status} {', '.join(codes)}"


def _common_problems() -> Iterator[str]:
    for when, problems in _COMMON.items():
        for status, codes in problems.items():
            yield f"| {status} | {', '.join(f'`{code}`' for code in codes)} | {when} |"


def _answered(document: Schema) -> Iterator[str]:
    """The names of all models that are in answers, in their order."""
    taken = {
        _name(operation["requestBody"]["content"]["application/json"]["schema"])
        for methods in document["paths"].values()
        for operation in methods.values()
        if "requestBody" in operation
    }
    yield from (name for name in document["components"]["schemas"] if name not in taken and name not in _OPEN)


def _object(name: str, schema: Schema) -> Iterator[str]:
    yield f"### {name}\n\n{schema.get('description', '')}\n"
    yield "| member | value | |\n|---|---|---|"
    for member, value in schema["properties"].items():
        yield f"| `{member}` | {_shown(value)} | {value.get('description', '')} |"
    yield ""


def _members(schema: Schema) -> Iterator[str]:
    required = schema.get("required", ())
    yield _table_head("member of the body")
    yield from (_row(name, value, is_required=name in required) for name, value in schema["properties"].items())
    yield ""


def _table_head(what: str) -> str:
    return f"| {what} | value | default | |\n|---|---|---|---|"


def _row(name: str, schema: Schema, *, is_required: bool) -> str:
    default = schema.get("default")
    shown = "" if default in (None, "", [], {}) else f"`{str(default).lower() if default is False else default}`"
    return f"| `{name}` | {_shown(schema)} | {'**required**' if is_required else shown} | {_description(schema)} |"


def _description(schema: Schema) -> str:
    return str(schema.get("description", "")).replace("|", "\\|")


def _shown(schema: Schema) -> str:
    """What a value may be, with links to the objects of this page."""
    if "$ref" in schema:
        name = _name(schema)
        return "anything" if name == "JsonValue" else "an object" if name in _OPEN else f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_shown(member) for member in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_shown(schema.get('items', {}))}"
    if schema.get("type") == "object":
        return "object"
    if schema.get("format") == "date-time":
        return "time"
    return "null" if schema.get("type") == "null" else kind(schema)


def _name(reference_to: Schema) -> str:
    return str(reference_to["$ref"]).rpartition("/")[2]
