"""The OpenAPI 3.1 document, made from the endpoints: what is served is what is described."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from hotgate.control.api.endpoint import Endpoint
from hotgate.control.problem import MEDIA_TYPE
from hotgate.http.problem import reason_phrase

Document = dict[str, Any]

PREFIX = "/api"
EVERY_PROBLEM = {
    401: ("admin-token-required",),
    429: ("too-many-failures",),
    500: ("internal-error",),
    503: ("no-admin-token",),
}
BODY_PROBLEMS = {
    400: ("json-invalid", "body-incomplete"),
    408: ("body-too-slow",),
    413: ("body-too-large",),
    415: ("not-json",),
    422: ("invalid",),
}
INPUT_PROBLEMS = {422: ("input-invalid",)}
STORE_PROBLEMS = {409: ("no-store",), 503: ("store-unavailable",)}
_REFERENCE = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"\{(\w+)(?::path)?\}")

PROBLEM: Document = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; for programs."},
        "detail": {"type": "string", "description": "For people."},
        "errors": {
            "type": "array",
            "description": "What is wrong with the input.",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "Where: a JSON pointer, or a parameter's name."},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


def openapi(endpoints: Iterable[Endpoint], version: str) -> Document:
    """The document. version: of the gateway."""
    endpoints = list(endpoints)
    paths: dict[str, Document] = {}
    for endpoint in endpoints:
        paths.setdefault(public_path(endpoint), {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Hotgate admin API", "version": version},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": PROBLEM, **_schemas(endpoints)},
        },
    }


def public_path(endpoint: Endpoint) -> str:
    """Its path as a template of OpenAPI."""
    return PREFIX + endpoint.path.replace(":path}", "}")


def problems(endpoint: Endpoint) -> dict[int, tuple[str, ...]]:
    """The codes of the problems that an operation may answer with, by status."""
    groups = [EVERY_PROBLEM, INPUT_PROBLEMS, endpoint.problems]
    groups += [BODY_PROBLEMS] if endpoint.has_body else []
    groups += [STORE_PROBLEMS] if endpoint.needs_store else []
    statuses = sorted({status for group in groups for status in group})
    return {status: tuple(code for group in groups for code in group.get(status, ())) for status in statuses}


def _operation(endpoint: Endpoint) -> Document:
    operation: Document = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "responses": {str(status): _answer(status, model) for status, model in endpoint.answers.items()}
        | {str(status): _problem(codes) for status, codes in problems(endpoint).items()},
    }
    if parameters := [*_path_parameters(endpoint), *_query_parameters(endpoint)]:
        operation["parameters"] = parameters
    if endpoint.has_body and endpoint.takes.model_fields:
        is_needed = any(field.is_required() for field in endpoint.takes.model_fields.values())
        content = {"application/json": {"schema": _reference(endpoint.takes)}}
        operation["requestBody"] = {"required": is_needed, "content": content}
    return operation


def _answer(status: int, model: type[BaseModel] | None) -> Document:
    description = reason_phrase(status).decode("ascii")
    if model is None:
        return {"description": description}
    return {"description": description, "content": {"application/json": {"schema": _reference(model)}}}


def _problem(codes: tuple[str, ...]) -> Document:
    content = {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}}
    return {"description": ", ".join(f"`{code}`" for code in codes), "content": content}


def _path_parameters(endpoint: Endpoint) -> Iterator[Document]:
    for name in _PARAMETER.findall(endpoint.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameters(endpoint: Endpoint) -> Iterator[Document]:
    if endpoint.has_body:
        return
    schema = endpoint.takes.model_json_schema()
    for name, value in schema.get("properties", {}).items():
        description = value.pop("description", "")
        is_required = name in schema.get("required", ())
        yield {"name": name, "in": "query", "required": is_required, "description": description, "schema": value}


def _reference(model: type[BaseModel]) -> Document:
    return {"$ref": _REFERENCE.format(model=model.__name__)}


def _schemas(endpoints: Iterable[Endpoint]) -> Document:
    taken = {endpoint.takes for endpoint in endpoints if endpoint.has_body and endpoint.takes.model_fields}
    answered = {model for endpoint in endpoints for model in endpoint.answers.values() if model is not None}
    wanted = [(model, "validation") for model in taken] + [(model, "serialization") for model in answered]
    wanted.sort(key=lambda pair: pair[0].__name__)
    _, found = models_json_schema(wanted, ref_template=_REFERENCE)  # type: ignore[arg-type]
    definitions: Document = found.get("$defs", {})
    return definitions
