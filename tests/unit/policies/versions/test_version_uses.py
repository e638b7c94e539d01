"""Who uses which version is counted, and the memory for it is bounded."""

from hotgate.observe.label import OTHER
from hotgate.policies.versions.version_uses import GUESTS, MAX_CALLERS, VersionUses, caller_name
from hotgate.testing import make_principal


def test_callers_are_counted_between_two_reports() -> None:
    uses = VersionUses()
    for principal in (None, make_principal("acme"), make_principal("acme")):
        uses.count("orders v1", principal)
    uses.count("orders v2", None)
    assert uses.take() == {"orders v1": {GUESTS: 1, "test:acme": 2}, "orders v2": {GUESTS: 1}}
    assert uses.take() == {}


def test_a_crowd_costs_no_memory() -> None:
    uses = VersionUses()
    for number in range(MAX_CALLERS + 500):
        uses.count(f"orders v{number % 2}", make_principal(f"user-{number}"))
    counted = uses.take()
    assert sum(map(len, counted.values())) == MAX_CALLERS + 2
    assert [callers[OTHER] for callers in counted.values()] == [250, 250]
    uses.count("orders v1", make_principal("late"))
    assert uses.take() == {"orders v1": {"test:late": 1}}


def test_names_are_short_and_printable() -> None:
    assert caller_name(make_principal("a\n" + "b" * 1000)).startswith("test:a_b")
    assert len(caller_name(make_principal("b" * 1000))) == 128


def test_the_application_is_named_rather_than_its_user() -> None:
    principal = make_principal("ada")
    principal.client = "billing-app"
    assert caller_name(principal) == "test:billing-app"
