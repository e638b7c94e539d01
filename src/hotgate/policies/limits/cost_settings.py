"""`cost:` of a limit, as the file says it: what a request takes."""

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from hotgate.config.cel_expression import CelExpression
from hotgate.config.notation import refused
from hotgate.config.settings import Flag, HeaderName, Settings, WholeNumber

MAX_COST = 10**9  # bytes of a body, say


class ComputedCost(Settings):
    """What a request costs, computed from the request."""

    cel: CelExpression = Field(
        description="A CEL expression of an int. One that fails, is below 0 or above `most` costs `most`."
    )
    most: Annotated[int, WholeNumber(1, MAX_COST)] = Field(description="The most that a request can cost.")


class ToldCost(Settings):
    """What a request costs, as the backend's answer says."""

    header: HeaderName = Field(description="The field of the answer: one whole number. Without it `estimate` stands.")
    estimate: Annotated[int, WholeNumber(1, MAX_COST)] = Field(
        default=1, description="What is taken before the backend is asked."
    )
    most: Annotated[int, WholeNumber(1, MAX_COST)] = Field(
        description="The most that a request can cost. A field that is no whole number, or is there twice, costs that "
        "much, and so does a request whose client left before the answer began."
    )
    remove: Flag = Field(default=False, description="Whether the client does not get the field.")

    @model_validator(mode="after")
    def _estimate_is_possible(self) -> "ToldCost":
        if self.estimate > self.most:
            raise refused("`estimate` is above `most`")
        return self


def _kind_of_cost(value: Any) -> str:
    if isinstance(value, dict):
        return "computed" if "cel" in value else "told"
    if isinstance(value, ComputedCost):
        return "computed"
    return "told" if isinstance(value, ToldCost) else "fixed"


Cost = Annotated[
    Annotated[int, WholeNumber(1, MAX_COST), Tag("fixed")]
    | Annotated[ComputedCost, Tag("computed")]
    | Annotated[ToldCost, Tag("told")],
    Discriminator(_kind_of_cost),
]
