"""Connections by address, and what operators are told of those that were refused."""

import logging

import pytest

from hotgate.edge.admission import Admission


def test_connections_of_an_address_are_counted_until_they_are_gone() -> None:
    admission = Admission()
    keys = [admission.enter("192.0.2.1", 2) for _ in range(3)]
    assert keys[2] is None
    assert admission.enter("192.0.2.2", 2) is not None
    assert keys[0] is not None
    admission.leave(keys[0])
    assert admission.enter("192.0.2.1", 2) is not None


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
    ],
)
def test_one_customer_has_one_allowance(one: str, other: str, is_same: bool) -> None:
    admission = Admission()
    admission.enter(one, 1)
    assert (admission.enter(other, 1) is None) is is_same


def test_addresses_that_are_gone_are_forgotten() -> None:
    admission = Admission()
    for number in range(1000):
        key = admission.enter(f"10.0.{number // 256}.{number % 256}", 1)
        assert key is not None
        admission.leave(key)
    assert not admission._by_address


def test_refusals_are_told_once_a_second(caplog: pytest.LogCaptureFixture) -> None:
    admission = Admission()
    with caplog.at_level(logging.WARNING, logger="hotgate.security"):
        admission.report(0.0)
        for second in range(10):
            for _ in range(1000):
                admission.refuse("too-many")
            for tick in range(4):
                admission.report(second / 2 + tick / 8)
        admission.report(100.0)
    told = [record.facts["too-many"] for record in caplog.records]  # type: ignore[attr-defined]
    assert sum(told) == 10_000
    assert len(told) <= 7


def test_few_refused_connections_linger_and_none_that_holds_a_scarce_descriptor() -> None:
    admission = Admission()
    assert not admission.may_linger("descriptors")
    lingering = 0
    while admission.may_linger("per-address"):
        admission.lingering += 1
        lingering += 1
    assert lingering == 256
