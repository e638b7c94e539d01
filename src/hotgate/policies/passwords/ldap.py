"""`identity: {name: {ldap: …}}`: names and passwords of a directory, in HTTP Basic."""

from collections.abc import Mapping
from typing import Any

from hotgate.identity.principal import Principal
from hotgate.pipeline.policy import MechanismSpec
from hotgate.policies.passwords.ldap_settings import LdapSettings
from hotgate.policies.passwords.password_authenticator import PasswordAuthenticator
from hotgate.upstream.client_tls import client_context


class _Members:
    """Whom a right password proves: groups and attributes are what the directory said of them."""

    def __init__(self, provider: str, settings: LdapSettings) -> None:
        self._provider = provider
        self._roles = settings.roles

    def __call__(self, name: str, answer: Mapping[str, Any], now: float) -> Principal:
        groups = frozenset(map(str, answer["groups"]))
        return Principal(
            str(answer["subject"]),
            provider=self._provider,
            mechanism="ldap",
            groups=groups,
            roles=frozenset(role for group in groups for role in self._roles.get(group, ())),
            credential=str(answer["dn"]),
            claims={"iat": int(now), "dn": answer["dn"], **answer["attributes"]},
        )


def compile_ldap(name: str, settings: LdapSettings, services: Mapping[str, Any]) -> PasswordAuthenticator:
    """The authenticator of one entry. Raises ValueError for authorities that cannot be used."""
    if settings.ca:
        client_context(ca=[each.reveal() for each in settings.ca])
    return PasswordAuthenticator(name, settings, services, _Members(name, settings))


MECHANISM = MechanismSpec("ldap", LdapSettings, compile_ldap)
