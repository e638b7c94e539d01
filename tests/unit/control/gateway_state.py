"""A gateway as the admin interface sees it: what it says is what the test has set."""

from typing import Any

from hotgate.control.administration_error import AdministrationError
from hotgate.control.api.explain import Explained, Question
from hotgate.store.errors import StoreUnavailable

STATUS = {
    "version": "1",
    "uptime_seconds": 1.5,
    "revision": 7,
    "generation": 1,
    "ready": True,
    "workers": [],
    "worker_restarts": 0,
    "worker_renewals": 0,
    "reloads": {"ok": 0, "failed": 0, "last_error": None},
    "key_sets": [],
    "health": [],
    "names": [],
    "brute_force": {"active": 0, "bans": []},
    "releases": [],
    "introspection": [],
    "store": None,
}

EXPLAINED = Explained(
    decision="deny",
    status=404,
    code="route-not-found",
    reason="",
    by=None,
    route="",
    route_at="",
    near=[],
    method="GET",
    host="localhost",
    path="/",
    parameters={},
    principal=None,
    steps=[],
    upstream="",
    upstream_path="",
    live=True,
    milliseconds=0.1,
)


class FakeLimits:
    """One limit with one key, and one quota with one; `is_store_up` for the latter."""

    def __init__(self) -> None:
        self.is_store_up = True
        self.was_reset: list[tuple[str, str]] = []

    def limited(self, limit: str, containing: str, most: int) -> list[dict[str, Any]]:
        found = self.standing("route/r", "p/corp/alice")
        assert found is not None
        return [found] if limit in ("", "route/r") and containing in found["key"] else []

    def standing(self, limit: str, key: str) -> dict[str, Any] | None:
        if limit != "route/r":
            return None
        facts = {"kind": "bucket", "quota": 10, "window_seconds": 1.0, "level": -3.5, "on_lease": 0}
        return {"limit": limit, "key": key, "limited_for_seconds": 2.0, "retry_after_seconds": 0.5, **facts}

    async def reset(self, limit: str, key: str) -> bool:
        self.was_reset.append((limit, key))
        return limit == "route/r"

    async def quotas(self, quota: str, containing: str, most: int) -> list[dict[str, Any]]:
        found = await self.quota("quota/r", "c/acme")
        assert found is not None
        return [found]

    async def quota(self, quota: str, key: str) -> dict[str, Any] | None:
        if not self.is_store_up:
            raise StoreUnavailable("gone")
        facts = {"used": 7, "limit": 10, "period": "day@UTC", "ends": "2026-11-27T00:00:00+00:00"}
        return {"quota": quota, "key": key, **facts} if quota == "quota/r" else None

    async def reset_quota(self, quota: str, key: str) -> bool:
        self.was_reset.append((quota, key))
        return await self.quota(quota, key) is not None


class FakeReleases:
    """One release, of the route `orders`. asked: what was to be changed."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def state(self) -> list[dict[str, Any]]:
        side = {"closed": False, "requests": 3, "errors": 0, "percentile": 95, "seconds": 0.01}
        sides = [{"upstream": "blue", "percent": 95.0, **side}, {"upstream": "green", "percent": 5.0, **side}]
        facts = {"changed": True, "because": "switched to green", "since": 1_800_000_000.0}
        return [{"route": "orders", "upstream": "blue", "sides": sides, **facts}]

    def set_share(self, route: str, upstream: str, share: float) -> None:
        self._ask("set_share", route, upstream, share)

    def switch(self, route: str, upstream: str) -> None:
        self._ask("switch", route, upstream)

    def abort(self, route: str) -> None:
        self._ask("abort", route)

    def reset(self, route: str) -> None:
        self._ask("reset", route)

    def _ask(self, what: str, route: str, *more: Any) -> None:
        if route != "orders":
            raise AdministrationError("release-unknown", "there is no such release", member="route")
        if more and more[0] != "green":
            raise AdministrationError("release-invalid", "there is no such upstream", member="upstream")
        self.asked.append((what, route, *more))


class FakeVersions:
    """One version."""

    def state(self) -> list[dict[str, Any]]:
        used = {"callers": 1, "requests": 7, "last_seen": 1_800_000_000.0}
        ends = {"deprecated": 1_700_000_000.0, "sunset": None, "after_sunset": "serve"}
        return [{"api": "orders", "version": "v1", "is_default": False, **ends, **used}]

    def callers(self, api: str, version: str) -> list[dict[str, Any]] | None:
        if (api, version) != ("orders", "v1"):
            return None
        return [{"caller": "partners:acme", "requests": 7, "last_seen": 1_800_000_000.0}]


class FakeState:
    """reasons: why it is not ready. banned: addresses. questions: what was to be explained; explained: the answer to
    each. ticket: None where answers are not explained.
    """

    def __init__(self) -> None:
        self.limits = FakeLimits()
        self.reasons: list[str] = []
        self.banned: set[str] = set()
        self.releases = FakeReleases()
        self.versions = FakeVersions()
        self.questions: list[Question] = []
        self.explained: Explained | Exception = EXPLAINED
        self.ticket: tuple[str, float] | None = None

    def not_ready(self) -> list[str]:
        return self.reasons

    def status(self) -> dict[str, Any]:
        return STATUS

    def lift_ban(self, address: str) -> bool:
        if address not in self.banned:
            return False
        self.banned.remove(address)
        return True

    async def explain(self, question: Question) -> Explained:
        self.questions.append(question)
        if isinstance(self.explained, Exception):
            raise self.explained
        return self.explained

    def explain_ticket(self) -> tuple[str, float] | None:
        return self.ticket

    def jwks(self) -> bytes:
        return b'{"keys": []}'

    async def exposition(self) -> tuple[bytes, str]:
        return b"hotgate_up 1\n", "text/plain; version=0.0.4"
