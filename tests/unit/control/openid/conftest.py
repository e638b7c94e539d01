"""Fixtures of the tests of logins."""

import ssl
from collections.abc import Iterator

import pytest

from hotgate.control.oauth import client_authentication
from unit.control.openid.fake_provider import LoggingIn, logging_in


@pytest.fixture(autouse=True, scope="module")
def _one_context() -> Iterator[None]:
    """No test here connects; reading the system's authorities for each of them would take most of its time."""
    context = ssl.create_default_context()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client_authentication, "client_context", lambda **_: context)
        yield


@pytest.fixture
def gateway() -> Iterator[LoggingIn]:
    """One that logs in at a provider without trouble."""
    with logging_in() as gateway:
        yield gateway
