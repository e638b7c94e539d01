"""`{all: […]}` and guests in `authenticate`: what must come together, and who is nobody."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

import pytest

from hotgate.config.authentication import AllOf
from hotgate.http.response import Response
from hotgate.identity.confirmation import Stage
from hotgate.identity.places.credential_source import HeaderSource
from hotgate.identity.principal import Principal
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import Authenticator, CompileContext, PhasedStep
from hotgate.policies import together
from hotgate.policies.anonymous import AnonymousAuthenticator, AnonymousSettings
from hotgate.policies.authenticate import POLICY
from hotgate.policies.tokens.certificate_binding import CertificateBinding
from hotgate.testing.exchange import make_exchange

BOTH = AllOf(all=("devices", "corp"))


class Keyed:
    """Accepts "good" in a field of its own, refuses everything else, and does so later if told so.

    "bound" is good on the connection of a certificate; "nonsense" makes it break its contract.
    """

    forwards_credential = False

    def __init__(self, name: str, *, is_slow: bool = False, forwards: bool = False) -> None:
        self.name = name
        self.challenge = f"Keyed {name}"
        self.sources = (HeaderSource(name.encode(), "token-malformed"),)
        self.forwards_credential = forwards
        self.asked = 0
        self._is_slow = is_slow
        self._principal = Principal(f"{name}-caller", provider=name, mechanism="keyed", scopes=frozenset({name}))
        binding = CertificateBinding("A" * 43, ("Keyed",))
        bound = Principal(f"{name}-caller", provider=name, mechanism="keyed", confirmations=(binding,))
        self._answers = {b"good": self._principal, b"bound": bound, b"nonsense": "somebody"}

    def authenticate(self, exchange: Exchange) -> Any:
        self.asked += 1
        presented = self.sources[0].read(exchange.request)
        if presented is None:
            return None
        answer = self._answers.get(presented) or Response.problem(401, code=f"{self.name}-bad")
        return self._later(answer) if self._is_slow else answer

    async def _later(self, answer: Any) -> Any:
        await asyncio.sleep(0)
        return answer


def known(*, slow: Sequence[str] = (), forwards: Sequence[str] = ()) -> dict[str, Authenticator]:
    names = ("devices", "corp", "partners")
    identities: dict[str, Authenticator] = {
        name: Keyed(name, is_slow=name in slow, forwards=name in forwards) for name in names
    }
    identities["guests"] = AnonymousAuthenticator("guests", AnonymousSettings(scopes=("read",), roles=("guest",)))
    return identities


def compiled(proofs: Sequence[str | AllOf], identities: dict[str, Authenticator]) -> PhasedStep:
    step, *_ = POLICY.compile(proofs, CompileContext("r", identities))
    return step


def ask(
    proofs: Sequence[str | AllOf], headers: dict[str, str], identities: dict[str, Authenticator] | None = None
) -> tuple[Exchange, Response | None]:
    exchange = make_exchange(headers=headers)
    outcome = compiled(proofs, identities or known()).run(exchange)
    return exchange, asyncio.run(_awaited(outcome)) if isinstance(outcome, Awaitable) else outcome


async def _awaited(pending: Awaitable[Any]) -> Any:
    return await pending


def outcome_of(proofs: Sequence[str | AllOf], headers: dict[str, str], slow: Sequence[str] = ()) -> str:
    """Who is let in, or the code of the refusal."""
    exchange, response = ask(proofs, headers, known(slow=slow))
    if response is not None:
        assert exchange.principal is None
        return response.code
    assert exchange.principal is not None
    return exchange.principal.subject


SLOW: list[tuple[str, ...]] = [(), ("devices",), ("corp",), ("partners",), ("devices", "corp", "partners")]


@pytest.mark.parametrize("slow", SLOW)
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"devices": "good", "corp": "good"}, "devices-caller"),
        ({"devices": "good", "corp": "bad"}, "corp-bad"),
        ({"devices": "bad", "corp": "good"}, "devices-bad"),
        ({"devices": "good"}, "token-missing"),
        ({"corp": "good"}, "token-missing"),
        ({"corp": "bad"}, "corp-bad"),
        ({}, "token-missing"),
        ({"partners": "good"}, "partners-caller"),
        ({"partners": "bad"}, "partners-bad"),
        ({"devices": "good", "partners": "good"}, "partners-caller"),
        ({"devices": "good", "partners": "bad"}, "partners-bad"),
        ({"devices": "bad", "partners": "good"}, "devices-bad"),
        ({"corp": "bad", "partners": "good"}, "corp-bad"),
    ],
)
def test_a_group_must_come_whole_and_a_bad_credential_is_never_passed_over(
    headers: dict[str, str], expected: str, slow: tuple[str, ...]
) -> None:
    assert outcome_of([BOTH, "partners"], headers, slow) == expected


@pytest.mark.parametrize("slow", SLOW)
@pytest.mark.parametrize("bound", ["devices", "corp"])
def test_a_bound_token_of_another_connection_is_refused_whichever_member_it_is_of(
    bound: str, slow: tuple[str, ...]
) -> None:
    headers = {"devices": "good", "corp": "good", bound: "bound"}
    assert outcome_of([BOTH, "partners"], headers, slow) == "token-binding-mismatch"


@pytest.mark.parametrize("broken", ["devices", "corp"])
def test_a_member_that_answers_nonsense_lets_nobody_in(broken: str) -> None:
    headers = {"devices": "good", "corp": "good", broken: "nonsense"}
    with pytest.raises(TypeError):
        outcome_of([BOTH], headers, slow=[broken])


def test_joined_callers_are_remembered_in_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "_MAX_KNOWN", 2)
    callers = iter(range(10))

    class Anybody(Keyed):
        def authenticate(self, exchange: Exchange) -> Any:
            return Principal(f"caller {next(callers)}", provider=self.name, mechanism="keyed")

    group = together.Together([Anybody("devices"), Keyed("corp")])
    for number in range(10):
        joined = group.authenticate(make_exchange(headers={"corp": "good"}))
        assert joined.subject == f"caller {number}"
        assert len(group._known) <= 2


def test_the_first_member_leads_and_rights_are_not_added_up() -> None:
    exchange, _ = ask([AllOf(all=("corp", "devices"))], {"devices": "good", "corp": "good"})
    principal = exchange.principal
    assert principal is not None
    assert (principal.subject, principal.provider, principal.scopes) == ("corp-caller", "corp", frozenset({"corp"}))
    assert {name: proof.subject for name, proof in principal.proofs.items()} == {
        "corp": "corp-caller",
        "devices": "devices-caller",
    }


def test_the_same_proofs_give_the_same_principal() -> None:
    step = compiled([BOTH], known())
    exchanges = [make_exchange(headers={"devices": "good", "corp": "good"}) for _ in range(2)]
    for exchange in exchanges:
        assert step.run(exchange) is None
    assert exchanges[0].principal is exchanges[1].principal


@pytest.mark.parametrize(
    ("headers", "challenges"),
    [
        ({"devices": "good"}, [b"Keyed corp"]),
        ({"corp": "good"}, [b"Keyed devices"]),
        ({}, [b"Keyed devices", b"Keyed corp", b"Keyed partners"]),
    ],
)
def test_what_is_missing_is_asked_for(headers: dict[str, str], challenges: list[bytes]) -> None:
    _, response = ask([BOTH, "partners"], headers)
    assert response is not None
    assert response.headers.get_all(b"www-authenticate") == challenges


def test_every_credential_is_stripped_but_those_of_members_that_forward() -> None:
    headers = {"devices": "good", "corp": "good", "partners": "good"}
    exchange, _ = ask([BOTH, "partners"], headers)
    assert exchange.request.headers.fields == []
    exchange, _ = ask([BOTH, "partners"], headers, known(forwards=("corp", "partners")))
    assert exchange.request.headers.fields == [(b"corp", b"good")]


def test_a_member_of_two_groups_is_asked_once() -> None:
    for slow in ((), ("corp",)):
        identities = known(slow=slow)
        groups = [AllOf(all=("corp", "devices")), AllOf(all=("corp", "partners"))]
        exchange, response = ask(groups, {"corp": "good", "partners": "good"}, identities)
        assert response is None
        assert exchange.principal is not None
        assert set(exchange.principal.proofs) == {"corp", "partners"}
        corp = identities["corp"]
        assert isinstance(corp, Keyed)
        assert corp.asked == 1


class Once(Keyed):
    """Its credential may be used once. used: how often it was."""

    stage = Stage.USE
    used = 0

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._principal.confirmations = (self,)

    async def refusal(self, _exchange: Exchange) -> Response | None:
        self.used += 1
        return None if self.used == 1 else Response.problem(401, code="token-already-used")


@pytest.mark.parametrize("names", [("corp", "devices"), ("devices", "corp")])
@pytest.mark.parametrize("slow", [(), ("devices",)])
@pytest.mark.parametrize(
    ("headers", "expected", "used"),
    [
        ({"corp": "good"}, "token-missing", 0),
        ({"corp": "good", "devices": "bad"}, "devices-bad", 0),
        ({"corp": "bad", "devices": "good"}, "corp-bad", 0),
        ({"corp": "good", "partners": "good"}, None, 0),
        ({"corp": "good", "devices": "good"}, None, 1),
    ],
)
def test_a_token_is_used_up_only_if_nothing_is_missing(
    names: tuple[str, str], slow: tuple[str, ...], headers: dict[str, str], expected: str | None, used: int
) -> None:
    """Else a thief without the certificate could use up the token of its owner."""
    once = Once("corp")
    exchange, response = ask([AllOf(all=names), "partners"], headers, {**known(slow=slow), "corp": once})
    assert (response.code if response else None, once.used) == (expected, used)
    assert (exchange.principal is None) is (expected is not None)


@pytest.mark.parametrize("names", [("corp", "devices"), ("devices", "corp")])
def test_a_token_is_not_used_up_beside_one_that_is_bound_to_another(names: tuple[str, str]) -> None:
    once = Once("corp")
    headers = {"corp": "good", "devices": "bound"}
    _, response = ask([AllOf(all=names)], headers, {**known(), "corp": once})
    assert (response and response.code, once.used) == ("token-binding-mismatch", 0)


def test_a_token_that_was_used_is_refused_in_a_group() -> None:
    identities: dict[str, Authenticator] = {**known(), "corp": Once("corp")}
    headers = {"corp": "good", "devices": "good"}
    outcomes = [ask([BOTH], headers, identities)[1] for _ in range(2)]
    assert [outcome and outcome.code for outcome in outcomes] == [None, "token-already-used"]


def test_a_token_in_two_groups_is_used_up_once() -> None:
    once = Once("corp")
    groups = [AllOf(all=("corp", "devices")), AllOf(all=("corp", "partners"))]
    _, response = ask(groups, {"corp": "good", "partners": "good"}, {**known(), "corp": once})
    assert (response, once.used) == (None, 1)


class Nonsense(Keyed):
    def authenticate(self, exchange: Exchange) -> Any:
        return True


@pytest.mark.parametrize("names", [("corp", "devices"), ("devices", "corp")])
def test_an_answer_of_the_wrong_type_never_passes_in_a_group(names: tuple[str, str]) -> None:
    identities = {**known(), "corp": Nonsense("corp")}
    with pytest.raises(TypeError):
        ask([AllOf(all=names)], {"devices": "good"}, identities)


# --- guests


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, "anonymous"),
        ({"x-other": "good"}, "anonymous"),
        ({"partners": "good"}, "partners-caller"),
        ({"partners": "bad"}, "partners-bad"),
        ({"devices": "good"}, "token-missing"),
        ({"corp": "bad"}, "corp-bad"),
        ({"devices": "good", "corp": "good"}, "devices-caller"),
    ],
)
def test_only_who_has_shown_nothing_is_a_guest(headers: dict[str, str], expected: str) -> None:
    for slow in SLOW:
        assert outcome_of([BOTH, "partners", "guests"], headers, slow) == expected


class OfAnotherScheme(Keyed):
    """Finds nothing in its field, as a bearer mechanism finds nothing in `Authorization: Basic`."""

    def authenticate(self, exchange: Exchange) -> Any:
        return None


def test_a_field_that_nobody_can_read_makes_no_guest() -> None:
    identities = {**known(), "corp": OfAnotherScheme("corp")}
    _, response = ask(["corp", "guests"], {"corp": "Basic YTpi"}, identities)
    assert response is not None
    assert (response.status, response.code) == (401, "token-missing")


def test_a_guest_is_a_principal_with_the_rights_of_everybody() -> None:
    exchange, _ = ask(["corp", "guests"], {})
    principal = exchange.principal
    assert principal is not None
    assert principal.is_anonymous
    assert (principal.provider, principal.mechanism) == ("guests", "anonymous")
    assert (principal.scopes, principal.roles) == (frozenset({"read"}), frozenset({"guest"}))
    assert (b"x-auth-provider", b"guests") in principal.backend_fields


@pytest.mark.parametrize(
    ("proofs", "message"),
    [
        (["guests", "corp"], "must be the last"),
        ([AllOf(all=("corp", "guests"))], "nothing can come together"),
        ([AllOf(all=("guests", "corp")), "partners"], "nothing can come together"),
        ([BOTH, BOTH], "only once"),
        (["corp", "corp"], "only once"),
        ([AllOf(all=("corp", "nobody"))], "there is no 'nobody'"),
    ],
)
def test_what_cannot_work_is_an_error(proofs: list[str | AllOf], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compiled(proofs, known())


def test_a_route_may_be_for_guests_alone() -> None:
    assert outcome_of(["guests"], {"corp": "bad"}) == "anonymous"
