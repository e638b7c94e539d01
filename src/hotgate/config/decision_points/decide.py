"""`authorize: {decide: […]}`: which decision points a route asks, and what, where it differs from what they say."""

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from hotgate.config.settings import Name, Settings

MAX_QUESTIONS = 16


class RouteQuestion(Settings):
    """A question of the route's own."""

    point: Name = Field(description="The decision point, by name.")
    ask: dict[str, Any] = Field(
        default={},
        max_length=16,
        description="Keys of the decision point's `ask` that are different here; each replaces the whole key.",
    )


def _kind(value: Any) -> str:
    return "question" if isinstance(value, dict | RouteQuestion) else "name"


# A question is a mapping and a name is text: saying so keeps errors about one apart from those of the other.
Question = Annotated[Annotated[Name, Tag("name")] | Annotated[RouteQuestion, Tag("question")], Discriminator(_kind)]
Decide = Annotated[tuple[Question, ...], Field(max_length=MAX_QUESTIONS)]
