"""A gateway as the admin interface sees it: what it says is what the test has set."""

from typing import Any

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


class FakeState:
    """reasons: why it is not ready. banned: addresses. questions: what was to be explained; explained: the answer to
    each. ticket: None where answers are not explained.
    """

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.banned: set[str] = set()
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
