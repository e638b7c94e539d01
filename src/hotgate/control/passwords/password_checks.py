"""Checks of passwords in threads of their own: few at a time, and no more may wait than can be served soon.

A check takes tens of milliseconds and 19 MiB, which is what makes guessing dear. Names that do not exist take as long
as others, so that nobody learns which do.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from hotgate.identity.passwords.password_hash import hashed, is_correct

THREADS = 2
MAX_WAITING = 100  # two seconds' work of two threads


class TooManyChecks(Exception):
    """No more can wait."""


class PasswordChecks:
    """threads: how many checks run at the same time."""

    def __init__(self, threads: int = THREADS) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._under_way = 0

    async def is_right(self, hashes: Mapping[str, str], name: str, password: str) -> bool:
        """Whether this is the password of that name. Raises TooManyChecks."""
        if self._under_way >= MAX_WAITING:
            raise TooManyChecks("too many passwords are being checked")
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, _check, hashes.get(name), next(iter(hashes.values()), ""), password
            )
        finally:
            self._under_way -= 1

    def stop(self) -> None:
        """Begin no more of them."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _check(hash_: str | None, other: str, password: str) -> bool:
    """other: somebody else's hash, which takes as long to compare with as that of the name would."""
    return is_correct(hash_ or other or hashed(""), password) and hash_ is not None
