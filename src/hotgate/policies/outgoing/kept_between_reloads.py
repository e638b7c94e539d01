"""What outlives a reload: tokens of upstreams whose settings stay the same."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from weakref import WeakValueDictionary

SERVICE = "upstream_tokens"  # a WeakValueDictionary of the worker

T = TypeVar("T")


def kept_between_reloads(services: Mapping[str, Any], source: str, make: Callable[[], T]) -> T:
    """What the configuration in force holds under this name, or a new one. It goes with the last that holds it."""
    known: WeakValueDictionary[str, Any] = services.get(SERVICE, WeakValueDictionary())
    kept: T | None = known.get(source)
    if kept is None:
        kept = known[source] = make()
    return kept
