"""The keys that seal sessions: made by the control process at first need, kept, turned daily, sent to its workers."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.keys.explain_ticket import LIFE
from hotgate.keys.sealing_ring import SealingKey, SealingRing
from hotgate.runtime.folders.session_key_file import SessionKeyFile, SessionKeysUnavailable
from hotgate.runtime.workers.channel import Message

_RETRY = 60.0  # seconds after a turn that failed

_log = logging.getLogger("hotgate.runtime")


class SessionKeys:
    """broadcast: sends a message to every worker. file: of the configuration. now: epoch seconds.

    Workers know the next key a minute before it seals. Files are written in a thread; one change waits for the other.
    """

    def __init__(self, broadcast: Callable[[Message], None], file: Path, now: Callable[[], float]) -> None:
        self._broadcast = broadcast
        self._file = file
        self._now = now
        self._ring: SealingRing | None = None
        self._config: Gateway | None = None
        self._turns_from = 0.0
        self._turn = asyncio.Lock()
        self._turning: asyncio.Task[None] | None = None

    @property
    def message(self) -> list[dict[str, Any]] | None:
        """The ring as workers are sent it; None when there are no sessions."""
        return self._ring.message if self._ring else None

    async def follow(self, config: Gateway) -> None:
        """Have what a configuration needs. Raises SessionKeysUnavailable, and keeps what there is then."""
        async with self._turn:
            self._replace(await asyncio.to_thread(self._wanted, config))
            self._config = config

    def tick(self) -> None:
        """Let the keys take turns; a folder that cannot be written delays that, and is reported."""
        if self._is_due and (self._turning is None or self._turning.done()):
            self._turning = asyncio.get_running_loop().create_task(self._turn_around())

    @property
    def _is_due(self) -> bool:
        config, ring, now = self._config, self._ring, self._now()
        if config is None or ring is None or config.sessions.keys or now < self._turns_from:
            return False
        return ring.turned(now, _longest_life(config)) is not ring

    async def _turn_around(self) -> None:
        async with self._turn:
            if self._config is None or not self._is_due:
                return
            try:
                self._replace(await asyncio.to_thread(self._wanted, self._config))
            except SessionKeysUnavailable as error:
                self._turns_from = self._now() + _RETRY
                _log.error("the keys of sessions are not changed: %s", error)

    def _wanted(self, config: Gateway) -> SealingRing | None:
        if not _longest_life(config):
            return None
        if config.sessions.keys:
            return SealingRing.of_given(key.reveal() for key in config.sessions.keys)
        kept, now = SessionKeyFile.of(self._file, config), self._now()
        found = kept.ring(lambda: SealingRing([SealingKey.generate(now)]))
        ring = found.turned(now, _longest_life(config))
        if ring is not found:
            kept.keep(ring)
        return ring

    def _replace(self, ring: SealingRing | None) -> None:
        is_news = ring is not None and (self._ring is None or ring.keys != self._ring.keys)
        self._ring = ring
        if is_news and ring is not None:
            _log.info("session keys: %s", ", ".join(each.id for each in ring.keys))
            self._broadcast({"type": "session_keys", "keys": ring.message})


def _longest_life(config: Gateway) -> float:
    """Seconds that the longest of the sessions, or a ticket for explained answers, may last; 0 if there are none."""
    sessions = (entry.settings.session for entry in config.identity.values() if entry.mechanism == "oidc")
    return max((session.absolute for session in sessions), default=LIFE if config.admin.explain else 0.0)
