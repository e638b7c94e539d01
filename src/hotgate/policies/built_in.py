"""A policy or mechanism that comes with the gateway, imported when somebody asks for more than its name.

A worker asks for those of its configuration alone; all of them together are megabytes in each worker.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import import_module
from typing import Any

from hotgate.pipeline.policy import Authenticator, CompileContext, MechanismSpec, PhasedStep, PolicySpec


class BuiltInPolicy:
    """name: in a route. module: has POLICY; below `hotgate.policies`, as the name unless given."""

    def __init__(self, name: str, module: str = "") -> None:
        self.name = name
        self._module = module or name

    @property
    def model(self) -> Any:
        """The type of its settings."""
        return self._spec.model

    @property
    def sees_last_form(self) -> bool:
        """As of PolicySpec."""
        return self._spec.sees_last_form

    def compile(self, settings: Any, context: CompileContext) -> Sequence[PhasedStep]:
        """As of PolicySpec."""
        return self._spec.compile(settings, context)

    @cached_property
    def _spec(self) -> PolicySpec:
        spec: PolicySpec = import_module(f"hotgate.policies.{self._module}").POLICY
        return spec


class BuiltInMechanism:
    """name: under `identity:`. module: has MECHANISM; below `hotgate.policies`, as the name unless given."""

    def __init__(self, name: str, module: str = "") -> None:
        self.name = name
        self._module = module or name

    @property
    def model(self) -> Any:
        """The type of its settings."""
        return self._spec.model

    def compile(self, name: str, settings: Any, services: Mapping[str, Any]) -> Authenticator:
        """As of MechanismSpec."""
        return self._spec.compile(name, settings, services)

    @cached_property
    def _spec(self) -> MechanismSpec:
        spec: MechanismSpec = import_module(f"hotgate.policies.{self._module}").MECHANISM
        return spec
