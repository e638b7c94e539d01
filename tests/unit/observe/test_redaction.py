import pytest

from hotgate.control.admin_tokens import new_admin_token
from hotgate.identity.api_keys.managed_key import generate
from hotgate.observe.redaction import without_credentials, without_tokens

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl-_"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"/reset/{JWT}/now", "/reset/[token]/now"),
        (f"x{JWT}", "x[token]"),
        (JWT.rpartition(".")[0] + ".", "[token]."),
        (f"Authorization: Bearer {'a' * 20}", "Authorization: Bearer [credentials]"),
        ("Basic dXNlcjpwYXNzd29yZA==", "Basic [credentials]"),
        ("bearer%20abcdefghijkl", "bearer [credentials]"),
        (f"DPoP {JWT}", "DPoP [token]"),
        ("eyJ", "eyJ"),
        ("an ordinary line about bearers", "an ordinary line about bearers"),
    ],
)
def test_tokens_are_masked(text: str, expected: str) -> None:
    assert without_credentials(text) == expected


def test_keys_are_masked_but_their_ids_are_not() -> None:
    key = generate("live")
    assert without_tokens(f"/orders/{key.text}?") == f"/orders/hg_live_{key.id}_[key]?"
    assert without_credentials(f"{key.text[:-1]} {key.text}x").count("[key]") == 2
    assert without_tokens("hg_old_0123456789abcdef") == "hg_old_0123456789abcdef"


def test_tokens_of_operators_are_masked() -> None:
    token = new_admin_token().decode()
    assert without_tokens(f"/api/{token}/x") == "/api/hga_[key]/x"


def test_tokens_alone() -> None:
    assert without_tokens(f"/J/{JWT}") == "/J/[token]"
    assert without_tokens("/J/eyJ") == "/J/eyJ"


def test_json_stays_json() -> None:
    assert without_credentials(f'{{"path":"/{JWT}","a":"Bearer {JWT}"}}') == '{"path":"/[token]","a":"Bearer [token]"}'


def test_hostile_text_takes_linear_time() -> None:
    # Quadratic, this would take minutes and run into the test's time-out.
    for piece in ("eyJ", "eyJ.", "Bearer ", "Bearer a", "hg_", "hg_a_", "hg_a_000000000000_", "hga_"):
        without_credentials(piece * 300_000)
