"""Where an issuer's metadata may stand."""

import pytest

from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation


@pytest.mark.parametrize(
    ("issuer", "candidates"),
    [
        (
            "https://idp.test",
            (
                "https://idp.test/.well-known/openid-configuration",
                "https://idp.test/.well-known/oauth-authorization-server",
            ),
        ),
        (
            "https://idp.test/",
            (
                "https://idp.test/.well-known/openid-configuration",
                "https://idp.test/.well-known/oauth-authorization-server",
            ),
        ),
        (
            "https://idp.test:8443/realms/acme/",
            (
                "https://idp.test:8443/realms/acme/.well-known/openid-configuration",
                "https://idp.test:8443/.well-known/oauth-authorization-server/realms/acme",
            ),
        ),
    ],
)
def test_the_metadata_is_below_the_issuer_or_before_its_path(issuer: str, candidates: tuple[str, ...]) -> None:
    assert DiscoveryLocation(issuer).candidates() == candidates


def test_a_given_address_is_the_only_one() -> None:
    assert DiscoveryLocation("https://idp.test", "https://other.test/m").candidates() == ("https://other.test/m",)


@pytest.mark.parametrize(
    "location",
    [
        DiscoveryLocation("https://a.test"),
        DiscoveryLocation("https://a.test", "https://b"),
        DiscoveryLocation("Acme Login", "https://b"),
    ],
)
def test_a_location_survives_as_text(location: DiscoveryLocation) -> None:
    assert DiscoveryLocation.parse(str(location)) == location


@pytest.mark.parametrize("location", ["https://idp.test/jwks", "keys.json", ""])
def test_other_locations_are_none(location: str) -> None:
    assert DiscoveryLocation.parse(location) is None
