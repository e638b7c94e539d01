"""`sessions:` holds keys that nobody guesses, and logins that cannot work are told of."""

from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.config.dangers import dangers
from hotgate.config.sessions import Sessions
from hotgate.runtime.compiling.model import built_in_model

OIDC = {"oidc": {"issuer": "https://idp.test", "client": {"id": "g", "secret": "s" * 32}}}


@pytest.mark.parametrize("keys", [["short"], ["a" * 31], ["a" * 32, "a" * 32], ["b" * 40] * 17])
def test_keys_that_are_short_or_repeated_are_refused_without_being_shown(keys: list[str]) -> None:
    with pytest.raises(ValidationError) as error:
        Sessions.model_validate({"keys": keys})
    assert keys[0] not in str(error.value)


def warnings(listener: dict[str, Any], **more: Any) -> list[str]:
    tree = {
        "listeners": [{"name": "web", **listener}],
        "identity": {"sso": OIDC},
        "store": {},
        **more,
    }
    findings = dangers(built_in_model().model_validate(tree))
    return [finding.message for finding in findings if finding.path[0] in ("listeners", "store")]


@pytest.mark.parametrize(
    "listener",
    [
        {"bind": "127.0.0.1:80"},
        {"bind": "localhost:80"},
        {"bind": "0.0.0.0:80", "trusted_proxies": ["10.0.0.0/8"]},
        {"bind": "0.0.0.0:80", "redirect_https": 443},
    ],
)
def test_a_listener_where_browsers_keep_the_cookies_is_fine(listener: dict[str, Any]) -> None:
    assert warnings(listener) == []


def test_a_listener_without_tls_is_told_of() -> None:
    (message,) = warnings({"bind": "0.0.0.0:80"})
    assert "nobody can log in here" in message


def test_several_nodes_need_keys_in_common() -> None:
    store = {"url": "postgresql://u:p@db/x?sslmode=verify-full", "pepper": "p" * 32}
    (message,) = warnings({"bind": "127.0.0.1:80"}, store=store)
    assert "keys of one node" in message
    assert warnings({"bind": "127.0.0.1:80"}, store=store, sessions={"keys": ["k" * 32]}) == []
