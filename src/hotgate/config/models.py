"""The model of the file for a given set of policies and mechanisms."""

from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, Field, create_model
from pydantic.fields import FieldInfo

from hotgate.config.extension import Extension
from hotgate.config.gateway import MECHANISM_FIELD, Gateway, Identity
from hotgate.config.routes import POLICY_FIELD, Route, RouteOptions
from hotgate.config.settings import Name

M = TypeVar("M", bound=BaseModel)


def gateway_model(policies: Sequence[Extension], mechanisms: Sequence[Extension]) -> type[Gateway]:
    """Gateway with a key in routes, `defaults` and profiles for each policy, and one in `identity` for each mechanism.

    A policy whose name is a key of every route already (`authenticate`) keeps that key's type. Read values with
    `route.policy(name)`, `identity.mechanism` and `identity.settings`.
    """
    added = [policy for policy in policies if policy.name not in Route.model_fields]
    route = _extended(Route, POLICY_FIELD, added)
    options = _extended(RouteOptions, POLICY_FIELD, added)
    identity = _extended(Identity, MECHANISM_FIELD, mechanisms)
    types: dict[str, Any] = {
        "identity": dict[Name, identity],  # type: ignore[valid-type]
        "routes": tuple[route, ...],  # type: ignore[valid-type]
        "defaults": options,
        "profiles": dict[Name, options],  # type: ignore[valid-type]
    }
    fields: dict[str, Any] = {name: (kind, copy(Gateway.model_fields[name])) for name, kind in types.items()}
    fields["defaults"][1].default = options()
    return create_model("Gateway", __base__=Gateway, __doc__=Gateway.__doc__, **fields)


def _extended(base: type[M], prefix: str, extensions: Sequence[Extension]) -> type[M]:
    """`base` with an optional key for each extension. The prefix keeps attributes apart from pydantic's own names."""
    fields: dict[str, Any] = {
        prefix + extension.name: (
            extension.model | None,
            Field(default=None, alias=extension.name, description=_summary(extension)),
        )
        for extension in sorted(extensions, key=lambda extension: extension.name)
    }
    return create_model(base.__name__, __base__=base, __doc__=base.__doc__, **fields)


def _summary(extension: Extension) -> str:
    """What its value says of itself; of a model, a list of it or either, the first line of the model's docstring."""
    for said in getattr(extension.model, "__metadata__", ()):
        if isinstance(said, FieldInfo) and said.description:
            return said.description
    lines = (getattr(next(_models_in(extension.model), None), "__doc__", None) or "").strip().splitlines()
    return lines[0] if lines else f"The value of `{extension.name}`."


def _models_in(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for inner in get_args(kind):
        yield from _models_in(inner)
