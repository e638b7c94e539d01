"""The signing keys of a gateway: made by the control process at first need, kept, rotated, and sent to its workers."""

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hotgate.config.assertion import AssertionIssuer
from hotgate.config.gateway import Gateway
from hotgate.keys.kept_secret import SecretNotKept, replace_secret
from hotgate.keys.key_ring import KeyRing
from hotgate.keys.rotation import first_ring, needs_rotation, rotated, with_next
from hotgate.runtime.channel import Message
from hotgate.runtime.private_folder import UnsafeFolder
from hotgate.runtime.state_directory import StateDirectory, state_directory

FILE_NAME = "signing-keys.json"
NO_KEYS = b'{"keys": []}'

_log = logging.getLogger("hotgate.runtime")


class SigningKeysUnavailable(Exception):
    """The keys cannot be made, read or written; the text says why and holds no secret."""


class SigningKeys:
    """broadcast: sends a message to every worker. file: of the configuration. now: epoch seconds.

    Workers know from the ring when the next key signs, so they need nobody at that moment.
    """

    def __init__(self, broadcast: Callable[[Message], None], file: Path, now: Callable[[], float]) -> None:
        self._broadcast = broadcast
        self._file = file
        self._now = now
        self._ring: KeyRing | None = None
        self._config: Gateway | None = None

    @property
    def message(self) -> list[dict[str, Any]] | None:
        """The ring as workers are sent it; None when nothing is signed."""
        return self._ring.message if self._ring else None

    @property
    def jwks(self) -> bytes:
        """The published set."""
        return self._ring.jwks if self._ring else NO_KEYS

    def follow(self, config: Gateway) -> None:
        """Have what a configuration needs. Raises SigningKeysUnavailable, and keeps what there is then."""
        if self._config is None or _need(config) != _need(self._config):
            self._replace(self._wanted(config))
        self._config = config

    def tick(self) -> None:
        """Let the keys take turns; a folder that cannot be written delays that, and is reported."""
        if self._config is None or self._ring is None or self._config.assertion.keys:
            return
        assertion = self._config.assertion
        if needs_rotation(self._ring, assertion.algorithm, assertion.rotate, self._now()):
            try:
                self._replace(self._wanted(self._config))
            except SigningKeysUnavailable as error:
                _log.error("the signing keys are not rotated: %s", error)

    def rotate(self) -> str:
        """Publish another key now, which signs as soon as everybody can know it. Returns why not, or ""."""
        if self._config is None or self._ring is None:
            return "the gateway signs nothing: no route has `assertion`"
        if self._config.assertion.keys:
            return "the keys are given by `assertion.keys`; put another one there, first behind the others"
        ring = with_next(self._ring, self._config.assertion.algorithm, self._now())
        try:
            self._keep(_state(self._file, self._config), ring)
        except SigningKeysUnavailable as error:
            return str(error)
        self._replace(ring)
        return ""

    def _wanted(self, config: Gateway) -> KeyRing | None:
        if not signs(config):
            return None
        if config.assertion.keys:
            return KeyRing.of_given(key.reveal() for key in config.assertion.keys)
        return self._kept(_state(self._file, config), config.assertion)

    def _kept(self, state: StateDirectory, assertion: AssertionIssuer) -> KeyRing:
        """The ring of the folder, made or rotated if need be."""
        now = self._now()
        kept = _read(state, lambda: first_ring(assertion.algorithm, now))
        ring = rotated(kept, assertion.algorithm, assertion.rotate, now)
        if ring != kept:
            self._keep(state, ring)
        return ring

    def _keep(self, state: StateDirectory, ring: KeyRing) -> None:
        try:
            replace_secret(state.path / FILE_NAME, _encoded(ring))
        except SecretNotKept as error:
            raise SigningKeysUnavailable(str(error)) from error
        _log.info("signing keys: %s", [each.key.kid for each in ring.keys])

    def _replace(self, ring: KeyRing | None) -> None:
        is_news, self._ring = ring != self._ring, ring
        if is_news and ring is not None:
            self._broadcast({"type": "signing_keys", "keys": ring.message})


def signs(config: Gateway) -> bool:
    """Whether a configuration needs signing keys."""
    return any(
        route.policy("assertion") is not None or (route.respond is not None and route.respond.jwks)
        for route in config.routes
    )


def existing_ring(file: Path, config: Gateway) -> KeyRing | None:
    """The keys of a configuration for people to look at; None if none were made yet. Raises SigningKeysUnavailable."""
    if config.assertion.keys:
        return KeyRing.of_given(key.reveal() for key in config.assertion.keys)
    state = _state(file, config)
    return _read(state, _nothing) if (state.path / FILE_NAME).exists() else None


def _need(config: Gateway) -> tuple[bool, AssertionIssuer, str | None]:
    return signs(config), config.assertion, config.state_dir


def _state(file: Path, config: Gateway) -> StateDirectory:
    return state_directory(file, config.state_dir, os.environ)


def _read(state: StateDirectory, make: Callable[[], KeyRing]) -> KeyRing:
    """The ring of the folder; what `make` returns is put there if there is none."""
    try:
        content = state.secret(FILE_NAME, lambda: _encoded(make()))
        return KeyRing.from_message(json.loads(content))
    except (SecretNotKept, UnsafeFolder) as error:
        raise SigningKeysUnavailable(str(error)) from error
    except (ValueError, KeyError, TypeError):
        raise SigningKeysUnavailable(f"{state.path / FILE_NAME} is damaged: restore it, or remove it") from None


def _nothing() -> KeyRing:
    raise SigningKeysUnavailable("the keys were removed just now")


def _encoded(ring: KeyRing) -> bytes:
    return json.dumps(ring.message).encode("ascii")
