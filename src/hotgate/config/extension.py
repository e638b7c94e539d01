"""How other packages add keys to the file: a policy adds one to routes, a mechanism one to `identity:`."""

from typing import Any, Protocol


class Extension(Protocol):
    """`name` is the key, `model` the pydantic type of its value. Satisfied by PolicySpec and MechanismSpec."""

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> Any: ...
