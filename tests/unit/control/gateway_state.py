"""A gateway as the admin interface sees it: what it says is what the test has set."""

from typing import Any

from hotgate.control.administration_error import AdministrationError
from hotgate.control.api.explain import Explained, Question

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
