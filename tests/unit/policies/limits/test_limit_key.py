"""`by:`: whose bucket it is. Nobody gets a second one by writing the same thing otherwise, and nobody gets none."""

from typing import Any

import pytest

from hotgate.config.authorization import Authorization
from hotgate.pipeline.policy import WrongSettings
from unit.policies.limiter import Limiter
from unit.policies.limits.gate import Gate, caller


def gate(by: Any, **settings: Any) -> Gate:
    return Gate(Limiter(), by=by, limit="1/minute", **settings)


def test_principals_have_buckets_of_their_own_wherever_they_come_from() -> None:
    limited = gate("principal")
    assert [limited.ask(client, caller()).status for client in ("192.0.2.1", "192.0.2.2")] == [200, 429]
    assert limited.ask(principal=caller(provider="partners")).status == 200


def test_the_anonymous_are_known_by_address_and_ipv6_by_network() -> None:
    limited = gate("principal")
    assert limited.statuses("192.0.2.1", "192.0.2.1", "192.0.2.2") == [200, 429, 200]
    assert limited.statuses("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1") == [200, 429, 200]


def test_an_anonymous_client_cannot_use_up_a_principal() -> None:
    limiter = Limiter()
    limited = Gate(limiter, by="principal", limit="1/minute")
    assert [limited.ask("p\0corp\0alice").status for _ in range(2)] == [200, 429]
    assert limited.ask(principal=caller()).status == 200


def test_by_route_all_callers_share() -> None:
    assert gate("route").statuses("192.0.2.1", "192.0.2.2") == [200, 429]


@pytest.mark.parametrize("mechanism", ["api_key", "basic", "mtls", "signature", "hmac"])
def test_all_keys_of_a_consumer_share_whichever_entry_knows_them(mechanism: str) -> None:
    limited = gate("consumer")
    assert limited.ask(principal=caller("acme", "partners", "api_key", credential="k1")).status == 200
    assert limited.ask(principal=caller("acme", "others", mechanism, credential="k2")).status == 429


@pytest.mark.parametrize("mechanism", ["jwt", "introspection", "oidc", "ldap"])
def test_somebody_elses_user_of_the_same_name_is_no_consumer(mechanism: str) -> None:
    limited = gate("consumer")
    assert limited.ask(principal=caller("acme", "partners", "api_key")).status == 200
    assert [limited.ask(principal=caller("acme", "corp", mechanism)).status for _ in range(2)] == [200, 429]


def test_a_group_shares_and_two_groups_are_not_one_of_them() -> None:
    limited = gate("group")
    sales, both = frozenset({"sales"}), frozenset({"sales", "it"})
    assert limited.ask(principal=caller("ada", groups=sales)).status == 200
    assert limited.ask(principal=caller("bob", groups=sales)).status == 429
    assert limited.ask(principal=caller("eve", groups=both)).status == 200
    assert limited.ask(principal=caller("sam", groups=frozenset({"it", "sales"}))).status == 429
    assert limited.ask(principal=caller("joe", groups=frozenset({'it", "sales'}))).status == 200


def test_without_a_group_the_principal_counts() -> None:
    limited = gate("group")
    assert [limited.ask(principal=caller()).status for _ in range(2)] == [200, 429]
    assert limited.statuses("192.0.2.1", "192.0.2.1") == [200, 429]


def test_by_header_every_value_counts_and_none_means_the_address() -> None:
    limited = gate("header:X-Tenant")
    two, joined = [(b"x-tenant", b"a"), (b"x-tenant", b"b")], [(b"x-tenant", b"a, b")]
    assert [limited.ask(fields=fields).status for fields in (two, two, joined)] == [200, 429, 429]
    assert limited.ask(fields=two[:1]).status == 200
    assert limited.ask(fields=[(b"x-tenant", b"A")]).status == 200, "the case of a value is data"
    assert [limited.ask(fields=[(b"x-tenant", b"x" * 8000)]).status for _ in range(2)] == [200, 429]
    assert limited.statuses("192.0.2.1", "192.0.2.1") == [200, 429]


def test_a_header_cannot_forge_another_kind_of_key() -> None:
    limiter = Limiter()
    by_header = Gate(limiter, by="header:x-tenant", limit="1/minute", share="s")
    by_principal = Gate(limiter, by="principal", limit="1/minute", share="s")
    assert by_header.ask(fields=[(b"x-tenant", b"p\0corp\0alice")]).status == 200
    assert by_principal.ask(principal=caller()).status == 200


def test_a_claim_counts_by_its_value_and_type() -> None:
    limited = gate("claim:https://acme.example/org")
    answers = [
        limited.ask(principal=caller(subject, claims={"https://acme.example/org": value})).status
        for subject, value in (("ada", "1"), ("bob", "1"), ("eve", 1), ("sam", [1, "a"]), ("joe", {"b": 1, "a": 2}))
    ]
    assert answers == [200, 429, 200, 200, 200]
    assert limited.ask(principal=caller("x", claims={"https://acme.example/org": {"a": 2, "b": 1}})).status == 429


def test_a_claim_that_is_not_among_those_declared_is_a_mistake() -> None:
    services = {"authorization": Authorization.model_validate({"claims": {"org": "string"}})}
    gate("claim:org", services=services)
    with pytest.raises(WrongSettings, match="declares no claim 'orga'"):
        gate("claim:orga", services=services)


@pytest.mark.parametrize("claims", [{}, {"org": None}])
def test_without_the_claim_the_principal_counts(claims: dict[str, Any]) -> None:
    limited = gate("claim:org")
    assert [limited.ask(principal=caller(claims=claims)).status for _ in range(2)] == [200, 429]
    assert limited.statuses("192.0.2.1", "192.0.2.1") == [200, 429]


def test_a_path_parameter_counts() -> None:
    limited = gate("path:id", parameters=("id",))
    assert [limited.ask(params={"id": each}).status for each in ("7", "7", "8", "x" * 5000)] == [200, 429, 200, 200]


def test_a_combination_is_its_parts_and_none_reaches_into_the_next() -> None:
    limited = gate(["path:a", "path:b"], parameters=("a", "b"))
    pairs = [("x", "yz"), ("xy", "z"), ("x", "yz"), ("x4:t\0", "y"), ("x", "4:t\0y")]
    assert [limited.ask(params={"a": a, "b": b}).status for a, b in pairs] == [200, 200, 429, 200, 200]


def test_each_part_of_a_combination_falls_back_by_itself() -> None:
    limited = gate(["consumer", "header:x-app"])
    acme = caller("acme", mechanism="api_key")
    assert [limited.ask(principal=acme).status for _ in range(2)] == [200, 429]
    assert limited.ask("192.0.2.2", acme, [(b"x-app", b"a")]).status == 200


def test_an_expression_gives_a_key_and_its_failure_the_principals() -> None:
    limited = gate({"cel": 'request.headers["x-tenant"].startsWith("eu-") ? "eu" : "others"'})
    assert [limited.ask(fields=[(b"x-tenant", value)]).status for value in (b"eu-1", b"eu-2", b"us-1")] == [
        200,
        429,
        200,
    ]
    assert limited.ask().status == 200
    assert limited.ask().status == 429


@pytest.mark.parametrize(
    ("settings", "clients"),
    [
        ({"ipv6_prefix": 56}, ("2001:db8:0:1::1", "2001:db8:0:ff::1")),
        ({"ipv6_prefix": 48}, ("2001:db8:0:1::1", "2001:db8:0:ffff::1")),
        ({"ipv4_prefix": 24}, ("192.0.2.1", "192.0.2.254")),
        ({"ipv4_prefix": 24}, ("192.0.2.1", "::ffff:192.0.2.9")),
        ({}, ("192.0.2.1", "::ffff:192.0.2.1")),
        ({}, ("192.0.2.1", "::ffff:c000:201")),
        ({}, ("2001:db8::1", "2001:0DB8:0000::ffff:1")),
        ({}, ("fe80::1%eth0", "fe80::1%eth1")),
    ],
)
def test_a_network_is_one_client_however_its_addresses_are_written(
    settings: dict[str, Any], clients: tuple[str, str]
) -> None:
    assert gate("address", **settings).statuses(*clients) == [200, 429]
    assert gate("principal", **settings).statuses(*clients) == [200, 429]


_KINDS = ["principal", "principal", "principal", "route"]


def test_a_request_makes_each_key_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def make(provider: str, subject: str) -> str:
        made.append(subject)
        return subject

    monkeypatch.setattr("hotgate.policies.limits.limit_key.principal_key", make)
    limits = [{"name": name, "limit": "1000/second", "by": by} for name, by in zip("abcd", _KINDS, strict=True)]
    limited = Gate(Limiter(), *limits)
    limited.ask(principal=caller())
    made.clear()
    limited.ask(principal=caller())
    assert made == ["alice"]
