from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from hotgate.config.gateway import Gateway
from hotgate.config.json_schema import json_schema


@pytest.fixture(scope="module")
def schema(model: type[Gateway]) -> dict[str, Any]:
    return json_schema(model)


def _properties(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        for key, value in schema.get("properties", {}).items():
            yield f"{path}.{key}", value
            yield from _properties(value, f"{path}.{key}")
        for key, value in schema.items():
            if key not in ("properties", "default"):
                yield from _properties(value, f"{path}.{key}")


def test_it_is_a_valid_schema(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema")


def test_every_key_has_a_description(schema: dict[str, Any]) -> None:
    definitions = schema["$defs"]
    for path, key in _properties(schema):
        reference = key.get("$ref", "").rpartition("/")[2]
        assert key.get("description") or definitions[reference].get("description"), path


def test_defaults_are_shown_as_they_are_written(schema: dict[str, Any]) -> None:
    limits = schema["$defs"]["Limits"]["properties"]
    assert limits["max_header_bytes"]["default"] == "32KiB"
    assert limits["drain"]["default"] == "30s"
    assert schema["$defs"]["Admin"]["properties"]["bind"]["default"] == "127.0.0.1:9900"


FILE = """
listeners: [{name: web, bind: "127.0.0.1:8080", trusted_proxies: [10.0.0.0/8]}]
workers: auto
upstreams: {u: {targets: ["http://h:1", {url: "http://h:2", weight: 2}], timeouts: {connect: 1s}}}
identity: {corp: {api_key: {}}}
defaults: {upstream: u, rate_limit: null, max_body: 1MiB}
routes:
  - {name: r, match: {path: "/*"}, authenticate: [corp], rate_limit: {limit: 5/s}}
"""


def test_it_accepts_what_the_gateway_accepts(schema: dict[str, Any]) -> None:
    assert not list(Draft202012Validator(schema).iter_errors(yaml.safe_load(FILE)))


@pytest.mark.parametrize("text", ["upstreem: {}", "workers: 0", "watch: 1", "limits: {drain: 30}", "routes: [{}]"])
def test_it_refuses_what_the_gateway_refuses(schema: dict[str, Any], text: str) -> None:
    tree = yaml.safe_load(FILE) | yaml.safe_load(text)
    assert list(Draft202012Validator(schema).iter_errors(tree))


def test_defaults_in_lists_are_written_as_in_the_file(schema: dict[str, Any]) -> None:
    assert schema["$defs"]["Health"]["properties"]["expect"]["default"] == ["200-399"]
