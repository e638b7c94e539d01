"""Keys: nobody can produce somebody else's."""

from hotgate.limits.address_key import address_key
from hotgate.limits.key import MAX_KEY_LENGTH, bounded_key, principal_key


def test_equal_subjects_of_two_providers_do_not_collide() -> None:
    assert principal_key("corp", "alice") != principal_key("partners", "alice")


def test_a_subject_cannot_reach_into_another_provider() -> None:
    assert principal_key("a", "b:c") != principal_key("a:b", "c")
    assert principal_key("a", "\0b") != principal_key("a\0", "b")[:-1]


def test_kinds_do_not_collide() -> None:
    forged = "p\0corp\0alice"
    assert principal_key("corp", "alice") not in {address_key(forged), address_key("alice")}


def test_long_keys_become_digests_that_differ() -> None:
    one, two = bounded_key("x" * 10_000), bounded_key("x" * 9_999 + "y")
    assert one != two
    assert max(len(one), len(two)) <= MAX_KEY_LENGTH
    assert bounded_key("x" * MAX_KEY_LENGTH) == "x" * MAX_KEY_LENGTH


def test_lone_surrogates_do_not_raise() -> None:
    assert len(bounded_key("\ud800" * 200)) <= MAX_KEY_LENGTH


def test_an_ipv6_customer_has_one_key() -> None:
    assert address_key("2001:db8:1:2::1") == address_key("2001:db8:1:2:ffff::9")
    assert address_key("2001:db8:1:2::1") != address_key("2001:db8:1:3::1")


def test_networks_may_be_larger_or_smaller() -> None:
    assert address_key("2001:db8:1:2::1", 32, 48) == address_key("2001:db8:1:9::1", 32, 48)
    assert address_key("2001:db8::1", 32, 128) != address_key("2001:db8::2", 32, 128)
    assert address_key("192.0.2.1", 24, 64) == address_key("::ffff:192.0.2.9", 24, 64)
    assert address_key("192.0.2.0", 24, 64) != address_key("192.0.2.0"), "a network is not its first address"


def test_ipv4_is_the_same_however_it_is_written() -> None:
    assert address_key("::ffff:192.0.2.1") == address_key("192.0.2.1")
    assert address_key("192.0.2.1") != address_key("192.0.2.2")


def test_zones_and_other_text_have_a_key() -> None:
    assert address_key("fe80::1%eth0") == address_key("fe80::2")
    assert address_key("unix") == address_key("unix")
