"""The settings of `authorize`."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.authorization import Permissions, RightName
from hotgate.config.cel_expression import CelExpression
from hotgate.config.decision_points.decide import Decide
from hotgate.config.notation import Notation, refused
from hotgate.config.settings import Form, Name, Settings
from hotgate.config.units import DurationBetween, SizeBetween
from hotgate.policies.step_up import Demand

ANY_METHOD = "*"

# RFC 6749 §3.3; with it the scopes fit into a quoted string of WWW-Authenticate as they are.
_Scope = Annotated[str, Form(r"[!#-\[\]-~]{1,256}", "use a scope of visible ASCII without quotes and backslashes")]
_Scopes = Annotated[tuple[_Scope, ...], Field(max_length=64)]
_Names = Annotated[tuple[RightName, ...], Field(max_length=64)]
_METHOD = Form(r"[A-Z][A-Z0-9_-]{0,31}|\*", 'use a method in capital letters, such as POST, or "*" for all others')


def _read_method(value: object) -> str:
    method = str(_METHOD.read(value))
    if method == "HEAD":
        raise refused("HEAD asks for what GET shows, and is held to what GET needs; say it under GET")
    return method


_Method = Annotated[str, Notation(_read_method, _METHOD.schema)]


class AccessRules(Settings):
    """All the keys that are given must be fulfilled."""

    scopes: _Scopes = Field(default=(), description="Scopes that the caller must have, all of them.")
    any_scope: _Scopes = Field(default=(), description="Scopes of which the caller must have at least one.")
    roles: _Names = Field(
        default=(),
        description="Roles of which the caller must have at least one: by its credential, as a consumer, or by "
        "`authorization.roles`, inherited ones included.",
    )
    groups: _Names = Field(default=(), description="Groups of which the caller must be in at least one.")
    permissions: Permissions = Field(
        default=(), description="Permissions that the caller's roles must give it, all of them (`authorization.roles`)."
    )
    when: CelExpression | None = Field(
        default=None,
        description="A condition in CEL that must hold, such as `path.owner == principal.subject`. One that cannot be "
        "evaluated denies.",
    )
    policies: Annotated[tuple[Name, ...], Field(max_length=16)] = Field(
        default=(), description="Named policies (`authorization.policies`), each of which must allow the request."
    )


class AuthorizeSettings(AccessRules):
    """What a caller must have, and what must be true of its request. All the keys that are given must be fulfilled."""

    acr: Annotated[tuple[_Scope, ...], Field(max_length=16)] = Field(
        default=(),
        description="How the user must have logged in: `acr` of the token or session must be one of these, best first. "
        "A browser is sent to log in so; other callers are told what is lacking (RFC 9470).",
    )
    max_age: Annotated[float, DurationBetween("1m", "30d")] | None = Field(
        default=None, description="How long ago the user may have logged in (`auth_time`), likewise."
    )
    methods: dict[_Method, AccessRules] = Field(
        default={},
        max_length=64,
        description='What some methods need besides. Methods that are not listed are denied, unless `"*"` says what '
        "they need; `{}` is nothing more. GET stands for HEAD too.",
    )
    body: Annotated[int, SizeBetween("1", "10MiB")] | None = Field(
        default=None,
        description="Conditions may look at the request's body, a JSON object no larger than this: it is read whole "
        "before they are asked. Larger ones are answered 413.",
    )

    decide: Decide = Field(
        default=(),
        description="Decision points (`authorization.decision_points`) that must all allow it: names, or mappings of"
        " `point` and what is asked otherwise (`ask`).",
    )

    @model_validator(mode="after")
    def _asks_for_something(self) -> "AuthorizeSettings":
        if not any(value for name, value in self if name != "body"):
            raise refused("says nothing that a caller needs, so everybody would pass; give scopes, roles, when, …")
        return self

    @property
    def demand(self) -> Demand | None:
        """`acr` and `max_age`; None if neither is given."""
        return Demand(self.acr, self.max_age) if self.acr or self.max_age is not None else None

    @property
    def named_scopes(self) -> tuple[str, ...]:
        """Every scope that some request may need, each once."""
        parts = (self, *self.methods.values())
        return tuple(dict.fromkeys(scope for part in parts for scope in (*part.scopes, *part.any_scope)))

    def dangers(self, served: Sequence[str]) -> Iterator[tuple[tuple[str, ...], str, str]]:
        """What is weak about it, or cannot be meant: key, message and hint of each. served: methods that come here."""
        for keys, part in ((), self), *((("methods", method), part) for method, part in self.methods.items()):
            if part.when is not None and part.when.strip() == "true":
                yield (*keys, "when"), "this condition always holds", "remove it, or say what must be true"
        if self.methods and ANY_METHOD not in self.methods:
            denied = [each for each in served if ("GET" if each == "HEAD" else each) not in self.methods]
            if denied:
                yield (
                    ("methods",),
                    f"the route is for {', '.join(denied)}, and always denies it",
                    'list it, or add `"*"`',
                )
