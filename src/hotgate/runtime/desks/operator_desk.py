"""Answers commands such as `hotgate reload` on the socket where workers connect, open to the gateway's user only."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from hotgate.runtime.workers.channel import Channel, Message

_log = logging.getLogger("hotgate.runtime")

Action = Callable[[], "asyncio.Future[str]"]
Answer = Callable[[Message], Message]


class OperatorDesk:
    """By the type of the message that asks: actions, which take a while and result in why it was not done, or empty;
    answers, which are there at once and have the same as their `reason`.
    """

    def __init__(self, actions: Mapping[str, Action], answers: Mapping[str, Answer]) -> None:
        self._actions = actions
        self._answers = answers

    def serves(self, message: Message) -> bool:
        """Whether a command, not a worker, is speaking."""
        return message["type"] in self._actions or message["type"] in self._answers

    def on_message(self, channel: Channel, message: Message) -> None:
        """Begin what is asked for; the answer follows."""
        kind = message["type"]
        if kind in self._answers:
            channel.send({**self._answers[kind](message), "type": "done"})
            return
        outcome = self._actions[kind]()
        outcome.add_done_callback(lambda _: channel.send({"type": "done", "reason": _reason(outcome)}))


def _reason(outcome: "asyncio.Future[str]") -> str:
    if outcome.cancelled():
        return "the gateway is stopping"
    if (error := outcome.exception()) is not None:  # a bug; whoever asked must not wait in vain
        _log.error("what an operator asked for has failed", exc_info=error)
        return f"internal error: {type(error).__name__}"
    return outcome.result()
