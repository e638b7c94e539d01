"""`overload`, `priorities` and `concurrency`: what may be written, and where a mistake is shown."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.config.concurrency import UpstreamConcurrency
from hotgate.config.overload import Overload
from hotgate.config.priorities import Priorities
from hotgate.policies.limits.concurrency_settings import ConcurrencySettings
from hotgate.runtime.compiling.compile_errors import compile_errors
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
        ((1, "{when: 'request.size < 1000', priority: high}"), 9, "client_chooses"),
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


def test_rules_know_the_roles_and_claims_that_are_declared(tmp_path: Path) -> None:
    declared = "authorization: {claims: {department: string}, roles: {vip: {given_to: [{group: staff}]}}}\n"
    file = tmp_path / "hotgate.yaml"
    for rule, is_right in [
        ("claims.department == 'x'", True),
        ("claims.departmnt == 'x'", False),
        ("'vip' in principal.roles", True),
    ]:
        file.write_text(BASE % (GOOD[0], f'{{when: "{rule}", priority: high}}', GOOD[2]) + declared)
        assert (compile_errors(load_configuration(file)) == []) == is_right


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


@pytest.mark.parametrize(
    ("limits", "is_warned_of"), [("{}", True), ("{worker_memory: 900MiB}", True), ("{worker_memory: 850MiB}", False)]
)
def test_memory_that_nobody_takes_back_is_warned_of(tmp_path: Path, limits: str, *, is_warned_of: bool) -> None:
    """Python seldom gives memory back, so a worker that is not replaced might shed for ever."""
    file = tmp_path / "hotgate.yaml"
    file.write_text(
        f"listeners: [{{name: web, bind: '127.0.0.1:0'}}]\nlimits: {limits}\noverload:\n  memory: {{limit: 1GiB}}\n"
    )
    warnings = [str(warning) for warning in load_configuration(file).warnings]
    assert any(":4:" in each and "overload.memory.limit" in each for each in warnings) == is_warned_of


@pytest.mark.parametrize(
    ("more", "is_warned_of"),
    [
        ("public: true, upstream: api, priority: critical", True),
        ("public: true, upstream: api, priority: critical, rate_limit: {limit: 10/s, by: address}", False),
        ("public: true, upstream: api, priority: critical, max_concurrent: 2", False),
        ("public: true, respond: {}, priority: critical", False),
        ("public: true, upstream: api, priority: high", False),
    ],
)
def test_what_anybody_can_make_critical_is_warned_of(tmp_path: Path, more: str, *, is_warned_of: bool) -> None:
    file = tmp_path / "hotgate.yaml"
    route = f"  - {{name: health, match: {{path: /healthz}}, {more}}}\n"
    file.write_text(BASE.partition("priorities:")[0] % GOOD[0] + "routes:\n" + route)
    warnings = [str(warning) for warning in load_configuration(file).warnings]
    assert any(":8:" in each and "routes[0].priority" in each for each in warnings) == is_warned_of
