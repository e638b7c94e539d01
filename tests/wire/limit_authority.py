"""The limit authority of a gateway in a test: answers in the next turn of the event loop, by the gateway's clock."""

import asyncio
from typing import Any

from hotgate.limits.authority import LeaseAuthority
from wire.gateway import Gateway


class LimitAuthority:
    """Of one worker, which is the gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._authority = LeaseAuthority(lambda: gateway.now)
        self._limiter = gateway.services["limiter"]
        gateway.carry = self._hear
        self._limiter.on_message(self._authority.hello("w", self._limiter.authority_found()))

    def _hear(self, message: dict[str, Any]) -> None:
        asyncio.get_running_loop().call_soon(self._answer, message)

    def _answer(self, message: dict[str, Any]) -> None:
        answer = self._authority.on_message("w", message)
        if answer is not None:
            self._limiter.on_message(answer)
