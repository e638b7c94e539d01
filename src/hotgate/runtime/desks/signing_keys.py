"""The signing keys of a gateway: made by the control process at first need, kept, rotated, and sent to its workers."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hotgate.config.assertion import AssertionIssuer
from hotgate.config.gateway import Gateway
from hotgate.config.routes import Route
from hotgate.keys.key_ring import KeyRing
from hotgate.keys.rotation import first_ring, needs_rotation, rotated, with_next
from hotgate.runtime.folders.signing_key_file import SigningKeyFile, SigningKeysUnavailable
from hotgate.runtime.workers.channel import Message

_NO_KEYS = b'{"keys": []}'
_RETRY = 60.0  # seconds after a rotation that failed

_log = logging.getLogger("hotgate.runtime")


class SigningKeys:
    """broadcast: sends a message to every worker. file: of the configuration. now: epoch seconds.

    Workers know from the ring when the next key signs, so they need nobody at that moment. Keys are made and written
    in a thread, for an RSA key takes a second and a disk may take longer; one change waits for the other.
    """

    def __init__(self, broadcast: Callable[[Message], None], file: Path, now: Callable[[], float]) -> None:
        self._broadcast = broadcast
        self._file = file
        self._now = now
        self._ring: KeyRing | None = None
        self._config: Gateway | None = None
        self._rotates_from = 0.0
        self._turn = asyncio.Lock()
        self._rotation: asyncio.Task[None] | None = None

    @property
    def message(self) -> list[dict[str, Any]] | None:
        """The ring as workers are sent it; None when nothing is signed."""
        return self._ring.message if self._ring else None

    @property
    def jwks(self) -> bytes:
        """The published set."""
        return self._ring.jwks if self._ring else _NO_KEYS

    async def follow(self, config: Gateway) -> None:
        """Have what a configuration needs. Raises SigningKeysUnavailable, and keeps what there is then."""
        async with self._turn:
            if self._config is None or _need(config) != _need(self._config):
                self._replace(await asyncio.to_thread(self._wanted, config))
            self._config = config

    def tick(self) -> None:
        """Let the keys take turns; a folder that cannot be written delays that, and is reported."""
        if self._is_due and (self._rotation is None or self._rotation.done()):
            self._rotation = asyncio.get_running_loop().create_task(self._rotate_if_due())

    async def rotate(self) -> str:
        """Publish another key now, which signs as soon as everybody can know it. Returns why not, or ""."""
        async with self._turn:
            if self._config is None or self._ring is None:
                return "the gateway signs nothing: no route has `assertion`"
            if self._config.assertion.keys:
                return "the keys are given by `assertion.keys`; put another one there, behind the one that signs"
            try:
                self._replace(await asyncio.to_thread(self._kept_with_next, self._config, self._ring))
            except SigningKeysUnavailable as error:
                return str(error)
            return ""

    @property
    def _is_due(self) -> bool:
        config, ring, now = self._config, self._ring, self._now()
        if config is None or ring is None or config.assertion.keys or now < self._rotates_from:
            return False
        return needs_rotation(ring, config.assertion.algorithm, config.assertion.rotate, now)

    async def _rotate_if_due(self) -> None:
        async with self._turn:
            if self._config is None or not self._is_due:  # whoever had the turn before has done it
                return
            try:
                self._replace(await asyncio.to_thread(self._wanted, self._config))
            except SigningKeysUnavailable as error:
                self._rotates_from = self._now() + _RETRY
                _log.error("the signing keys are not rotated: %s", error)

    def _kept_with_next(self, config: Gateway, ring: KeyRing) -> KeyRing:
        following = with_next(ring, config.assertion.algorithm, self._now())
        SigningKeyFile.of(self._file, config).keep(following)
        return following

    def _wanted(self, config: Gateway) -> KeyRing | None:
        if not signs(config):
            return None
        assertion = config.assertion
        if assertion.keys:
            return _given(assertion)
        kept, now = SigningKeyFile.of(self._file, config), self._now()
        found = kept.ring(lambda: first_ring(assertion.algorithm, now))
        ring = rotated(found, assertion.algorithm, assertion.rotate, now)
        if ring != found:
            kept.keep(ring)
        return ring

    def _replace(self, ring: KeyRing | None) -> None:
        is_news, self._ring = ring != self._ring, ring
        if is_news and ring is not None:
            _log.info("signing keys: %s", ", ".join(each.key.kid for each in ring.keys))
            self._broadcast({"type": "signing_keys", "keys": ring.message})


def signs(config: Gateway) -> bool:
    """Whether a configuration needs signing keys."""
    return any(map(_signs, config.routes)) or any(
        upstream.sign is not None and upstream.sign.message is not None and upstream.sign.message.by_own_keys
        for upstream in config.upstreams.values()
    )


def _signs(route: Route) -> bool:
    resource = route.policy("protected_resource")
    publishes = route.respond is not None and route.respond.jwks
    return publishes or route.policy("assertion") is not None or (resource is not None and resource.signed_metadata)


def existing_ring(file: Path, config: Gateway) -> KeyRing | None:
    """The keys of a configuration for people to look at; None if none were made yet. Raises SigningKeysUnavailable."""
    if config.assertion.keys:
        return _given(config.assertion)
    kept = SigningKeyFile.of(file, config)
    return kept.ring(_removed) if kept.is_made else None


def _given(assertion: AssertionIssuer) -> KeyRing:
    try:
        return KeyRing.of_given(key.reveal() for key in assertion.keys)
    except ValueError as error:
        raise SigningKeysUnavailable(f"assertion.keys: {error}") from None


def _removed() -> KeyRing:
    raise SigningKeysUnavailable("the keys were removed just now")


def _need(config: Gateway) -> tuple[bool, AssertionIssuer, str | None]:
    return signs(config), config.assertion, config.state_dir
