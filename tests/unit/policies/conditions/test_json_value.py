"""What expressions give, as JSON that everybody reads alike."""

from typing import Any

import pytest

from hotgate.policies.conditions.attributes import attributes_of
from hotgate.policies.conditions.condition import ConditionFailed, compile_value
from hotgate.policies.conditions.json_value import json_value
from hotgate.testing import make_exchange, make_principal

ATTRIBUTES = attributes_of(("id",), {}, has_body=False)
CLAIMS = {"list": [1, {"none": None, "flags": [True]}], "big": 2**60, "deep": {"a": {"b": []}}}


def value_of(source: str) -> Any:
    exchange = make_exchange(principal=make_principal(claims=CLAIMS), params={"id": "7"})
    return json_value(compile_value(source, ATTRIBUTES).value(exchange))


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("path.id", "7"),
        ("1 + 1", 2),
        ("1.5", 1.5),
        ("true", True),
        ("null", None),
        ("claims.list", CLAIMS["list"]),
        ("claims.deep", CLAIMS["deep"]),
        ('{"a": [1, "b", claims.list], "c": {"d": 2}}', {"a": [1, "b", CLAIMS["list"]], "c": {"d": 2}}),
        ('["x"].map(each, {"id": each})', [{"id": "x"}]),
        ('timestamp("2026-01-02T03:04:05.678Z")', "2026-01-02T03:04:05.678Z"),
        ('duration("90s")', "90s"),
    ],
)
def test_json(source: str, value: Any) -> None:
    assert value_of(source) == value


@pytest.mark.parametrize(
    "source", ['b"x"', "type(1)", "claims.big", "claims.missing", "{1: 2}", "1.0 / 0.0", "[1.0 / 0.0]"]
)
def test_what_is_none(source: str) -> None:
    with pytest.raises(ConditionFailed):
        value_of(source)
