"""The addresses of a name, where nothing is told by a name that no host can have."""

import asyncio

import pytest

from hotgate.control.judged_address import resolved


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example", "xn--" + "a" * 60 + ".example"])
def test_a_name_that_metadata_has_made_up_is_a_failure_like_others(host: str) -> None:
    """Otherwise whoever waits for the answer would meet an error that nobody expects."""
    with pytest.raises(OSError, match="no name"):
        asyncio.run(resolved(host, 443))


def test_a_numeric_address_is_its_own() -> None:
    assert asyncio.run(resolved("127.0.0.1", 443)) == ["127.0.0.1"]
