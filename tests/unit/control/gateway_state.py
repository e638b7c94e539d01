"""A gateway as the admin interface sees it: what it says is what the test has set."""

from typing import Any

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


class FakeState:
    """reasons: why it is not ready. banned: addresses."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.banned: set[str] = set()

    def not_ready(self) -> list[str]:
        return self.reasons

    def status(self) -> dict[str, Any]:
        return STATUS

    def lift_ban(self, address: str) -> bool:
        if address not in self.banned:
            return False
        self.banned.remove(address)
        return True

    def jwks(self) -> bytes:
        return b'{"keys": []}'

    async def exposition(self) -> tuple[bytes, str]:
        return b"hotgate_up 1\n", "text/plain; version=0.0.4"
