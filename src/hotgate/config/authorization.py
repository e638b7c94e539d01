"""`authorization:`: what routes share to decide who may do what."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from hotgate.config.cel_expression import CelExpression
from hotgate.config.decision_points.decision_point import DecisionPoint
from hotgate.config.notation import Notation, refused
from hotgate.config.settings import Form, Name, Settings, given

RightName = Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,256}", "use text of 1 to 256 characters")]
Permission = Annotated[
    str,
    Form(
        r"[A-Za-z0-9_.-]{1,64}(:[A-Za-z0-9_.-]{1,64}){0,7}",
        "use letters, digits, '_', '.' and '-' in parts with ':' between, such as orders:write; there are no wildcards",
    ),
]
Permissions = Annotated[tuple[Permission, ...], Field(max_length=256)]
Because = Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,256}", "use one line of text, at most 256 characters")]
ClaimName = Annotated[str, Form(r"[^\x00-\x20\x7f]{1,256}", "use the claim's name, at most 256 characters")]
ClaimKind = Literal["string", "int", "double", "bool", "list", "map", "any"]


def _read_claim_value(value: object) -> str | int | bool:
    """Kinds stay apart: the text "1" is not the number 1, and neither is true."""
    if isinstance(value, str | int | bool) and len(str(value)) <= 256:
        return value
    raise refused("use text, a whole number, true or false")


ClaimValue = Annotated[
    str | int | bool,
    Notation(_read_claim_value, {"type": ["string", "integer", "boolean"], "maxLength": 256}, lambda value: value),
]


class Receiver(Settings):
    """Whom a role is given to. All the keys of one entry must fit; any entry is enough."""

    group: RightName | None = Field(default=None, description="Callers in this group.")
    claim: dict[ClaimName, ClaimValue] | None = Field(
        default=None,
        min_length=1,
        max_length=16,
        description="Callers with these claims: each has this value, or is a list that holds it.",
    )
    consumer: RightName | None = Field(
        default=None,
        description="The consumer of this name, where the configuration or the store names callers: by an API key, a "
        "signature, a certificate or a password. What an issuer calls its users is another matter: use `subject`.",
    )
    subject: RightName | None = Field(
        default=None, description="The caller whom the `provider` calls so; two providers may use one name."
    )
    provider: Name | None = Field(default=None, description="Callers whom this entry of `identity` has recognised.")

    @model_validator(mode="after")
    def _names_somebody(self) -> "Receiver":
        if not given(self, ("group", "claim", "consumer", "subject", "provider")):
            raise refused("say to whom: group, claim, consumer, subject or provider")
        if self.subject is not None and self.provider is None:
            raise refused("name the `provider` too: two of them may call different people by the same name")
        return self


class Role(Settings):
    """What callers in the role may do. Whoever's credential or consumer names the role is in it."""

    permissions: Permissions = Field(default=(), description="What it allows, as `orders:write`; compared as a whole.")
    inherits: Annotated[tuple[RightName, ...], Field(max_length=64)] = Field(
        default=(), description="Roles whose permissions it has too; who is in this role is in those."
    )
    given_to: Annotated[tuple[Receiver, ...], Field(max_length=1000)] = Field(
        default=(), description="Who else is in it, whatever the credential says."
    )


class Rule(Settings):
    """One rule of a named policy: it allows or denies when its condition holds."""

    name: Name = Field(description="Its name, for logs and explanations; unique within the policy.")
    allow: CelExpression | None = Field(default=None, description="Allow when this condition holds.")
    deny: CelExpression | None = Field(default=None, description="Deny when this condition holds, or fails.")
    because: Because | None = Field(
        default=None, description="What a caller is told whom the rule denies. Not set: no more than that it is denied."
    )

    @model_validator(mode="after")
    def _decides_one_thing(self) -> "Rule":
        if len(given(self, ("allow", "deny"))) != 1:
            raise refused("a rule says either `allow` or `deny`")
        if self.because is not None and self.deny is None:
            raise refused("`because` is told to those whom a rule denies; this one allows")
        return self

    @property
    def condition(self) -> str:
        """The expression, whatever it decides."""
        return self.allow or self.deny or ""


def _read_rules(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    names = [rule.name for rule in rules]
    if len(set(names)) < len(names):
        raise refused("each rule of a policy needs its own name")
    if not any(rule.allow for rule in rules):
        raise refused(
            'a policy needs a rule that allows: what none allows is denied; end with `allow: "true"` for all others'
        )
    return rules


NamedPolicy = Annotated[tuple[Rule, ...], Field(min_length=1, max_length=64), AfterValidator(_read_rules)]


class Authorization(Settings):
    """Roles, named policies and decision points, each defined once and named by routes."""

    roles: dict[RightName, Role] = Field(
        default={},
        max_length=1000,
        description="What callers in a role may do, by the role's name, which is what credentials and consumers say.",
    )
    claims: dict[ClaimName, ClaimKind] = Field(
        default={},
        max_length=256,
        description="The claims that conditions may look at, and what each holds: string, int, double, bool, list, "
        "map or any. A condition that looks at another is then an error, and so is one that compares a claim with "
        "something else than it holds. A claim of another kind than declared counts as missing. Not set: any claim.",
    )
    policies: dict[Name, NamedPolicy] = Field(
        default={},
        max_length=1000,
        description="Rules, by the name under which routes use them (`authorize.policies`). A rule that denies wins "
        "over all that allow; what no rule allows is denied.",
    )
    decision_points: dict[Name, DecisionPoint] = Field(
        default={}, max_length=1000, description="Who is asked about requests that routes do not decide alone, by name."
    )


NOTHING_DECLARED = Authorization()  # where no configuration says anything; made once, for every route asks
