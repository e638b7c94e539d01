"""docs/policies.md is executed: each block whose first line names a file is written there, checked and run."""

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from hotgate import Response
from hotgate.config.loader import load
from hotgate.config.models import gateway_model
from hotgate.pipeline.policy import CompileContext, PhasedStep
from hotgate.policies.user import POLICY

GUIDE = Path(__file__).parents[3] / "docs" / "policies.md"
BLOCK = re.compile(r"^```(python|yaml|json|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [content for kind, content in BLOCK.findall(GUIDE.read_text()) if kind == language]


def named(content: str) -> str:
    return content.partition("\n")[0].removeprefix("# ").removesuffix(".py")


MODULES = {named(content): content for content in blocks("python")}
TESTS = [name for name in MODULES if name.startswith("test_")]


@pytest.fixture
def guide_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, content in MODULES.items():
        (tmp_path / f"{name}.py").write_text(content)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in MODULES:
        sys.modules.pop(name, None)


def test_every_policy_of_the_guide_has_a_test() -> None:
    policies = [name for name in MODULES if not name.startswith("test_")]
    assert sorted(TESTS) == sorted(f"test_{name}" for name in policies)
    assert len(policies) == 5


@pytest.mark.usefixtures("guide_modules")
@pytest.mark.parametrize("name", TESTS)
def test_the_tests_of_the_guide_pass(name: str) -> None:
    module = importlib.import_module(name)
    tests = [value for key, value in vars(module).items() if key.startswith("test_")]
    assert tests
    for test in tests:
        test()


@pytest.mark.usefixtures("guide_modules")
def test_the_routes_of_the_guide_compile() -> None:
    used: list[PhasedStep] = []
    for content in blocks("yaml"):
        document: dict[str, Any] = yaml.safe_load(content)
        for route in document.get("routes", [document]):
            settings = TypeAdapter(POLICY.model).validate_python(route["policies"])
            used += POLICY.compile(settings, CompileContext("guide"))
    assert len(used) == 3


def test_the_configuration_of_the_guide_is_complete(tmp_path: Path) -> None:
    (content,) = [content for content in blocks("yaml") if named(content) == "hotgate.yaml"]
    (tmp_path / "hotgate.yaml").write_text(content)
    config = load(tmp_path / "hotgate.yaml", gateway_model([POLICY], [])).config
    assert config.routes[0].policy("policies")[0].use == "office:business_hours"


def test_the_problem_of_the_guide_is_what_a_problem_looks_like() -> None:
    (shown,) = blocks("json")
    problem = Response.problem(403, code="outside-business-hours", detail="Come back at nine.")
    assert problem.body is not None
    assert shown.strip() == problem.body.decode()[:-1] + ',"request_id":"…"}'
