"""A route's `quota`, compiled, on a limiter whose authority gets what it asks for, or nothing."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from hotgate.http.response import Response
from hotgate.limits.authority import LeaseAuthority
from hotgate.limits.lease_client import LeaseClient
from hotgate.limits.quotas.supplies import Supply
from hotgate.pipeline.policy import CompileContext, WrongSettings
from hotgate.policies.limits.quota import POLICY
from unit.policies.limits.gate import Gate, caller

_MODEL = TypeAdapter[Any](POLICY.model)
BASE = {"limit": 2, "per": "month"}


class QuotaLimiter(LeaseClient):
    """A lease client, its authority, and a ledger, which is in reach or not."""

    def __init__(self) -> None:
        self.authority = LeaseAuthority(lambda: 0.0)
        self.used: dict[tuple[str, str], int] = {}
        self.is_ledger_up = True
        super().__init__(self._carry, lambda: 0.0)
        self.on_message(self.authority.hello("w", self.authority_found()))

    def _carry(self, message: dict[str, Any]) -> None:
        answer = self.authority.on_message("w", message)
        if answer is not None:
            asyncio.get_running_loop().call_soon(self.on_message, answer)
        elif self.is_ledger_up:
            asyncio.get_running_loop().call_soon(self._fetch)
        else:
            asyncio.get_running_loop().call_soon(self.authority_lost)

    def _fetch(self) -> None:
        for want in self.authority.supplies.take(100)[0]:
            name = (want.limit.scope, want.key)
            used = self.used.get(name, 0)
            tokens = min(want.tokens, want.limit.quota - used)
            self.used[name] = used + tokens
            assert want.limit.calendar is not None
            ends = want.limit.calendar.period(want.limit.calendar.now())[1]
            for _, answer in self.authority.supply(*name, Supply(tokens, want.limit.quota - used - tokens, ends)):
                self.on_message(answer)


def gate(value: Any, limiter: Any = None, **services: Any) -> Gate:
    made = Gate(limiter)
    context = CompileContext(
        "orders", services={"limiter": limiter or QuotaLimiter(), **services}, parameters=("id",), path=("routes", 0)
    )
    made.steps = POLICY.compile(_MODEL.validate_python(value), context)
    return made


def test_answers_say_what_is_left_and_until_when() -> None:
    answers = [gate_.ask() for gate_ in [gate(BASE)] for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    now = datetime.now(UTC)
    following = datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC)
    seconds = (following - now).total_seconds()
    assert answers[0].headers.get(b"ratelimit-policy") == b'"quota";q=2;w=2678400'
    name, remaining, reset = (answers[0].headers.get(b"ratelimit") or b";;").split(b";")
    assert (name, remaining) == (b'"quota"', b"r=1")
    assert seconds - 5 < int(reset[2:]) < seconds + 5
    assert seconds - 5 < int(answers[2].headers.get(b"retry-after") or 0) < seconds + 5
    assert b'"code":"quota-exceeded"' in (answers[2].body or b"")


def test_a_refusal_says_to_operators_which_key_of_the_file_it_was() -> None:
    made = gate([{"name": "a", **BASE}, {"name": "b", **BASE, "limit": 1}])
    made.ask()
    assert made.ask().status == 429
    decision = made.exchange.decision
    assert decision is not None
    assert (decision.policy, decision.rule, decision.path) == ("quota", "b", ("routes", 0, "quota", 1))


def test_what_one_quota_refuses_the_others_get_back() -> None:
    made = gate([{"name": "month", **BASE, "limit": 10}, {"name": "day", "limit": 2, "per": "day"}])
    assert [made.ask().status for _ in range(6)] == [200, 200, 429, 429, 429, 429]
    assert [decision.remaining for decision in made.exchange.limits if decision.policy == "month"] == [7]


def test_each_caller_has_a_quota_of_its_own_and_shared_ones_are_one() -> None:
    limiter = QuotaLimiter()
    shared: dict[str, Any] = {}
    one = gate({**BASE, "share": "all"}, limiter, shared_limits=shared)
    other = gate({**BASE, "share": "all"}, limiter, shared_limits=shared)
    assert [each.ask(principal=caller("alice")).status for each in (one, other, one)] == [200, 200, 429]
    assert one.ask(principal=caller("bob")).status == 200
    with pytest.raises(WrongSettings):
        gate({**BASE, "limit": 3, "share": "all"}, limiter, shared_limits=shared)


def test_a_cost_is_taken_whole_and_statuses_that_do_not_count_give_it_back() -> None:
    made = gate({"limit": 10, "per": "day", "cost": 4, "count": ["2xx"]})
    assert [made.ask(answer=Response(status)).status for status in (200, 404, 404, 200, 200)] == [
        200,
        404,
        404,
        200,
        429,
    ]


@pytest.mark.parametrize(("when_lost", "status"), [("closed", 503), ("open", 200)])
def test_when_nothing_can_be_counted_it_is_as_configured(when_lost: str, status: int) -> None:
    limiter = QuotaLimiter()
    limiter.is_ledger_up = False
    made = gate({**BASE, "when_lost": when_lost}, limiter)
    answer = made.ask()
    assert answer.status == status
    assert ("database of quotas" in answer.log_detail) == (status == 503)


def test_nothing_is_said_of_a_quota_that_nobody_could_count() -> None:
    class Half(QuotaLimiter):
        def spend(self, limit: Any, key: str, cost: int = 1) -> Any:
            return None if limit.name == "first" else super().spend(limit, key, cost)

    made = gate([{**BASE, "name": "first", "when_lost": "open"}, {**BASE, "name": "second"}], Half())
    answer = made.ask()
    assert (answer.status, answer.header("ratelimit-policy")) == (200, '"second";q=2;w=2678400')
    assert (answer.header("ratelimit") or "").startswith('"second";r=1;t=')
    assert [each.policy for each in made.exchange.limits] == ["second"]


@pytest.mark.parametrize(
    "wrong",
    [
        *({"limit": 0}, {"limit": -1}, {"limit": 10**13}, {"limit": "many"}, {"per": "year"}, {"per": {"days": 0}}),
        *({"per": {"days": 30}}, {"per": {"days": 30, "from": "2026-02-30"}}, {"per": {"month_from": 32}}),
        *({"per": {"days": 30, "from": "2026-1-1"}}, {"time_zone": "Mars/Base"}, {"time_zone": "../../etc/passwd"}),
        *({"by": "nobody"}, {"when_lost": "maybe"}, {"burst": 3}, {"per": {}}, {"per": None}, {"cost": 0}),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _MODEL.validate_python({**BASE, **wrong})


def test_mistakes_are_told_at_their_own_key() -> None:
    wrong = {"time_zone": "Europe/Berln", "per": {"days": 30, "from": "2026-02-30"}}
    with pytest.raises(ValidationError) as caught:
        _MODEL.validate_python({**BASE, **wrong})
    date, zone = caught.value.errors()
    assert [part for part in date["loc"] if part in ("per", "days", "from")] == ["per", "from"]
    assert zone["loc"][-1] == "time_zone"
    assert "did you mean 'Europe/Berlin'?" in zone["msg"]


def test_a_quota_has_a_name_that_no_rate_of_the_route_has() -> None:
    with pytest.raises(WrongSettings, match="another limit or quota called 'burst'"):
        gate({"name": "burst", **BASE}, limit_names={("orders", "burst")})
    gate(BASE, limit_names={("orders", "orders"), ("others", "quota")})


@pytest.mark.parametrize(
    ("wrong", "path"),
    [({"cost": 3}, ("cost",)), ({"by": "path:other"}, ("by",)), ({"when": "nonsense("}, ("when",))],
)
def test_what_only_the_route_shows_is_refused_at_its_key(wrong: dict[str, Any], path: tuple[str, ...]) -> None:
    with pytest.raises(WrongSettings) as caught:
        gate({**BASE, **wrong})
    assert [problem.path for problem in caught.value.problems] == [path]


def test_two_quotas_of_a_route_need_names() -> None:
    with pytest.raises(WrongSettings):
        gate([BASE, {**BASE, "per": "day"}])


@pytest.mark.parametrize(
    ("per", "notation"),
    [
        ("day", "day@UTC"),
        ("month", "month/1@UTC"),
        ({"month_from": 15}, "month/15@UTC"),
        ({"days": 30, "from": "2026-01-01"}, "days/30/2026-01-01@UTC"),
    ],
)
def test_periods_are_written_as_calendars_read_them(per: Any, notation: str) -> None:
    assert _MODEL.validate_python({"limit": 1, "per": per}).notation == notation
