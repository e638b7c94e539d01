"""The commands as they are called, with what lies above the configuration replaced."""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from textwrap import dedent

import pytest
from typer.testing import CliRunner, Result

from hotgate.cli import app
from hotgate.config.errors import ConfigurationError
from hotgate.config.loader import Loaded
from hotgate.config.models import gateway_model

DeepCheck = Callable[[Loaded], Sequence[ConfigurationError]]


class Shell:
    """Runs commands in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "hotgate.yaml"

    def write(self, text: str) -> None:
        self.file.write_text(dedent(text), encoding="utf-8")

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def deep_errors() -> list[Callable[[Loaded], ConfigurationError]]:
    """What compiling the configuration will find; a test adds to it."""
    return []


@pytest.fixture
def shell(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    deep_errors: list[Callable[[Loaded], ConfigurationError]],
) -> Shell:
    model = gateway_model((), ())
    for name in ("configuration", "schema"):
        monkeypatch.setattr(import_module(f"hotgate.cli.{name}"), "full_model", lambda: model)
    compile_errors: DeepCheck = lambda loaded: [make(loaded) for make in deep_errors]  # noqa: E731
    monkeypatch.setattr(import_module("hotgate.cli.check"), "_compile_errors", compile_errors)
    monkeypatch.setattr("sys.path", [*sys.path])
    return Shell(tmp_path)
