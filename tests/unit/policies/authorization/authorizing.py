"""`authorize` as a route compiles it, and asked for one exchange."""

from typing import Any

from hotgate.config.authorization import Authorization
from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.identity.rights import RoleBook
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import CompileContext, PhasedStep
from hotgate.policies.authorization.authorize import POLICY
from hotgate.policies.authorization.settings import AuthorizeSettings

PLACE = ("routes", 3, "authorize")


def compiled(settings: dict[str, Any], *, is_public: bool = False, **authorization: Any) -> list[PhasedStep]:
    """The steps on a route `/orders/{owner}`. authorization: the value of the top-level key."""
    shared = Authorization.model_validate(authorization)
    services = {"authorization": shared, "roles": RoleBook(shared.roles)}
    context = CompileContext(
        "orders", services=services, parameters=("owner",), path=("routes", 3), is_public=is_public
    )
    return POLICY.compile(AuthorizeSettings.model_validate(settings), context)  # type: ignore[return-value]


def asked(steps: list[PhasedStep], exchange: Exchange) -> Response | None:
    """The first refusal."""
    for step in steps:
        outcome = step.run(exchange)
        assert outcome is None or isinstance(outcome, Response)
        if outcome is not None:
            return outcome
    return None


def decided(steps: list[PhasedStep], exchange: Exchange) -> tuple[str, str, bool, str]:
    """Code of the answer ("" if the request passes), and the rule, what it said, and the reason of the decision."""
    response = asked(steps, exchange)
    decision = exchange.decision
    assert decision is not None
    assert decision.policy == "authorize"
    assert decision.allowed is (response is None)
    return "" if response is None else response.code, decision.rule, decision.allowed, decision.reason


def caller(
    scopes: str = "", roles: str = "", groups: str = "", claims: dict[str, Any] | None = None, subject: str = "ada"
) -> Principal:
    """A caller with a token."""
    return Principal(
        subject,
        provider="corp",
        mechanism="jwt",
        scopes=frozenset(scopes.split()),
        roles=frozenset(roles.split()),
        groups=frozenset(groups.split()),
        claims=claims,
    )
