from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from hotgate.config.units import (
    Duration,
    Rate,
    RateValue,
    Size,
    duration_text,
    parse_duration,
    parse_rate,
    parse_size,
    size_text,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", 0.25), ("30s", 30.0), ("5m", 300.0), ("2h", 7200.0), ("1d", 86400.0), ("1.5s", 1.5), ("0s", 0.0)],
)
def test_duration_is_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "value", [30, 1.5, True, None, "", "30", "s", "-1s", "1 s", "30S", "1s\n", "٣s", "9" * 99 + "s"]
)
def test_duration_needs_a_number_and_a_unit(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="duration"):
        parse_duration(value)


@pytest.mark.parametrize(
    ("text", "count"),
    [("64KiB", 65536), ("1MiB", 1048576), ("10MB", 10_000_000), ("512B", 512), ("512", 512), (512, 512), (0, 0)],
)
def test_size_is_bytes(text: object, count: int) -> None:
    assert parse_size(text) == count


@pytest.mark.parametrize("value", [True, False, None, -1, 1.5, "", "-1", "1.5MiB", "1 MiB", "1mib", "9" * 99])
def test_size_refuses_what_is_not_one(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="size"):
        parse_size(value)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("100/second", Rate(100, 1.0)),
        ("100/minute", Rate(100, 60.0)),
        ("5/hour", Rate(5, 3600.0)),
        ("5/day", Rate(5, 86400.0)),
        ("7/s", Rate(7, 1.0)),
        ("7/m", Rate(7, 60.0)),
        ("100/10s", Rate(100, 10.0)),
    ],
)
def test_rate_is_count_and_window(text: str, rate: Rate) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("value", [100, True, None, "", "100", "0/s", "1/0s", "-1/s", "1/999999d", "1/week", "1 / s"])
def test_rate_refuses_what_is_not_one(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="rate"):
        parse_rate(value)


@pytest.mark.parametrize("text", ["250ms", "1s", "90s", "5m", "2h", "1d", "0s"])
def test_duration_text_is_read_back(text: str) -> None:
    assert duration_text(parse_duration(text)) == text


@pytest.mark.parametrize("text", ["0", "512", "64KiB", "1MiB", "3GiB"])
def test_size_text_is_read_back(text: str) -> None:
    assert size_text(parse_size(text)) == text


def test_rate_shows_as_it_is_written() -> None:
    assert str(Rate(100, 60.0)) == "100/1m"


class _Fields(BaseModel):
    duration: Duration = 0.0
    size: Size = 0
    rate: RateValue = Rate(1, 1.0)


def test_types_work_as_fields() -> None:
    fields = _Fields.model_validate({"duration": "1m", "size": "1KiB", "rate": "1/s"})
    assert (fields.duration, fields.size, fields.rate) == (60.0, 1024, Rate(1, 1.0))


@pytest.mark.parametrize("values", [{"duration": "367d"}, {"size": "1025GiB"}, {"rate": "1/367d"}])
def test_types_are_bounded(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _Fields.model_validate(values)


def test_schema_has_patterns() -> None:
    properties = _Fields.model_json_schema()["properties"]
    assert "pattern" in properties["duration"]
    assert "pattern" in properties["size"]["anyOf"][0]
    assert "pattern" in properties["rate"]
