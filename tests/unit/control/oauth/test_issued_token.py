"""What is believed of a token endpoint's answer: little, and nothing that could end a header field."""

import json
from typing import Any

import pytest

from hotgate.control.download import FetchFailed
from hotgate.control.oauth.endpoint_call import Answer
from hotgate.control.oauth.issued_token import LONGEST_LIFETIME, UNSAID_LIFETIME, TokenRefused, issued_token

GOOD = {"access_token": "aB0._~+/-=", "token_type": "Bearer", "expires_in": 600}


def answer(document: object, status: int = 200, media_type: str = "application/json") -> Answer:
    return Answer(status, media_type, document if isinstance(document, bytes) else json.dumps(document).encode())


@pytest.mark.parametrize(
    ("said", "lifetime"),
    [
        (600, 600.0),
        ("600", 600.0),
        (1.5, 1.5),
        (None, UNSAID_LIFETIME),
        (10**9, LONGEST_LIFETIME),
        (1e300, 86400.0),
        (10**999, 86400.0),
    ],
)
def test_a_token_and_its_lifetime(said: object, lifetime: float) -> None:
    token = issued_token(answer({**GOOD, "expires_in": said}))
    assert (token.value, token.lifetime) == (GOOD["access_token"], lifetime)
    assert "aB0" not in repr(token)


def test_the_type_is_bearer_in_any_case() -> None:
    assert issued_token(answer({**GOOD, "token_type": "bEARER", "issued_token_type": "x"})).value


LIFETIMES: list[Any] = [0, -1, -(10**9), True, "soon", "-5", "1e3", [], {}, "9" * 11]
TOKENS: list[Any] = [None, "", 5, "a b", "a\r\nX-Admin: 1", "a\n", "ä", "a\0", "x" * 8193]
TYPES: list[Any] = [None, "DPoP", "N_A", "mac", 1]


@pytest.mark.parametrize(
    "change",
    [
        *({"expires_in": said} for said in LIFETIMES),
        *({"access_token": said} for said in TOKENS),
        *({"token_type": said} for said in TYPES),
    ],
)
def test_what_is_no_usable_token(change: dict[str, Any]) -> None:
    with pytest.raises(FetchFailed) as caught:
        issued_token(answer({**GOOD, **change}))
    assert "X-Admin" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        answer(GOOD, 302),
        answer(GOOD, 201),
        answer(GOOD, 500),
        answer(GOOD, 429),
        answer(GOOD, media_type="text/html"),
        answer(b"[]"),
        answer(b"{"),
        answer(b'{"access_token":"a","access_token":"b","token_type":"Bearer"}'),
        answer(b"[" * 5000),
        answer({}, 400),
        answer({"error": "<script>"}, 400),
        answer({"error": "x" * 65}, 400),
        answer({"error": 5}, 401),
        answer(b"no", 401, "text/plain"),
    ],
)
def test_what_is_no_answer(wrong: Answer) -> None:
    with pytest.raises(FetchFailed) as caught:
        issued_token(wrong)
    assert "script" not in str(caught.value)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refusal_has_a_code_and_nothing_else(status: int) -> None:
    with pytest.raises(TokenRefused) as caught:
        issued_token(answer({"error": "invalid_target", "error_description": "alice may not"}, status))
    assert caught.value.code == "invalid_target"
    assert "alice" not in str(caught.value)
