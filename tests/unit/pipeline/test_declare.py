from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from hotgate import Exchange, Response, policy
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import UserPolicy
from hotgate.testing import make_exchange


class Options(BaseModel):
    limit: int = 1


def accepts(exchange: Exchange) -> Response | None:
    return None


def test_bare_and_called_forms() -> None:
    for declared in (policy(accepts), policy()(accepts), policy(phase="authorize")(accepts)):
        assert isinstance(declared, UserPolicy)
        assert (declared.phase, declared.options, declared.body_limit) == (Phase.AUTHORIZE, None, 0)


def test_a_declared_policy_can_still_be_called() -> None:
    @policy(phase="admit")
    def refuse(exchange: Exchange) -> Response | None:
        return Response(403)

    answer = refuse(make_exchange())
    assert isinstance(answer, Response)
    assert answer.status == 403


@pytest.mark.parametrize("phase", ["admit", "authenticate", "authorize", "limit", "shape", "respond", "finish"])
def test_every_phase_can_be_named(phase: str) -> None:
    assert policy(phase=phase)(accepts).phase is Phase[phase.upper()]


def test_options_and_body() -> None:
    @policy(options=Options, body="64KiB", phase="shape")
    async def look(exchange: Exchange, options: Options) -> None: ...

    assert look.options is Options
    assert look.body_limit == 65536


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"phase": "later"}, "unknown phase 'later'; use one of admit, authenticate, authorize, limit, shape"),
        ({"phase": "AUTHORIZE"}, "unknown phase"),
        ({"body": "much"}, "write a size"),
        ({"body": "0"}, "body must be from 1 byte"),
        ({"body": "1GiB"}, "body must be from 1 byte to 64MiB"),
        ({"body": "1KiB", "phase": "respond"}, "runs after the body was sent on"),
        ({"options": dict}, "options must be a pydantic model"),
        ({"options": Options()}, "options must be a pydantic model"),
    ],
)
def test_wrong_settings_say_what_is_wrong(settings: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        policy(**settings)


def no_parameters() -> None: ...


def two_parameters(exchange: Exchange, options: Options) -> None: ...


def keyword_only(*, exchange: Exchange) -> None: ...


def yields(exchange: Exchange) -> Any:
    yield None


async def waits(exchange: Exchange) -> None: ...


@pytest.mark.parametrize(
    ("function", "settings", "message"),
    [
        (no_parameters, {}, r"no_parameters is called with \(exchange\)"),
        (two_parameters, {}, r"declare @policy\(options=YourModel\)"),
        (keyword_only, {}, r"called with \(exchange\)"),
        (accepts, {"options": Options}, r"accepts is called with \(exchange, options\)"),
        (yields, {}, "yields; a policy returns"),
        (waits, {"phase": "finish"}, "nothing waits"),
        (Options, {}, "a policy is a function"),
        ("authorize", {}, "a policy is a function"),
    ],
)
def test_wrong_functions_say_what_is_wrong(
    function: Callable[..., Any], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        policy(**settings)(function)
