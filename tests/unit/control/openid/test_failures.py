"""What an operator reads says what to look at, and nothing that the provider has said in words."""

import pytest

from hotgate.control.openid.failures import ProviderRefused


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("invalid_client", "the provider refuses: invalid_client (look at `client`: its id, and its secret or key)"),
        ("invalid_scope", "the provider refuses: invalid_scope (look at `scopes`)"),
        ("invalid_grant", "the provider refuses: invalid_grant"),
    ],
)
def test_a_refusal_says_what_to_look_at(error: str, says: str) -> None:
    assert str(ProviderRefused(error)) == says
