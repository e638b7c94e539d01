"""A model with two policies and two mechanisms of the tests' own, and a folder to write files into."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Annotated, Any

import pytest
from pydantic import Field, field_validator

from hotgate.config.errors import ConfigurationErrors
from hotgate.config.gateway import Gateway
from hotgate.config.loader import Loaded, load
from hotgate.config.models import gateway_model
from hotgate.config.secret import Secret
from hotgate.config.settings import Settings
from hotgate.config.units import RateValue


@dataclass(frozen=True)
class FakeExtension:
    name: str
    model: Any


class RateLimit(Settings):
    """Bounds how often a caller may call."""

    limit: RateValue = Field(description="How often.")
    by: str = Field(default="principal", description="Who.")

    @field_validator("by")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in ("principal", "address"):
            raise ValueError(f"nothing is called {value.split('-', maxsplit=1)[0]}")
        return value


class Token(Settings):
    """A shared secret."""

    secret: Secret = Field(description="The secret.")
    audience: Annotated[str, Field(max_length=5)] | tuple[str, ...] = Field(default=(), description="For whom.")


class Key(Settings):
    """A key in a header."""

    header: str = Field(default="x-api-key", description="Where.")


POLICIES = (FakeExtension("rate_limit", RateLimit), FakeExtension("headers", dict[str, str]))
MECHANISMS = (FakeExtension("token", Token), FakeExtension("api_key", Key))


@pytest.fixture(scope="session")
def model() -> type[Gateway]:
    return gateway_model(POLICIES, MECHANISMS)


class Folder:
    """Files of one configuration, `hotgate.yaml` being the main one."""

    def __init__(self, path: Path, model: type[Gateway]) -> None:
        self.path = path
        self._model = model

    def write(self, text: str, name: str = "hotgate.yaml") -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
        return file

    def load(self, text: str, environment: Mapping[str, str] | None = None) -> Loaded:
        return load(self.write(text), self._model, environment or {})

    def errors(self, text: str, environment: Mapping[str, str] | None = None) -> list[str]:
        """Every error, without the folder's name."""
        with pytest.raises(ConfigurationErrors) as caught:
            self.load(text, environment)
        return [str(error).replace(f"{self.path}/", "") for error in caught.value.errors]


@pytest.fixture
def folder(tmp_path: Path, model: type[Gateway]) -> Folder:
    return Folder(tmp_path, model)


@pytest.fixture
def routes_of(folder: Folder) -> Callable[[str], list[str]]:
    """The errors of a minimal file with these lines added at its end."""

    def errors(text: str) -> list[str]:
        head = 'listeners: [{name: web, bind: "127.0.0.1:0"}]\nupstreams: {api: {targets: ["http://h:1"]}}\n'
        return folder.errors(head + dedent(text))

    return errors
