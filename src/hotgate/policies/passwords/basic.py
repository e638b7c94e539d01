"""`identity: {name: {basic: …}}`: names and passwords of the file, in HTTP Basic."""

from collections.abc import Mapping
from typing import Any

from hotgate.identity.principal import Principal
from hotgate.pipeline.policy import MechanismSpec
from hotgate.policies.passwords.basic_settings import BasicSettings
from hotgate.policies.passwords.password_authenticator import PasswordAuthenticator


class _Users:
    """Whom a right password proves: rights stand beside the hash in the file."""

    def __init__(self, provider: str, settings: BasicSettings) -> None:
        self._provider = provider
        self._users = settings.users

    def __call__(self, name: str, answer: Mapping[str, Any], now: float) -> Principal:
        user = self._users.get(name)
        return Principal(
            name,
            provider=self._provider,
            mechanism="basic",
            scopes=frozenset(user.scopes if user else ()),
            roles=frozenset(user.roles if user else ()),
            groups=frozenset(user.groups if user else ()),
            credential=name,
            claims={"iat": int(now)},
        )


def compile_basic(name: str, settings: BasicSettings, services: Mapping[str, Any]) -> PasswordAuthenticator:
    """The authenticator of one entry."""
    return PasswordAuthenticator(name, settings, services, _Users(name, settings))


MECHANISM = MechanismSpec("basic", BasicSettings, compile_basic)
