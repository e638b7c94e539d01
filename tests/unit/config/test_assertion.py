from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.config.assertion import AssertionIssuer
from hotgate.config.routes import Respond


def test_a_key_is_not_shown() -> None:
    assert "hunter2" not in repr(AssertionIssuer.model_validate({"keys": ["hunter2"]}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": ""},
        {"algorithm": "none"},
        {"algorithm": "HS256"},
        {"rotate": "1h"},
        {"keys": ["k"], "rotate": "30d"},
        {"keys": ["k", "k"]},
        {"keys": ["k"], "algorithm": "ES256"},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AssertionIssuer.model_validate(wrong)


@pytest.mark.parametrize("more", [{"body": "x"}, {"status": 404}])
def test_published_keys_are_an_answer_of_their_own(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="jwks"):
        Respond.model_validate({"jwks": True, **more})
