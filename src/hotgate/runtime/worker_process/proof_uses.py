"""A worker's side of `runtime/desks/proofs.py`: the nonces in force, and claims of proofs that were used.

All claims of one round of the event loop are one question, for to ask costs more than to look up.
"""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import zip_longest
from typing import Any, Protocol

from hotgate.identity.dpop.server_nonces import ServerNonces
from hotgate.runtime.workers.channel import Message

_MEANING = {"first": True, "used": False}  # by the verdict of the desk; anything else says nothing

Claims = list[tuple[str, str, int]]
Waiting = list["asyncio.Future[bool | None]"]


class Used(Protocol):
    """A proof of possession, or a signature with a nonce. identity: a digest of it. ends: epoch seconds."""

    @property
    def identity(self) -> bytes: ...

    @property
    def ends(self) -> float: ...


class ProofUses:
    """ask: the control process. nonces: None before it was heard."""

    def __init__(self, ask: Callable[[str, Any], Awaitable[Any]]) -> None:
        self.nonces: ServerNonces | None = None
        self._ask = ask
        self._claims: Claims = []
        self._waiting: Waiting = []
        self._tasks: set[asyncio.Task[None]] = set()

    def hear(self, message: Message) -> None:
        """The control process has new nonces, or is a new one. Raises KeyError, TypeError or ValueError."""
        nonces = ServerNonces.from_message(message)
        self._flush()  # what waits was judged by the old ones, and must say so
        self.nonces = nonces

    def claim(self, holder: bytes, proof: Used) -> "asyncio.Future[bool | None]":
        """Whether it is the first use of a proof; None if nobody can tell. holder: a digest of whose it is."""
        loop = asyncio.get_running_loop()
        if not self._claims:
            loop.call_soon(self._flush)
        self._claims.append((holder.hex(), proof.identity.hex(), int(proof.ends)))
        verdict: asyncio.Future[bool | None] = loop.create_future()
        self._waiting.append(verdict)
        return verdict

    def _flush(self) -> None:
        if not self._claims:
            return
        claims, self._claims = self._claims, []
        waiting, self._waiting = self._waiting, []
        epoch = "" if self.nonces is None else self.nonces.epoch
        task = asyncio.get_running_loop().create_task(self._settle(epoch, claims, waiting))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _settle(self, epoch: str, claims: Claims, waiting: Waiting) -> None:
        try:
            answers = [
                _MEANING.get(verdict) for verdict in await self._ask("proofs", {"epoch": epoch, "claims": claims})
            ]
        except Exception:  # noqa: BLE001 (whatever it is: nobody can tell, and everybody who waits must hear so)
            answers = []
        for future, answer in zip_longest(waiting, answers[: len(waiting)]):
            if not future.done():  # or its client has left
                future.set_result(answer)
