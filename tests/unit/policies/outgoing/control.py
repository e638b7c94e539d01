"""Stands in for the control process that a worker asks for tokens, and for its clocks."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakValueDictionary

from hotgate.config.upstreams import Upstream
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.outgoing import OutgoingContext
from hotgate.pipeline.policy import PhasedStep
from hotgate.policies.outgoing.credentials import compile_outgoing

SERVER = {"token_url": "https://idp.example.com/token", "client": {"id": "gateway", "secret": "s3cret"}}


def token(value: str, good_for: float = 100.0) -> dict[str, Any]:
    return {"token": value, "good_for": good_for, "renew_in": 0.75 * good_for}


class Control:
    """asked: the questions. answer: what they get, or what is raised. now: monotonic seconds."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.asked: list[Mapping[str, Any]] = []
        self.answer: Mapping[str, Any] | Exception | Callable[[Mapping[str, Any]], Mapping[str, Any]] = token("first")
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.services: dict[str, Any] = {
            "ask": self.ask,
            "monotonic_clock": lambda: self.now,
            "wall_clock": lambda: self.now + 1_800_000_000.0,
            "upstream_tokens": WeakValueDictionary(),
        }

    async def ask(self, about: str, body: Mapping[str, Any], wait: float) -> Any:
        assert about == "upstream_token"
        assert 0 < wait < 30  # a policy may wait no longer
        self.asked.append(body)
        await self.may_answer.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer(body) if callable(self.answer) else self.answer

    def steps(self, credentials: Mapping[str, Any], upstream: str = "orders") -> tuple[PhasedStep, ...]:
        settings = Upstream.model_validate({"targets": ["https://api.example.com"], "credentials": credentials})
        return tuple(compile_outgoing(OutgoingContext(upstream, settings, self.services)))


def shown(exchange: Exchange) -> list[bytes]:
    return exchange.request.headers.get_all(b"authorization")


async def settled() -> None:
    """Let everything happen that can happen now."""
    for _ in range(20):
        await asyncio.sleep(0)
