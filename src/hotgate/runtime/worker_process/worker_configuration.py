"""The worker's half of a two-phase change: prepare what is sent, hold it, and put it into force when told."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.identity.verification_keys.key_set import InvalidKeySet
from hotgate.identity.verification_keys.key_sets import KeySets
from hotgate.keys.key_ring import KeyRing, RingHolder
from hotgate.keys.sealing_ring import SealingRing, SealingRingHolder
from hotgate.runtime.compiling.model import validated
from hotgate.runtime.worker_process.data_plane import DataPlane
from hotgate.runtime.workers.channel import Message
from hotgate.store.credentials import Credentials, CredentialSettings

_log = logging.getLogger("hotgate.runtime")


class WorkerConfiguration:
    """revision: of the configuration in force, 0 before the first. committed: called after each change."""

    def __init__(
        self,
        data_plane: DataPlane,
        key_sets: KeySets,
        signing: RingHolder,
        sealing: SealingRingHolder,
        credentials: Credentials,
        send: Callable[[Message], None],
        committed: Callable[[], None],
    ) -> None:
        self._data_plane = data_plane
        self._key_sets = key_sets
        self._signing = signing
        self._sealing = sealing
        self._credentials = credentials
        self._send = send
        self._committed = committed
        self._wanted = 0
        self._prepared: tuple[int, Gateway, Any, CredentialSettings | None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._current: Gateway | None = None
        self.revision = 0

    @property
    def current(self) -> Gateway:
        """The configuration in force. Raises RuntimeError before the first."""
        if self._current is None:
            raise RuntimeError("no configuration is in force")
        return self._current

    @property
    def drain(self) -> float:
        """Seconds for requests in flight; none before there can be any."""
        return self._current.limits.drain if self._current else 0.0

    def prepare(self, message: Message) -> None:
        """Begin to prepare; `prepared` is sent when it is done. An earlier one that was not committed is dropped."""
        self._wanted = int(message["revision"])
        self._prepared = None
        self._task = asyncio.get_running_loop().create_task(self._prepare(message))

    def commit(self, revision: int) -> None:
        """Put what was prepared into force. Another revision than that is refused: the next `prepare` settles it."""
        if self._prepared is None or self._prepared[0] != revision:
            _log.error("revision %d cannot be committed: it was not prepared", revision)
            return
        self.revision, self._current, snapshot, store = self._prepared
        self._prepared = None
        if store is None:
            self._credentials.leave()
        else:
            self._credentials.use(store, time.time())
        self._data_plane.commit(snapshot)
        self._committed()

    def abort(self, revision: int) -> None:
        """Forget what was prepared."""
        if self._wanted == revision:
            self._wanted = 0
            self._prepared = None

    async def _prepare(self, message: Message) -> None:
        revision = int(message["revision"])
        error = ""
        try:
            # Threads, because a large file takes long to validate and to compile, and requests are being served.
            config = await asyncio.to_thread(validated, message["tree"])
            self._load_keys(message["key_sets"])
            self._load_signing_keys(message["signing_keys"])
            self._load_session_keys(message["session_keys"])
            self._data_plane.use_ticket_key(bytes.fromhex(message["ticket_key"]))
            store = CredentialSettings.of_message(message["store"]) if message["store"] else None
            services = {"credentials": self._credentials} if store else {}
            snapshot = await asyncio.to_thread(self._data_plane.prepare, config, services)
        except Exception as reason:  # noqa: BLE001 (whatever it is, the control process must hear of it)
            error = f"{type(reason).__name__}: {reason}"
            if not isinstance(reason, ValueError):
                _log.exception("revision %d cannot be prepared", revision)
        else:
            if self._wanted == revision:
                self._prepared = (revision, config, snapshot, store)
        self._send({"type": "prepared", "revision": revision, "ok": not error, "error": error})

    def _load_keys(self, documents: Mapping[str, Any]) -> None:
        """Keys are named after where they come from, so that they can be loaded before the change is decided."""
        for name, document in documents.items():
            try:
                self._key_sets.replace(name, document)
            except InvalidKeySet as error:
                _log.error("key set %s is refused: %s", name, error)

    def _load_signing_keys(self, keys: list[dict[str, Any]] | None) -> None:
        """They take effect at once: whoever checks an assertion finds the public part where it found the last one.

        A gateway that will sign nothing sends none; what is in force until then goes on with those it has.
        """
        if keys is not None:
            self._signing.ring = KeyRing.from_message(keys)

    def _load_session_keys(self, keys: list[dict[str, Any]] | None) -> None:
        """As signing keys: at once, for other workers may have begun to seal with them."""
        if keys is not None:
            self._sealing.ring = SealingRing.from_message(keys)
