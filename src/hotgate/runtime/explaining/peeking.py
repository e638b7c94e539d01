"""Services that look and do not touch: what steps are given while they are explained.

The steps are those that serve requests, so everything that they could use up is kept from them here.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hotgate.identity.dpop.server_nonces import ServerNonces
from hotgate.identity.verification_keys.key_set import InvalidKeySet
from hotgate.identity.verification_keys.key_sets import KeySets
from hotgate.keys.key_ring import KeyRing, RingHolder, RingKey
from hotgate.keys.sealing_ring import SealingRing, SealingRingHolder
from hotgate.keys.signing_key import SigningKey
from hotgate.limits.brute_force.login_guard import LoginGuard
from hotgate.limits.decision import LimitDecision
from hotgate.limits.limit import Limit
from hotgate.limits.standing import Standing
from hotgate.policies.limits.limit_rule import TELL_DRY_RUN
from hotgate.policies.releases.overrides import ReleaseOverrides
from hotgate.runtime.explaining.peeked_limit import PeekedLimit, peeked
from hotgate.runtime.explaining.peeked_places import Look, PeekingBook
from hotgate.store.credentials import Credentials, CredentialSettings
from hotgate.store.errors import StoreUnavailable, StoreUnusable

Peek = Callable[[Limit, str, int], Standing | None]
Left = Callable[[Limit, str], Awaitable[int]]
Ask = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is known of the gateway. documents: key sets by name. ask: answers what workers ask, and changes nothing.
    peek: how a key of a limit stands; None while nobody knows. left: the same of a quota that is kept elsewhere: tokens
    that nobody has; it raises StoreUnavailable or StoreUnusable. bans: seconds, by `address_key`. sealing: the keys of
    sessions. proofs: the message about nonces. store: where its copy is. releases: the message about them. look: asks
    every worker.
    """

    documents: Callable[[], Mapping[str, Any]] = dict
    ask: Ask | None = None
    peek: Peek | None = None
    left: Left | None = None
    bans: Callable[[], Mapping[str, float]] = dict
    sealing: Callable[[], Any] = lambda: None
    proofs: Callable[[], Mapping[str, Any] | None] = lambda: None
    store: Callable[[], CredentialSettings | None] = lambda: None
    releases: Callable[[], Mapping[str, Any]] = lambda: {"routes": {}}
    look: Look | None = None

    @property
    def is_live(self) -> bool:
        """Whether a gateway runs."""
        return self.peek is not None


class PeekingLimiter:
    """Stands for the lease client: says what would come of spending, and spends nothing. peeked: since last cleared."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.peeked: list[PeekedLimit] = []

    def take(self, limit: Limit, key: str, cost: int) -> None:
        """`spend` says it."""

    def spend(self, limit: Limit, key: str, cost: int = 1) -> LimitDecision | Awaitable[LimitDecision]:
        """What would be decided."""
        world = self._world
        standing = self._standing(limit, key, cost)
        if standing is None and limit.calendar is not None and world.left is not None:
            return self._spend_of_quota(limit, key, cost, limit.calendar.seconds_left(), world.left)
        if standing is not None and standing.on_lease and world.look is not None:
            return self._spend_of_lent(limit, key, cost, world.look)
        return self._noted(peeked(limit, key, cost, standing))

    async def _spend_of_quota(self, limit: Limit, key: str, cost: int, wait: float, left: Left) -> LimitDecision:
        """Nothing was fetched of it yet. wait: seconds to its next period."""
        try:
            standing = Standing(limit, key, await left(limit, key), on_lease=0, retry_after=wait)
        except (StoreUnavailable, StoreUnusable):
            standing = None
        return self._noted(peeked(limit, key, cost, standing))

    async def _spend_of_lent(self, limit: Limit, key: str, cost: int, look: Look) -> LimitDecision:
        """Workers have some, and know best how many. What they gave back before they said so is there by now."""
        held = [None if view is None else view.held for view in await look(limit=(limit.scope, key))]
        return self._noted(peeked(limit, key, cost, self._standing(limit, key, cost), held))

    def _standing(self, limit: Limit, key: str, cost: int) -> Standing | None:
        return None if self._world.peek is None else self._world.peek(limit, key, cost)

    def _noted(self, each: PeekedLimit) -> LimitDecision:
        self.peeked.append(each)
        return each.decision

    def refund(self, limit: Limit, key: str, tokens: int, spent_at: float) -> None:
        """Nothing was taken."""

    def charge(self, limit: Limit, key: str, tokens: int = 1) -> None:
        """Nothing is taken."""


class PeekingGuard(LoginGuard):
    """Knows who is banned; counts nobody and delays nothing."""

    def counts(self, client: str) -> bool:
        """Whoever asks for an explanation guesses nothing."""
        return False


class PeekingProofs:
    """Whether a proof was used, without its being used now."""

    def __init__(self, ask: Ask | None) -> None:
        self.nonces: ServerNonces | None = None
        self._ask = ask

    async def claim(self, holder: bytes, proof: Any) -> bool | None:
        """As `ProofUses.claim`; None if nobody can tell."""
        if self._ask is None:
            return True  # nobody runs who could have seen it
        try:
            verdict = await self._ask("proofs", {"holder": holder.hex(), "identity": proof.identity.hex()})
        except Exception:  # noqa: BLE001 (whatever it is: nobody can tell)
            return None
        return bool(verdict)


@dataclass(slots=True)
class Clock:
    """Epoch seconds: now, or the time that a question names."""

    at: float | None = None

    def __call__(self) -> float:
        return time.time() if self.at is None else self.at


@dataclass(slots=True)
class PeekingServices:
    """by_name: for `compile_configuration`. Call `look` before each question: what a gateway knows changes.

    has_store: whether the configuration has one; without it, there is nobody to ask about keys and revocations.
    """

    world: World
    has_store: bool
    clock: Clock = field(default_factory=Clock)
    limiter: PeekingLimiter = field(init=False)
    places: PeekingBook = field(init=False)
    by_name: dict[str, Any] = field(init=False)
    _documents: dict[str, Any] = field(default_factory=dict, init=False)
    _store: CredentialSettings | None = field(default=None, init=False)
    _releases: ReleaseOverrides = field(default_factory=ReleaseOverrides, init=False)

    def __post_init__(self) -> None:
        self.limiter = PeekingLimiter(self.world)
        self.places = PeekingBook(self.world.look)
        signing = RingHolder()
        signing.ring = KeyRing([RingKey(SigningKey.generate("ES256"), 0.0)])  # nobody sees what is signed with it
        self.by_name = {
            "limiter": self.limiter,
            "place_book": self.places,
            "key_sets": KeySets(time.monotonic),
            "session_keys": SealingRingHolder(),
            "signing": signing,
            "login_guard": PeekingGuard(),
            "proof_uses": PeekingProofs(self.world.ask),
            "wall_clock": self.clock,
            "releases": self._releases,
            TELL_DRY_RUN: _tell_nobody,
        }
        if self.has_store:
            self.by_name["credentials"] = Credentials()
        if self.world.ask is not None:
            self.by_name["ask"] = self.world.ask

    def look(self, at: float | None) -> None:
        """See what the gateway knows now. at: the time of the question, epoch seconds; None for now."""
        self.clock.at = at
        self.limiter.peeked.clear()
        self.places.notes.clear()
        for name, document in self.world.documents().items():
            if self._documents.get(name) is not document:
                self._take_keys(name, document)
        guard: LoginGuard = self.by_name["login_guard"]
        guard.bans.clear()
        guard.hear(self.world.bans())
        self._releases.hear(self.world.releases())
        sealing = self.world.sealing()
        self.by_name["session_keys"].ring = None if sealing is None else SealingRing.from_message(sealing)
        proofs = self.world.proofs()
        self.by_name["proof_uses"].nonces = None if proofs is None else ServerNonces.from_message(proofs)
        if self.has_store:
            self._look_at_store()

    def _take_keys(self, name: str, document: Mapping[str, Any]) -> None:
        self._documents[name] = document
        try:
            self.by_name["key_sets"].replace(name, document)
        except InvalidKeySet:
            return  # as in a worker: the keys before it stay

    def _look_at_store(self) -> None:
        credentials: Credentials = self.by_name["credentials"]
        settings, now = self.world.store(), time.time()
        if settings is None:
            credentials.leave()
        elif settings == self._store:
            credentials.tick(now)
        else:
            credentials.use(settings, now)
        self._store = settings


def _tell_nobody(kind: str, **facts: Any) -> None:
    """Nobody would have been refused: nobody has come."""


async def within(seconds: float, awaitable: Awaitable[Any]) -> Any:
    """The result. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        return await awaitable
