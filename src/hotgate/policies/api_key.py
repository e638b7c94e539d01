"""`identity: {name: {api_key: …}}`: callers prove who they are with a long random key.

The keys of the file are asked first, then those of the store. Whoever presents none of either learns the same in the
same way: a 401 with `key-unknown`, whatever was wrong with it.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.api_keys.api_key import ApiKeys, unknown_key
from hotgate.identity.api_keys.managed_keys import KeyNotAllowed, ManagedKeys
from hotgate.identity.challenge import api_key_challenge, api_key_refused, store_unavailable
from hotgate.identity.places.credential_source import BasicSource, CredentialSource, HeaderSource, QuerySource
from hotgate.identity.places.scheme_source import SchemeSource
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import MechanismSpec
from hotgate.policies.api_key_settings import ApiKeySettings
from hotgate.store.errors import StoreUnavailable

_UNKNOWN = "key-unknown"


class ApiKeyAuthenticator:
    """One provider's keys, compiled. managed: those of the store. clock: seconds since the epoch.

    limits_callers: keys of the store may have limits.
    """

    def __init__(
        self, name: str, settings: ApiKeySettings, managed: ManagedKeys | None, clock: Callable[[], float]
    ) -> None:
        self.name = name
        self.challenge = api_key_challenge(
            settings.realm or name, settings.header, scheme=settings.scheme, basic=settings.basic
        )
        self.sources = _sources(settings)
        self.forwards_credential = settings.forward_key
        self._read = self.sources[0].read if len(self.sources) == 1 else self._read_one
        self._keys = ApiKeys(key.known_key(name) for key in settings.keys)
        self._managed = managed
        self.limits_callers = managed is not None
        self._clock = clock

    def authenticate(self, exchange: Exchange) -> Principal | Response | None:
        """Principal, refusal, or None without a key."""
        try:
            presented = self._read(exchange.request)
            return None if presented is None else self._verify(presented, exchange)
        except CredentialRefused as refusal:
            return api_key_refused(self.challenge, refusal)
        except KeyNotAllowed as reason:
            return Response.problem(
                403, code="forbidden", detail="The key must not be used so.", log_detail=str(reason)
            )
        except StoreUnavailable as error:
            return store_unavailable(error)

    def _verify(self, presented: bytes, exchange: Exchange) -> Principal:
        now = self._clock()
        if self._keys or self._managed is None:
            principal = self._keys.verify(presented, now)
            if principal is not None:
                return principal
        if self._managed is None:
            raise unknown_key("no such key")
        return self._managed.verify(presented, now, exchange.client, exchange.route.name)

    def _read_one(self, request: Request) -> bytes | None:
        """The key, wherever it stands. Raises CredentialRefused if there are two: a backend may pick the other one."""
        found = [key for source in self.sources if (key := source.read(request)) is not None]
        if len(found) > 1:
            raise unknown_key("keys in two places")
        return found[0] if found else None


def _sources(settings: ApiKeySettings) -> Sequence[CredentialSource]:
    name = settings.header.encode("ascii")
    header = HeaderSource(name, _UNKNOWN) if settings.scheme is None else SchemeSource(name, settings.scheme, _UNKNOWN)
    sources: list[CredentialSource] = [header]
    if settings.basic:
        sources.append(BasicSource(_UNKNOWN))
    if settings.query is not None:
        sources.append(QuerySource(settings.query, _UNKNOWN))
    return tuple(sources)


def compile_api_key(name: str, settings: ApiKeySettings, services: Mapping[str, Any]) -> ApiKeyAuthenticator:
    """The authenticator of one entry; takes the services `wall_clock` and `credentials` when there are such."""
    credentials, environment = services.get("credentials"), settings.environment
    managed = None
    if environment is not None and credentials is not None:
        managed = ManagedKeys(name, environment, credentials)
    return ApiKeyAuthenticator(name, settings, managed, services.get("wall_clock", time.time))


MECHANISM = MechanismSpec("api_key", ApiKeySettings, compile_api_key)
