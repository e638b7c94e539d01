"""What must come from elsewhere before it can be lent, such as from a database, and the requests that wait for it.

Whoever fetches it is told by `on_want`, takes what is wanted, and hands in what it got (`LeaseAuthority.supply`).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from hotgate.limits.limit import Limit

MAX_WANTED = 10_000  # keys for which something may be under way at once
MAX_UNUSED = 10_000

Message = dict[str, Any]
Name = tuple[str, str]


class Want(NamedTuple):
    """Tokens of one key that somebody needs, or soon will."""

    limit: Limit
    key: str
    tokens: int


class Supply(NamedTuple):
    """tokens: that may be lent, and count as used wherever they came from. left: how many more there are. ends: until
    when all this holds, in seconds since the epoch.
    """

    tokens: int
    left: int
    ends: float


class Unused(NamedTuple):
    """Tokens of a supply that will not be lent here, because their bucket makes room for another one."""

    limit: Limit
    key: str
    tokens: int
    ends: float


class Supplies:
    """Bounded: a want beyond MAX_WANTED is not noted, and asked for again; what is unused beyond MAX_UNUSED is lost."""

    def __init__(self) -> None:
        self.on_want: Callable[[], None] = lambda: None
        self._wanted: dict[Name, Want] = {}
        self._unused: list[Unused] = []
        self._waiting: dict[Name, dict[str, Message]] = {}  # by worker; it has one request for a key at a time

    def want(self, limit: Limit, key: str, tokens: int) -> None:
        """Note it, unless as much is wanted already."""
        name = (limit.scope, key)
        known = self._wanted.get(name)
        if known is None and len(self._wanted) >= MAX_WANTED:
            return
        if known is None or known.tokens < tokens or known.limit is not limit:
            self._wanted[name] = Want(limit, key, tokens)
            self.on_want()

    def wait(self, worker: str, message: Message) -> bool:
        """A worker's request waits for a supply of its key. False when too many do."""
        name = (str(message["scope"]), str(message["key"]))
        if name not in self._waiting and len(self._waiting) >= MAX_WANTED:
            return False
        self._waiting.setdefault(name, {})[worker] = message
        return True

    def waited(self, scope: str, key: str) -> dict[str, Message]:
        """Those that have waited, by worker; they wait no longer."""
        return self._waiting.pop((scope, key), {})

    def leave(self, limit: Limit, key: str, tokens: int, ends: float) -> None:
        """Tokens that will not be lent."""
        if tokens > 0 and len(self._unused) < MAX_UNUSED:
            self._unused.append(Unused(limit, key, tokens, ends))
            self.on_want()

    def take(self, most: int) -> tuple[list[Want], list[Unused]]:
        """Some of what is wanted, and what is unused."""
        wants = [self._wanted.pop(name) for name in list(self._wanted)[:most]]
        unused, self._unused = self._unused[:most], self._unused[most:]
        return wants, unused

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to fetch and nothing to bring back."""
        return not self._wanted and not self._unused
