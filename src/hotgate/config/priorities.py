"""`priority` of a route and `priorities:`: what is served first, and given up last, when not all can be."""

from typing import Annotated, Literal

from pydantic import Field

from hotgate.config.settings import Flag, Settings

PriorityName = Literal["critical", "high", "normal", "low"]


class PriorityRule(Settings):
    """One class and whose requests have it."""

    when: str = Field(
        min_length=1,
        max_length=4096,
        description="A condition in CEL, as `principal.client == 'checkout'`. One that fails gives nobody a better"
        " class.",
    )
    priority: PriorityName = Field(description="The class.")
    client_chooses: Flag = Field(
        default=False,
        description="Say `true` if the condition looks at header fields or the query: then clients choose their class"
        " themselves, unless a proxy before Hotgate sets them.",
    )


class Priorities(Settings):
    """Which class callers have, on routes that have no `priority` of their own. The first rule that holds decides, then
    the tier; nobody else is more than `normal`."""

    tiers: dict[Annotated[str, Field(min_length=1, max_length=256)], PriorityName] = Field(
        default={}, max_length=100, description="By the tier of the caller: `{gold: high, free: low}`."
    )
    rules: tuple[PriorityRule, ...] = Field(
        default=(), max_length=32, description="By conditions, looked at before the tiers, in this order."
    )
