import pytest

from hotgate.config.brute_force import BruteForce
from hotgate.limits.address_key import address_key
from hotgate.limits.brute_force.bans import MAX_BANS, Bans, chunks, shown_network


def test_bans_are_false_in_quiet_times_and_end_by_themselves() -> None:
    bans = Bans()
    assert not bans
    assert bans.impose("a", 10.0)
    assert bans
    bans.expire(9.9)
    assert bans.remaining(4.0) == {"a": 6.0}
    bans.expire(10.0)
    assert not bans


def test_a_second_ban_is_not_new_and_shortens_nothing() -> None:
    bans = Bans()
    assert bans.impose("a", 10.0)
    assert not bans.impose("a", 5.0)
    assert bans["a"] == 10.0


def test_the_table_is_bounded() -> None:
    bans = Bans()
    for number in range(MAX_BANS + 1):
        bans.impose(str(number), 10.0)
    assert len(bans) == MAX_BANS
    assert "0" not in bans


@pytest.mark.parametrize(
    ("client", "shown"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ],
)
def test_operators_see_addresses(client: str, shown: str) -> None:
    assert shown_network(address_key(client)) == shown


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        (BruteForce(exempt=("192.0.2.0/24",)), 1),
        (BruteForce(exempt=("2001:db8::/32",)), 1),
        (BruteForce(enabled=False), 0),
    ],
)
def test_settings_that_come_into_force_end_bans(settings: BruteForce, left: int) -> None:
    bans = Bans()
    bans.impose(address_key("192.0.2.1"), 10.0)
    bans.impose(address_key("2001:db8::1"), 10.0)
    bans.follow(settings)
    assert len(bans) == left


def test_messages_are_of_bounded_size() -> None:
    assert [len(some) for some in chunks(dict.fromkeys(map(str, range(25)), 1.0), 10)] == [10, 10, 5]
    assert list(chunks({})) == []
