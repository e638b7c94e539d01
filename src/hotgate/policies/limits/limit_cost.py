"""`cost:` of a limit: what a request takes, as the file says, as the request says, or as its answer will say."""

import re
from collections.abc import Callable, Mapping

from hotgate.http.response import Response
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import WrongSetting
from hotgate.policies.conditions.attribute import Attribute
from hotgate.policies.conditions.condition import ConditionFailed, compile_number
from hotgate.policies.limits.cost_settings import ComputedCost, ToldCost

CostOf = Callable[[Exchange], int]

_whole_number = re.compile(rb"[0-9]{1,9}")


def computed_cost(settings: ComputedCost, attributes: Mapping[str, Attribute]) -> CostOf:
    """What an expression makes of a request. Raises WrongSetting."""
    try:
        expression = compile_number(settings.cel, attributes)
    except ValueError as error:
        raise WrongSetting(("cost", "cel"), str(error)) from None
    most = settings.most

    def cost_of(exchange: Exchange) -> int:
        try:
            cost: int = expression.value(exchange)
        except ConditionFailed:
            return most
        return cost if 0 <= cost <= most else most

    return cost_of


def dearest(cost: int | ComputedCost | ToldCost) -> int:
    """The most that is taken at once; what an answer says is charged later, and may be more than there is."""
    if isinstance(cost, ComputedCost):
        return cost.most
    return cost.estimate if isinstance(cost, ToldCost) else cost


class AnsweredCost:
    """What an answer says that its request has cost. A backend that says nonsense does not make requests cheaper."""

    __slots__ = ("_name", "estimate", "is_removed", "most")

    def __init__(self, settings: ToldCost) -> None:
        self._name = settings.header.lower().encode("ascii")
        self.estimate = settings.estimate
        self.most = settings.most
        self.is_removed = settings.remove

    def read(self, response: Response) -> int:
        """The cost; the estimate if the answer says nothing."""
        values = response.headers.get_all(self._name)
        if not values:
            return self.estimate
        if len(values) > 1 or not _whole_number.fullmatch(values[0]):
            return self.most
        return min(int(values[0]), self.most)

    def remove(self, response: Response) -> None:
        """Keep it from the client."""
        response.headers.remove(self._name)
