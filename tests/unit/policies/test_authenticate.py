"""Which entry decides, what the client is told, and what the backend gets to see."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

import pytest

from hotgate.config.authentication import AllOf
from hotgate.http.headers import Field, Headers
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.api_keys.api_key import digest
from hotgate.identity.places.credential_source import HeaderSource
from hotgate.identity.principal import Principal
from hotgate.identity.verification_keys.key_sets import KeySets, key_set_name
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import Authenticator, CompileContext
from hotgate.pipeline.route import Route
from hotgate.policies import api_key, mtls
from hotgate.policies.api_key_settings import ApiKeySettings
from hotgate.policies.authenticate import POLICY
from hotgate.policies.tokens import jwt
from hotgate.policies.tokens.jwt_settings import JwtSettings
from hotgate.store.credentials import Credentials
from hotgate.testing.issuer import Issuer

NOW = 1_800_000_000.0
SECRET = b"3d9a0f4c-not-a-real-key"
CORP, LABS = Issuer("https://corp.test"), Issuer("https://labs.test")
KEY = (b"x-api-key", SECRET)


def identities(**forwarding: bool) -> dict[str, Authenticator]:
    key_sets = KeySets(lambda: NOW)
    services = {"key_sets": key_sets, "wall_clock": lambda: NOW}
    result: dict[str, Authenticator] = {}
    for name, issuer in (("corp", CORP), ("labs", LABS)):
        url = f"{issuer.name}/jwks"
        settings = JwtSettings(
            issuer=issuer.name, audience="api", jwks_url=url, forward_token=forwarding.get(name, False)
        )
        result[name] = jwt.MECHANISM.compile(name, settings, services)
        key_sets.replace(key_set_name(name, url), issuer.jwks())
    keys = [{"id": "ci", "sha256": digest(SECRET.decode())}]
    settings_of_keys = ApiKeySettings.model_validate({"keys": keys, "forward_key": forwarding.get("partners", False)})
    result["partners"] = api_key.MECHANISM.compile("partners", settings_of_keys, services)
    return result


def bearer(issuer: Issuer = CORP, **changes: Any) -> Field:
    claims = {"iss": issuer.name, "aud": "api", "sub": "ada", "exp": NOW + 60, **changes}
    return b"authorization", b"Bearer " + issuer.token(claims)


def exchange_with(*fields: Field) -> Exchange:
    request = Request("GET", "/", Headers([(b"host", b"x"), *fields, (b"accept", b"*/*")]))
    return Exchange(request, Route("r"), params={}, client="192.0.2.1", request_id="1", started=0.0)


def authenticate(
    exchange: Exchange, names: Sequence[str], known: Mapping[str, Authenticator] | None = None
) -> Response | None:
    context = CompileContext("r", identities() if known is None else known)
    step, *_ = POLICY.compile(names, context)
    assert step.phase is Phase.AUTHENTICATE
    outcome = step.run(exchange)
    return asyncio.run(_awaited(outcome)) if isinstance(outcome, Awaitable) else outcome


async def _awaited(pending: Awaitable[Any]) -> Any:
    return await pending


def provider(exchange: Exchange) -> str | None:
    return None if exchange.principal is None else exchange.principal.provider


@pytest.mark.parametrize(
    ("fields", "expected"),
    [((bearer(),), "corp"), ((KEY,), "partners"), ((bearer(), KEY), "corp"), ((bearer(LABS),), "labs")],
)
def test_the_entry_that_finds_its_kind_of_credential_decides(fields: tuple[Field, ...], expected: str) -> None:
    exchange = exchange_with(*fields)
    assert authenticate(exchange, ["corp", "partners", "labs"]) is None
    assert provider(exchange) == expected


def test_the_order_of_the_names_matters_when_there_are_two_credentials() -> None:
    exchange = exchange_with(bearer(), KEY)
    assert authenticate(exchange, ["partners", "corp"]) is None
    assert provider(exchange) == "partners"


def test_a_bad_token_is_refused_although_a_good_key_came_with_it() -> None:
    exchange = exchange_with(bearer(exp=NOW - 100), KEY)
    response = authenticate(exchange, ["corp", "partners"])
    assert response is not None
    assert response.code == "token-expired"
    assert exchange.principal is None


def test_without_a_credential_all_challenges_are_sent() -> None:
    exchange = exchange_with((b"authorization", b"Basic YTpi"))
    response = authenticate(exchange, ["corp", "partners"])
    assert response is not None
    assert (response.status, response.code) == (401, "token-missing")
    assert response.headers.get_all(b"www-authenticate") == [
        b'Bearer realm="corp"',
        b'ApiKey realm="partners", header="x-api-key"',
    ]


def test_an_entry_that_the_route_does_not_name_lets_nobody_in() -> None:
    for fields, names in (((KEY,), ["corp"]), ((bearer(LABS),), ["corp"]), ((bearer(),), ["partners"])):
        exchange = exchange_with(*fields)
        assert authenticate(exchange, names) is not None
        assert exchange.principal is None


# --- several issuers


def test_a_token_that_only_claims_an_issuer_is_verified_with_that_issuers_keys() -> None:
    exchange = exchange_with(bearer(LABS, iss=CORP.name))
    response = authenticate(exchange, ["corp", "labs"])
    assert response is not None
    assert response.code == "token-signature-invalid"


@pytest.mark.parametrize(
    ("issuer", "code"),
    [
        ("https://evil.test", "token-issuer-unknown"),
        (None, "token-malformed"),
        (["https://corp.test"], "token-malformed"),
    ],
)
def test_a_token_of_none_of_the_issuers_is_refused(issuer: Any, code: str) -> None:
    response = authenticate(exchange_with(bearer(iss=issuer)), ["corp", "labs"])
    assert response is not None
    assert response.code == code


@pytest.mark.parametrize("value", [b"Bearer", b"Bearer x.y.z", b"Bearer " + b"A" * 10_000])
def test_a_malformed_token_is_refused_by_several_issuers_too(value: bytes) -> None:
    response = authenticate(exchange_with((b"authorization", value)), ["corp", "labs"])
    assert response is not None
    assert response.code == "token-malformed"


def test_two_tokens_are_refused_by_several_issuers_too() -> None:
    response = authenticate(exchange_with(bearer(), bearer(LABS)), ["corp", "labs"])
    assert response is not None
    assert response.code == "token-malformed"


def test_several_issuers_remember_tokens() -> None:
    context = CompileContext("r", identities())
    step, *_ = POLICY.compile(["corp", "labs"], context)
    credential = bearer(LABS)
    first, second = exchange_with(credential), exchange_with(credential)
    assert step.run(first) is None
    assert step.run(second) is None
    assert second.principal is first.principal


def test_an_unknown_kid_is_awaited_behind_a_choice() -> None:
    exchange = exchange_with(bearer(Issuer(CORP.name, kid="new")))
    response = authenticate(exchange, ["corp", "labs"])
    assert response is not None
    assert response.code == "key-unknown"


# --- what the backend sees


def names_of(exchange: Exchange) -> list[bytes]:
    return [name for name, _ in exchange.request.headers]


def test_no_credential_of_the_route_reaches_the_backend() -> None:
    exchange = exchange_with(bearer(), KEY, KEY)
    assert authenticate(exchange, ["corp", "partners"]) is None
    assert names_of(exchange) == [b"host", b"accept"]


def test_an_entry_may_forward_its_own_credential_but_no_unverified_one() -> None:
    known = identities(corp=True, partners=True)
    exchange = exchange_with(bearer(), (b"x-api-key", b"forged-and-unverified"))
    assert authenticate(exchange, ["corp", "partners"], known) is None
    assert names_of(exchange) == [b"host", b"authorization", b"accept"]


def test_of_several_issuers_only_the_one_that_decided_may_forward() -> None:
    known = identities(corp=True)
    first, second = exchange_with(bearer()), exchange_with(bearer(LABS))
    assert authenticate(first, ["corp", "labs"], known) is None
    assert authenticate(second, ["corp", "labs"], known) is None
    assert b"authorization" in names_of(first)
    assert b"authorization" not in names_of(second)


# --- authenticators of other kinds


class Scripted:
    """An authenticator that answers as it is told."""

    name = "scripted"
    challenge = "Scripted"
    sources = (HeaderSource(b"x-scripted", "token-malformed"),)
    forwards_credential = False

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def authenticate(self, exchange: Exchange) -> Any:
        return self.answer


async def _later(value: Any) -> Any:
    return value


def test_an_awaitable_answer_is_awaited() -> None:
    exchange = exchange_with((b"x-scripted", b"1"))
    ada = Principal("ada", provider="scripted", mechanism="scripted")
    assert authenticate(exchange, ["scripted"], {"scripted": Scripted(_later(ada))}) is None
    assert exchange.principal is ada
    assert names_of(exchange) == [b"host", b"accept"]


@pytest.mark.parametrize("answer", [True, "ada", 0, {}])
def test_an_answer_of_the_wrong_type_never_passes(answer: Any) -> None:
    for found in (answer, _later(answer)):
        exchange = exchange_with()
        with pytest.raises(TypeError):
            authenticate(exchange, ["scripted"], {"scripted": Scripted(found)})
        assert exchange.principal is None


def test_nothing_that_comes_late_does_not_pass_either_and_the_next_one_is_asked() -> None:
    exchange = exchange_with()
    assert isinstance(authenticate(exchange, ["scripted"], {"scripted": Scripted(_later(None))}), Response)
    assert exchange.principal is None
    ada = Principal("ada", provider="scripted", mechanism="scripted")
    both: dict[str, Authenticator] = {"scripted": Scripted(_later(None)), "second": Scripted(ada)}
    assert authenticate(exchange, ["scripted", "second"], both) is None
    assert exchange.principal is ada


# --- compiling


@pytest.mark.parametrize("names", [[], ["corp", "corp"], ["corp", "nobody"]])
def test_wrong_names_are_errors(names: list[str]) -> None:
    with pytest.raises(ValueError, match=r"authenticate needs|there is no"):
        POLICY.compile(names, CompileContext("r", identities()))


@pytest.mark.parametrize("first", [AllOf(all=("corp", "partners")), AllOf(all=("corp", "labs"))])
def test_a_token_in_a_group_beside_those_of_another_issuer_is_an_error(first: AllOf) -> None:
    with pytest.raises(ValueError, match="a token in a group"):
        POLICY.compile([first, "labs"], CompileContext("r", identities()))


@pytest.mark.parametrize(
    ("settings", "store", "steps"), [({}, None, 1), ({"managed": True}, Credentials(), 2), ({"managed": True}, None, 1)]
)
def test_only_callers_who_may_have_limits_of_their_own_take_a_step_more(
    settings: dict[str, Any], store: Credentials | None, steps: int
) -> None:
    keys = ApiKeySettings.model_validate(settings)
    known: dict[str, Authenticator] = {
        **identities(),
        "keys": api_key.compile_api_key("keys", keys, {"credentials": store}),
        "devices": mtls.compile_mtls("devices", mtls.MtlsSettings(), {}),
    }
    assert len(POLICY.compile(["corp", "devices", "keys"], CompileContext("r", known))) == steps
