"""Keys of the store: whose a presented key is, and whether it may be used now, from there and on that route."""

import ipaddress
from collections import OrderedDict

from hotgate.config.units import parse_rate
from hotgate.identity.api_keys.api_key import MAX_LENGTH, MIN_LENGTH, unknown_key
from hotgate.identity.api_keys.managed_key import is_typo
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.limits.own_limit import own_limit
from hotgate.store.credentials import Credentials
from hotgate.store.records import Consumer, FoundKey

MAX_ADMISSIONS = 10_000  # as many as the store's side keeps by default
MAX_CALLERS = 4096

_Grant = tuple[str, tuple[str, ...], tuple[str, ...]]  # consumer, scopes and roles of a key
_NOBODY: tuple[None, None] = (None, None)
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class KeyNotAllowed(Exception):
    """A genuine key that this caller may not use, or not here. The text is for operators."""


class Admission:
    """A key that is neither revoked nor of somebody who is disabled, made ready for many requests."""

    __slots__ = ("_ends", "_networks", "_routes", "_starts", "found", "principal")

    def __init__(self, found: FoundKey, principal: Principal) -> None:
        key = found.key
        self.found = found
        self.principal = principal
        self._starts, self._ends = key.not_before, key.expires
        self._networks = tuple(map(ipaddress.ip_network, key.networks))
        self._routes = frozenset(key.routes)

    def check(self, now: float, client: str, route: str) -> None:
        """Raises CredentialRefused or KeyNotAllowed."""
        if self._ends is not None and now >= self._ends:
            raise CredentialRefused("key-expired", f"key {self.principal.credential}")
        if self._starts is not None and now < self._starts:
            raise CredentialRefused("key-not-yet-valid", f"key {self.principal.credential}")
        if self._routes and route not in self._routes:
            raise KeyNotAllowed(f"key {self.principal.credential} is not for route {route}")
        if self._networks and not _is_within(client, self._networks):
            raise KeyNotAllowed(f"key {self.principal.credential} is not for {client}")


class ManagedKeys:
    """What one provider accepts of the store. environment: of which its keys must be.

    A repeated key costs two hashes and two dict look-ups. Only digests are kept.
    """

    def __init__(self, provider: str, environment: str, credentials: Credentials) -> None:
        self._provider = provider
        self._environment = environment
        self._credentials = credentials
        self._admissions: OrderedDict[bytes, Admission] = OrderedDict()
        self._callers: dict[_Grant, tuple[Consumer, Principal]] = {}

    def verify(self, presented: bytes, now: float, client: str, route: str) -> Principal:
        """Whose key this is. now: epoch seconds. client: the caller's address. route: the route's name.

        Raises CredentialRefused, KeyNotAllowed, and StoreUnavailable when nobody can tell.
        """
        admission = self._admission(presented)
        admission.check(now, client, route)
        self._credentials.used(admission.found.key.id, now)
        return admission.principal

    def _admission(self, presented: bytes) -> Admission:
        if not MIN_LENGTH <= len(presented) <= MAX_LENGTH:
            raise unknown_key("not 8 to 512 bytes long")
        credentials = self._credentials
        for digest in credentials.peppers.candidates(presented):
            admission = self._admissions.get(digest)
            if admission is None and is_typo(presented):
                raise unknown_key("wrong checksum")
            found = credentials.find_key(digest)
            if found is not None:
                # Whenever anything about it changes, the store's side makes another object.
                return admission if admission is not None and admission.found is found else self._admit(digest, found)
        raise unknown_key("no such key")

    def _admit(self, digest: bytes, found: FoundKey) -> Admission:
        _check_standing(found, self._environment)
        admission = Admission(found, self._principal(found))
        if len(self._admissions) >= MAX_ADMISSIONS:
            self._admissions.popitem(last=False)
        self._admissions[digest] = admission
        return admission

    def _principal(self, found: FoundKey) -> Principal:
        """Keys of one consumer that grant the same differ in little: what is dear to make is made for one of them."""
        key, consumer = found.key, found.consumer
        grant = (consumer.name, key.scopes, key.roles)
        of_consumer, caller = self._callers.get(grant, _NOBODY)
        if caller is None or of_consumer is not consumer:
            caller = _caller(found, self._provider)
            if len(self._callers) >= MAX_CALLERS:
                self._callers.clear()
            self._callers[grant] = consumer, caller
        limit = None if key.limit is None else own_limit(parse_rate(key.limit))
        claims = {"key_id": key.id, "metadata": {**consumer.metadata, **key.metadata}}
        return caller.with_credential(key.id, key.expires, limit, claims)


def _check_standing(found: FoundKey, environment: str) -> None:
    key = found.key
    if key.environment != environment:
        raise unknown_key(f"key {key.id} is of environment {key.environment}")
    if key.revoked_at is not None:
        raise CredentialRefused("key-revoked", f"key {key.id}: {key.revoked_reason or 'no reason given'}")
    if found.consumer.is_disabled:
        raise KeyNotAllowed(f"key {key.id}: consumer {found.consumer.name} is disabled")


def _caller(found: FoundKey, provider: str) -> Principal:
    key, consumer = found.key, found.consumer
    return Principal(
        consumer.name,
        provider=provider,
        mechanism="api_key",
        scopes=frozenset(key.scopes),
        roles=frozenset((*consumer.roles, *key.roles)),
        groups=frozenset(consumer.groups),
        tier=consumer.tier,
    )


def _is_within(client: str, networks: tuple[_Network, ...]) -> bool:
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return False  # a client without an address, on a Unix socket
    return any(address in network for network in networks)
