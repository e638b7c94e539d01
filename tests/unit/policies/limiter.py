"""A limiter for policies under test: both ends of the leases in one place."""

import asyncio
from typing import Any

from hotgate.limits.authority import LeaseAuthority
from hotgate.limits.lease_client import LeaseClient


class Limiter(LeaseClient):
    """A lease client whose authority answers as soon as the loop runs."""

    def __init__(self) -> None:
        self.authority = LeaseAuthority(lambda: 0.0)
        super().__init__(self._carry, lambda: 0.0)
        self.on_message(self.authority.hello("w", self.authority_found()))

    def _carry(self, message: dict[str, Any]) -> None:
        answer = self.authority.on_message("w", message)
        if answer is None:
            return
        try:
            asyncio.get_running_loop().call_soon(self.on_message, answer)
        except RuntimeError:  # a step that has nobody to wait for, such as one after the answer
            self.on_message(answer)
