"""`authenticate:` of a route: names of `identity:`, any one of which lets a caller in, and groups that come whole."""

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from hotgate.config.notation import refused
from hotgate.config.settings import Name, Settings

MAX_TOGETHER = 8


class AllOf(Settings):
    """Proofs that must come together in one request, such as a certificate and a token."""

    all: tuple[Name, ...] = Field(
        min_length=2,
        max_length=MAX_TOGETHER,
        description="Names under `identity`, each of which must find its kind of credential and accept it. The first "
        "one leads: the caller is whom it names, with the scopes and roles that it gives.",
    )

    @model_validator(mode="after")
    def _names_each_once(self) -> "AllOf":
        if len(set(self.all)) != len(self.all):
            raise refused("name each entry of `identity` only once")
        return self

    def __str__(self) -> str:
        return "+".join(self.all)


def _kind(value: Any) -> str:
    return "group" if isinstance(value, dict | AllOf) else "single"


# A group is a mapping and a name is text: saying so keeps errors about one apart from those of the other.
Proof = Annotated[Annotated[Name, Tag("single")] | Annotated[AllOf, Tag("group")], Discriminator(_kind)]
