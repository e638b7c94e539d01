"""How a caller was authenticated is believed only where a claim says it plainly."""

from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.identity.principal import Principal
from hotgate.policies.authorization.settings import AuthorizeSettings
from hotgate.policies.step_up import Demand

NOW = 1_800_000_000.0


def principal(**claims: Any) -> Principal:
    return Principal("u1", provider="sso", mechanism="oidc", claims=claims)


@pytest.mark.parametrize(
    ("demand", "claims", "is_met"),
    [
        (Demand(("a", "b"), None), {"acr": "b"}, True),
        (Demand(("a",), None), {"acr": "A"}, False),
        (Demand(("a",), None), {"acr": ["a"]}, False),
        (Demand(("a",), None), {"acr": None}, False),
        (Demand(("a",), None), {"acr": "a b"}, False),
        (Demand(("1",), None), {"acr": 1}, False),
        (Demand((), 60.0), {"auth_time": NOW - 59}, True),
        (Demand((), 60.0), {"auth_time": NOW - 60}, False),
        (Demand((), 60.0), {"auth_time": NOW + 30}, True),
        (Demand((), 60.0), {"auth_time": NOW + 31}, False),
        (Demand((), 60.0), {"auth_time": float("nan")}, False),
        (Demand((), 60.0), {"auth_time": float("inf")}, False),
        (Demand((), 60.0), {}, False),
        (Demand(("a",), 60.0), {"acr": "a"}, False),
        (Demand(("a",), 60.0), {"acr": "a", "auth_time": NOW}, True),
    ],
)
def test_a_demand(demand: Demand, claims: dict[str, Any], is_met: bool) -> None:
    assert demand.is_met(principal(**claims), NOW) is is_met


def test_the_challenge_names_what_is_lacking() -> None:
    assert Demand(("a", "b"), 90.0).parameters.endswith('acr_values="a b", max_age="90"')
    assert "max_age" not in Demand(("a",), None).parameters
    assert "acr_values" not in Demand((), 60.0).parameters


@pytest.mark.parametrize("acr", ['a"b', "a b", "a\\b", "a\r\nb", "é", ""])
def test_nothing_that_would_break_the_challenge_can_be_demanded(acr: str) -> None:
    with pytest.raises(ValidationError):
        AuthorizeSettings.model_validate({"acr": [acr]})
    assert AuthorizeSettings.model_validate({"acr": ["urn:mace:silver"]}).demand == Demand(("urn:mace:silver",), None)
