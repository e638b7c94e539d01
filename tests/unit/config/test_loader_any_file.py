"""Whatever stands in a file: the outcome is a configuration or errors with places, never another exception."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotgate.config.errors import ConfigurationErrors
from hotgate.config.gateway import Gateway
from hotgate.config.loader import load

GOOD: dict[str, Any] = {
    "listeners": [{"name": "web", "bind": "127.0.0.1:0", "trusted_proxies": ["10.0.0.0/8"]}],
    "admin": {"bind": "127.0.0.1:9900"},
    "upstreams": {"api": {"targets": ["http://h:1", {"url": "http://h:2", "weight": 2}], "timeouts": {"read": "1s"}}},
    "identity": {"corp": {"token": {"secret": "abc", "audience": ["a"]}}},
    "defaults": {"upstream": "api", "public": True, "rate_limit": {"limit": "1/s"}},
    "profiles": {"p": {"max_body": "1MiB", "headers": {"a": "b"}}},
    "routes": [
        {"name": "a", "match": {"path": "/{x}/*", "hosts": ["h"], "query": {"q": "*"}}, "profiles": ["p"]},
        {"name": "b", "match": {"path": "/b"}, "authenticate": ["corp"], "rewrite": {"path": "/c"}},
        {"name": "c", "match": {"path": "/c"}, "redirect": {"to": "/d"}, "rate_limit": None},
    ],
    "limits": {"drain": "1s"},
    "include": ["none*.yaml"],
}


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from _paths(child, (*path, key))


_LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
_VALUES = st.recursive(
    _LEAVES | st.sampled_from(["file:x", "${A}", "api", "p", "*", "/", "1s"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "path", "jwt", "x"]), inner),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any") / "hotgate.yaml"


def test_the_file_to_start_from_is_good(file: Path, model: type[Gateway]) -> None:
    file.write_text(json.dumps(GOOD))
    assert len(load(file, model, {}).config.routes) == 3


@settings(max_examples=300, deadline=None)
@given(path=st.sampled_from(list(_paths(GOOD))), value=_VALUES)
def test_any_value_anywhere_is_taken_or_refused(
    file: Path, model: type[Gateway], path: tuple[Any, ...], value: Any
) -> None:
    tree = copy.deepcopy(GOOD)
    parent: Any = tree
    for part in path[:-1]:
        parent = parent[part]
    parent[path[-1]] = value
    file.write_text(json.dumps(tree))
    try:
        loaded = load(file, model, {"A": "x"})
    except ConfigurationErrors as errors:
        assert all(error.line > 0 for error in errors.errors)  # noqa: PT017  (either outcome is right)
        return
    assert model.model_validate(json.loads(json.dumps(loaded.tree))).routes == loaded.config.routes
