"""Of what workers ask, only what changes nothing is answered to who explains."""

import asyncio
from typing import Any, cast

import pytest

from hotgate.runtime.desks.answers import NotAsked
from hotgate.runtime.explaining.live import LookingAnswers


class Desk:
    """Stands for every desk; `called` is what it was asked."""

    def __init__(self) -> None:
        self.called: list[str] = []

    def __getattr__(self, name: str) -> Any:
        async def called(body: Any) -> str:
            self.called.append(name)
            return name

        return called


def looking(desk: Desk) -> LookingAnswers:
    any_desk = cast(Any, desk)
    return LookingAnswers(any_desk, any_desk, any_desk, any_desk, any_desk.load)


def test_what_is_looked_at() -> None:
    desk = Desk()
    answers = looking(desk)
    for about in ("introspection", "password", "proofs", "single_use", "session.load"):
        asyncio.run(answers.ask(about, {}, wait=1.0))
    assert desk.called == ["answer", "look", "look", "look", "load"]
    assert asyncio.run(answers.ask("session.touch", {})) is True


@pytest.mark.parametrize(
    "about",
    [
        "session.create",
        "session.replace",
        "session.end",
        "oidc.begin",
        "oidc.refresh",
        "upstream_token",
        "positions",
        "x",
    ],
)
def test_what_would_be_noticed(about: str) -> None:
    desk = Desk()
    with pytest.raises(NotAsked):
        asyncio.run(looking(desk).ask(about, {}))
    assert desk.called == []
