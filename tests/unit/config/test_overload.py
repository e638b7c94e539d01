"""`overload`, `priorities` and `concurrency`: what may be written, and where a mistake is shown."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.config.concurrency import UpstreamConcurrency
from hotgate.config.overload import Overload
from hotgate.config.priorities import Priorities
from hotgate.policies.limits.concurrency_settings import ConcurrencySettings
from hotgate.runtime.compiling.compile import compile_errors
from hotgate.runtime.compiling.load import load_configuration

BASE = """\
listeners: [{name: web, bind: "127.0.0.1:8080"}]
workers: 4
upstreams:
  api:
    targets: ["http://127.0.0.1:9000"]
    concurrency: %s
priorities:
  rules:
    - %s
routes:
  - {name: all, match: {path: "/*"}, upstream: api, public: true, concurrency: %s}
"""
GOOD = ("{limit: adaptive}", "{when: 'true', priority: low}", "{limit: 4}")


def problems(folder: Path, *parts: str) -> list[str]:
    file = folder / "hotgate.yaml"
    file.write_text(BASE % parts)
    return [str(error).rpartition("/")[2] for error in compile_errors(load_configuration(file))]


def test_what_is_right(tmp_path: Path) -> None:
    assert problems(tmp_path, *GOOD) == []


@pytest.mark.parametrize(
    ("changed", "line", "says"),
    [
        ((0, "{limit: 3}"), 6, "each of the 4 workers"),
        ((1, "{when: 'principal.tear == \"\"', priority: low}"), 9, "principal.tier"),
        ((1, '{when: \'request.query["a"] == "b"\', priority: low}'), 9, "client_chooses"),
        ((2, "{limit: 3}"), 11, "each of the 4 workers"),
        ((2, "[{limit: 4}, {limit: 5}]"), 11, "by the same"),
        ((2, "{limit: 4, by: 'path:id'}"), 11, "no parameter"),
    ],
)
def test_a_mistake_is_shown_with_its_place(tmp_path: Path, changed: tuple[int, str], line: int, says: str) -> None:
    parts = list(GOOD)
    parts[changed[0]] = changed[1]
    (problem,) = problems(tmp_path, *parts)
    assert problem.startswith(f"hotgate.yaml:{line}:")
    assert says in problem


@pytest.mark.parametrize(
    "settings",
    [
        {"limit": 0},
        {"limit": "auto"},
        {"limit": 5, "min": 1},
        {"limit": "adaptive", "min": 9, "max": 8},
        {"limit": 5, "wait": "1m"},
        {"limit": 5, "queue": 10_001},
        {"limit": 5, "by": "route"},
    ],
)
def test_what_concurrency_of_an_upstream_cannot_be(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        UpstreamConcurrency.model_validate(settings)


def test_bounds_of_an_adaptive_limit() -> None:
    def bounds(**settings: int) -> tuple[int, int]:
        found = UpstreamConcurrency.model_validate({"limit": "adaptive", **settings})
        return found.lowest, found.highest

    assert bounds() == (5, 1000)
    assert bounds(max=3) == (3, 3)
    assert bounds(min=2000) == (2000, 2000)


def test_what_adapts_is_said_where_it_belongs() -> None:
    with pytest.raises(ValidationError, match="`adaptive` is for `concurrency` of an upstream"):
        ConcurrencySettings.model_validate({"limit": "adaptive"})


@pytest.mark.parametrize(
    "settings",
    [
        {"loop_lag": {"from": "1s", "to": "1s"}},
        {"memory": {"limit": "1GiB", "from": "90%", "to": "80%"}},
        {"memory": {"limit": "1MiB"}},
        {"memory": {"from": "80%"}},
        {"connections": {"from": "0%"}},
        {"retry_after": "0s"},
        {"cpu": {}},
    ],
)
def test_what_overload_cannot_be(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Overload.model_validate(settings)


def test_a_class_that_there_is_not() -> None:
    with pytest.raises(ValidationError):
        Priorities.model_validate({"tiers": {"gold": "highest"}})
