"""Which addresses lie inside, in every spelling that reaches them."""

import pytest

from hotgate.control.address_zone import Zone, zone_of


@pytest.mark.parametrize(
    ("address", "zone"),
    [
        ("93.184.215.14", Zone.PUBLIC),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", Zone.PUBLIC),
        ("127.0.0.1", Zone.LOOPBACK),
        ("127.255.0.9", Zone.LOOPBACK),
        ("::1", Zone.LOOPBACK),
        ("::ffff:127.0.0.1", Zone.LOOPBACK),
        ("64:ff9b::7f00:1", Zone.LOOPBACK),
        ("2002:7f00:1::", Zone.LOOPBACK),
        ("169.254.169.254", Zone.LINK_LOCAL),
        ("::ffff:169.254.169.254", Zone.LINK_LOCAL),
        ("64:ff9b::a9fe:a9fe", Zone.LINK_LOCAL),
        ("fe80::1%eth0", Zone.LINK_LOCAL),
        ("10.0.0.1", Zone.PRIVATE),
        ("172.16.0.1", Zone.PRIVATE),
        ("192.168.1.1", Zone.PRIVATE),
        ("100.64.0.1", Zone.PRIVATE),
        ("fd00:ec2::254", Zone.PRIVATE),
        ("192.0.0.192", Zone.PRIVATE),
        ("::ffff:192.0.0.192", Zone.PRIVATE),
        ("fec0::1", Zone.PRIVATE),
        ("0.0.0.0", Zone.OTHER),
        ("::", Zone.OTHER),
        ("224.0.0.1", Zone.OTHER),
        ("255.255.255.255", Zone.OTHER),
        ("ff02::1", Zone.OTHER),
    ],
)
def test_an_address_has_its_zone(address: str, zone: Zone) -> None:
    assert zone_of(address) is zone


def test_a_name_is_no_address() -> None:
    with pytest.raises(ValueError, match="does not appear"):
        zone_of("idp.test")
