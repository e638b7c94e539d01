"""`authorization:`: what routes share to decide who may do what."""

from pydantic import Field

from hotgate.config.decision_points.decision_point import DecisionPoint
from hotgate.config.settings import Name, Settings


class Authorization(Settings):
    """Roles, named policies and decision points, each defined once and named by routes."""

    decision_points: dict[Name, DecisionPoint] = Field(
        default={}, max_length=1000, description="Who is asked about requests that routes do not decide alone, by name."
    )
