"""What a policy has decided about a request, and by which rule of the file: for answers to "why?"."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision. A rule that always decides alike makes its decisions once, when it is compiled.

    policy: the key that decided, as `authorize`. rule: its name for people. path: where it stands, as keys of the whole
    file. allowed: what it said. reason: why, for operators; a client is told less. attributes: readers of what it
    looked at, by name; called with the exchange, and only when somebody asks (`policies/conditions/attributes.py`).
    """

    policy: str
    rule: str
    path: Path
    allowed: bool
    reason: str = ""
    attributes: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class StepLabel:
    """Which policy a step of a route belongs to, and where that stands in the file."""

    phase: str
    policy: str
    path: Path
