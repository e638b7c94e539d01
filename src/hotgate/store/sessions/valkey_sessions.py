"""Sessions in Valkey or Redis: a hash per session that the server forgets by itself, and sorted sets to find them by.

A session is in its indexes before it is there itself, so none can be missed by who ends all of a subject; what an index
names and is not there has ended. Members of an index are scored by the absolute end of their session.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from hotgate.store.errors import AlreadyExists, StoreUnavailable
from hotgate.store.sessions.kept_session import KeptSession, check_sealed, check_session
from hotgate.store.sessions.session_store import MAX_PAGE, MAX_PER_SUBJECT, MAX_SESSIONS, SessionPage, SessionsFull
from hotgate.store.valkey_connection import ValkeyConnection

_PREFIX = "hotgate:sessions"
_BATCH = 1000  # commands in one pipeline

# Each script touches one key, so that what it finds and what it does are one step for everybody else.
_CREATE = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('PEXPIREAT', KEYS[1], ARGV[1])
return 1"""
_REPLACE = """
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'sealed', ARGV[3])
return 1"""
_TOUCH = """
local seen, last = redis.call('HGET', KEYS[1], 'last_seen'), redis.call('HGET', KEYS[1], 'absolute_end')
if not seen or not last or tonumber(seen) >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'last_seen', ARGV[1], 'idle', ARGV[2])
local ends = math.min(tonumber(last), tonumber(ARGV[1]) + tonumber(ARGV[2]))
redis.call('PEXPIREAT', KEYS[1], string.format('%d', ends * 1000))
return 1"""


class ValkeySessions:
    """A SessionStore. Its keys all begin with `hotgate:sessions`."""

    def __init__(self, connection: ValkeyConnection, most: int = MAX_SESSIONS) -> None:
        self._connection = connection
        self._most = most

    async def create(self, session: KeptSession) -> None:
        """As the contract says."""
        check_session(session)
        if await self.count() >= self._most:
            raise SessionsFull
        name = session.digest.hex()
        await self._make_room(session)
        async with self._connection.asked() as valkey:
            async with valkey.pipeline(transaction=True) as pipe:
                for index in _indexes(session):
                    pipe.zadd(index, {name: session.absolute_end})
                    pipe.expireat(index, int(session.absolute_end) + 1, gt=True)
                    pipe.expireat(index, int(session.absolute_end) + 1, nx=True)
                pipe.sadd(_PROVIDERS, session.provider)
                await pipe.execute()
            fields = [part for field in _fields(session).items() for part in field]
            key = _key(session.provider, session.digest)
            created = await valkey.eval(_CREATE, 1, key, int(session.end * 1000), *fields)
        if not created:
            raise AlreadyExists("session", "a session of this cookie is there already")

    async def load(self, provider: str, digest: bytes, now: float) -> KeptSession | None:
        """As the contract says."""
        async with self._connection.asked() as valkey:
            found = await valkey.hgetall(_key(provider, digest))
        session = _session(provider, digest, found)
        return session if session is not None and session.end > now else None

    async def replace(self, provider: str, digest: bytes, version: int, sealed: bytes) -> int | None:
        """As the contract says."""
        check_sealed(sealed)
        async with self._connection.asked() as valkey:
            written = await valkey.eval(_REPLACE, 1, _key(provider, digest), version, version + 1, sealed)
        return version + 1 if written else None

    async def touch(self, provider: str, used: Mapping[bytes, float], idle: float) -> None:
        """As the contract says."""
        digests = list(used)
        for start in range(0, len(digests), _BATCH):
            async with self._connection.asked() as valkey, valkey.pipeline(transaction=False) as pipe:
                for digest in digests[start : start + _BATCH]:
                    pipe.eval(_TOUCH, 1, _key(provider, digest), repr(used[digest]), repr(idle))
                await pipe.execute()

    async def end(self, provider: str, digest: bytes) -> None:
        """As the contract says."""
        session = await self.load(provider, digest, 0.0)
        if session is not None:
            await self._forget([session])

    async def end_matching(
        self, provider: str, *, sid: str | None = None, subject: str | None = None, before: float | None = None
    ) -> int:
        """As the contract says."""
        if sid is None and subject is None:
            return 0
        index = _index(provider, "sub", subject or "") if sid is None else _index(provider, "sid", sid)
        async with self._connection.asked() as valkey:
            names = await valkey.zrange(index, 0, -1)
        found = [
            each
            for each in await self._sessions(provider, names)
            if subject in (None, each.subject) and (before is None or each.created < before)
        ]
        await self._forget(found)
        return len(found)

    async def find(self, provider: str, session_id: str, now: float) -> KeptSession | None:
        """As the contract says."""
        async with self._connection.asked() as valkey:
            names = await valkey.zrange(_index(provider, "id", session_id), 0, 0)
        return next((each for each in await self._sessions(provider, names) if each.end > now), None)

    async def has_sid(self, provider: str, sid: str, now: float) -> bool:
        """As the contract says."""
        async with self._connection.asked() as valkey:
            names = await valkey.zrange(_index(provider, "sid", sid), 0, -1)
        return any(each.end > now for each in await self._sessions(provider, names))

    async def list(self, provider: str, subject: str | None, now: float, after: str, limit: int) -> SessionPage:
        """As the contract says: by their absolute ends. after: a place in that order."""
        start, limit = int(after or 0), max(1, min(limit, MAX_PAGE))
        index = _index(provider, "all", "") if subject is None else _index(provider, "sub", subject)
        async with self._connection.asked() as valkey:
            names = await valkey.zrange(index, start, start + limit - 1)
        found = [each for each in await self._sessions(provider, names) if each.end > now]
        return SessionPage(found, str(start + limit) if len(names) == limit else None)

    async def count(self) -> int:
        """As the contract says."""
        async with self._connection.asked() as valkey:
            providers = [name.decode() for name in await valkey.smembers(_PROVIDERS)]
            return sum([await valkey.zcard(_index(name, "all", "")) for name in providers])

    async def prune(self, now: float) -> None:
        """As the contract says: the server has removed the sessions, here go those of the list that it names."""
        async with self._connection.asked() as valkey:
            for name in await valkey.smembers(_PROVIDERS):
                await valkey.zremrangebyscore(_index(name.decode(), "all", ""), "-inf", now)

    async def _make_room(self, session: KeptSession) -> None:
        index = _index(session.provider, "sub", session.subject)
        async with self._connection.asked() as valkey:
            await valkey.zremrangebyscore(index, "-inf", session.created)
            names = await valkey.zrange(index, 0, -MAX_PER_SUBJECT)  # all but the newest, less the one to come
        await self._forget(await self._sessions(session.provider, names))
        if names:
            async with self._connection.asked() as valkey:
                await valkey.zrem(index, *names)

    async def _sessions(self, provider: str, names: Sequence[bytes]) -> Sequence[KeptSession]:
        """Those that are still there."""
        digests = [bytes.fromhex(name.decode()) for name in names]
        async with self._connection.asked() as valkey, valkey.pipeline(transaction=False) as pipe:
            for digest in digests:
                pipe.hgetall(_key(provider, digest))
            rows = await pipe.execute()
        found = [_session(provider, digest, row) for digest, row in zip(digests, rows, strict=True)]
        return [each for each in found if each is not None]

    async def _forget(self, sessions: Sequence[KeptSession]) -> None:
        async with self._connection.asked() as valkey, valkey.pipeline(transaction=True) as pipe:
            for session in sessions:
                pipe.delete(_key(session.provider, session.digest))
                for index in _indexes(session):
                    pipe.zrem(index, session.digest.hex())
            await pipe.execute()


_PROVIDERS = f"{_PREFIX}:providers"


def _key(provider: str, digest: bytes) -> str:
    return f"{_PREFIX}:{provider}:one:{digest.hex()}"


def _index(provider: str, kind: str, value: str) -> str:
    """Values are a provider's text, of any characters: their digest has none that could make two keys one."""
    return f"{_PREFIX}:{provider}:{kind}:{sha256(value.encode()).hexdigest()}"


def _indexes(session: KeptSession) -> Sequence[str]:
    named = [("all", ""), ("sub", session.subject), ("id", session.id)]
    if session.sid is not None:
        named.append(("sid", session.sid))
    return [_index(session.provider, kind, value) for kind, value in named]


def _fields(session: KeptSession) -> dict[str, Any]:
    return {
        "id": session.id,
        "subject": session.subject,
        **({} if session.sid is None else {"sid": session.sid}),
        "sealed": session.sealed,
        "created": repr(session.created),
        "last_seen": repr(session.last_seen),
        "idle": repr(session.idle),
        "absolute_end": repr(session.absolute_end),
        "version": session.version,
    }


def _session(provider: str, digest: bytes, found: Mapping[bytes, bytes]) -> KeptSession | None:
    """Raises StoreUnavailable for what we did not write."""
    if not found:
        return None
    texts = {name.decode("ascii"): value for name, value in found.items()}
    try:
        return KeptSession(
            provider,
            digest,
            texts["id"].decode(),
            texts["subject"].decode(),
            texts["sid"].decode() if "sid" in texts else None,
            texts["sealed"],
            created=float(texts["created"]),
            last_seen=float(texts["last_seen"]),
            idle=float(texts["idle"]),
            absolute_end=float(texts["absolute_end"]),
            version=int(texts["version"]),
        )
    except (KeyError, ValueError) as error:
        raise StoreUnavailable(f"a session is damaged: {type(error).__name__}") from None
