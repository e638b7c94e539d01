from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.identity.verification_keys.key_sets import KeySets, key_set_name
from hotgate.keys.key_ring import KeyRing, RingHolder
from hotgate.keys.rotation import first_ring
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext
from hotgate.policies.assertion import POLICY, AssertionSettings
from hotgate.policies.tokens import jwt
from hotgate.policies.tokens.jwt_settings import JwtSettings
from hotgate.testing import make_exchange, make_principal, run
from hotgate.testing.issuer import Issuer

NOW = 1_800_000_000.0
RING = first_ring("ES256", NOW)


def passed(
    principal: Principal | None,
    ring: KeyRing | None = RING,
    *,
    settings: Mapping[str, Any] | None = None,
    upstream: str = "orders",
) -> tuple[Exchange, Response | None]:
    exchange = make_exchange(principal=principal)
    holder = RingHolder()
    holder.ring = ring
    services = {"signing": holder, "assertion_issuer": "gw", "wall_clock": lambda: NOW}
    steps = POLICY.compile(
        AssertionSettings.model_validate(settings or {}), CompileContext("r", {}, services, upstream)
    )
    assert all(step.phase is Phase.SHAPE for step in steps)
    return exchange, run(steps, exchange)


def test_the_backend_gets_one_of_an_authenticated_caller() -> None:
    exchange, answer = passed(make_principal())
    assert answer is None
    assert len(exchange.request.headers.get_all(b"x-hotgate-assertion")) == 1


@pytest.mark.parametrize(("principal", "upstream"), [(None, "orders"), (make_principal(), "")])
def test_nothing_is_said_of_nobody_or_to_nobody(principal: Principal | None, upstream: str) -> None:
    exchange, answer = passed(principal, upstream=upstream)
    assert answer is None
    assert b"x-hotgate-assertion" not in exchange.request.headers


def test_a_worker_without_a_key_lets_nothing_pass() -> None:
    exchange, answer = passed(make_principal(), ring=None)
    assert answer is not None
    assert (answer.status, answer.code) == (503, "assertion-unavailable")
    assert b"x-hotgate-assertion" not in exchange.request.headers


def test_of_a_token_it_is_known_when_it_ends() -> None:
    issuer, sets = Issuer(), KeySets(lambda: NOW)
    settings = JwtSettings.model_validate(
        {"issuer": issuer.name, "audience": "api", "jwks_url": "https://idp.test/jwks", "leeway": "0s"}
    )
    authenticator = jwt.MECHANISM.compile("corp", settings, {"key_sets": sets, "wall_clock": lambda: NOW})
    sets.replace(key_set_name("corp", "https://idp.test/jwks"), issuer.jwks())
    token = issuer.token({"iss": issuer.name, "aud": "api", "sub": "ada", "exp": NOW + 7}).decode()
    principal = authenticator.authenticate(make_exchange(headers={"authorization": f"Bearer {token}"}))
    assert principal.expires == NOW + 7


@pytest.mark.parametrize("wrong", [{"lifetime": "6m"}, {"lifetime": "1s"}, {"audience": ""}, {"claims": ["a\n"]}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AssertionSettings.model_validate(wrong)
