"""`valkey:`: which addresses are taken, and that the password shows nowhere."""

import pytest
from pydantic import ValidationError

from hotgate.config.valkey import Valkey


@pytest.mark.parametrize(
    "url",
    [
        "valkey://127.0.0.1:6379/0",
        "redis://localhost",
        "valkeys://user:secret@cache.test:6380/2",
        "rediss://cache.test",
        "valkey://:secret@cache.test",
        "unix:///run/valkey.sock",
    ],
)
def test_addresses(url: str) -> None:
    assert Valkey.model_validate({"url": url}).url.reveal() == url


@pytest.mark.parametrize(
    "url",
    [
        "valkey://cache.test:6379",  # anybody on the way could end sessions
        "http://127.0.0.1",
        "valkeys:///0",
        "valkeys://cache.test/zero",
        "valkeys://cache.test:0",
        "valkeys://cache.test:99999",
        "valkeys://cache.test/0?ssl_cert_reqs=none",  # would turn verification off
        "unix://run/valkey.sock",
        "cache.test:6379",
    ],
)
def test_others_are_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Valkey.model_validate({"url": url})
    assert url not in str(caught.value)


def test_a_driver_that_is_missing_is_said_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotgate.config.valkey.find_spec", lambda name: None)
    with pytest.raises(ValidationError, match=r"pip install 'hotgate\[cluster\]'"):
        Valkey.model_validate({"url": "valkey://127.0.0.1"})


def test_a_password_is_not_shown() -> None:
    assert "hunter2" not in repr(Valkey.model_validate({"url": "valkeys://:hunter2@cache.test"}))
