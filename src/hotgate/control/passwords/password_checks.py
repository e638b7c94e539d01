"""Checks of passwords in threads of their own: few at a time, and no more may wait than can be served soon.

A check takes tens of milliseconds and 19 MiB, which is what makes guessing dear. Names that do not exist take as long
as others, so that nobody learns which do.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from itertools import islice

from hotgate.identity.passwords.password_hash import hashed, is_correct
from hotgate.policies.passwords.password_authenticator import WAIT

THREADS = 2
MAX_WAITING = 100  # two seconds' work of two threads


class TooManyChecks(Exception):
    """No more can wait."""


class PasswordChecks:
    """threads: how many checks run at the same time. clock: monotonic seconds."""

    def __init__(self, threads: int = THREADS, clock: Callable[[], float] = time.monotonic) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._under_way = 0

    async def is_right(self, hashes: Mapping[str, str], name: str, password: str) -> bool:
        """Whether this is the password of that name. Raises TooManyChecks."""
        if self._under_way >= MAX_WAITING:
            raise TooManyChecks("too many passwords are being checked")
        self._under_way += 1
        given_up_at = self._clock() + WAIT
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, self._check, hashes, name, password, given_up_at
            )
        finally:
            self._under_way -= 1

    def stop(self) -> None:
        """Begin no more of them."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _check(self, hashes: Mapping[str, str], name: str, password: str, given_up_at: float) -> bool:
        if self._clock() >= given_up_at:  # hashes of other servers may take a second each
            raise TooManyChecks("nobody waits for this one any more")
        hash_ = hashes.get(name)
        return is_correct(hash_ or self._of_somebody_else(hashes, name), password) and hash_ is not None

    def _of_somebody_else(self, hashes: Mapping[str, str], name: str) -> str:
        """The hash that a name is compared with that nobody has: always the same one, of a kind that others have."""
        if not hashes:
            return hashed("")
        number = int.from_bytes(blake2b(name.encode(), key=self._key, digest_size=8).digest())
        return next(islice(hashes.values(), number % len(hashes), None))
