"""Answers commands such as `hotgate reload` on the socket where workers connect, open to the gateway's user only."""

import asyncio
from collections.abc import Callable, Mapping

from hotgate.runtime.channel import Channel, Message

Action = Callable[[], "asyncio.Future[str]"]


class OperatorDesk:
    """actions: by the type of the message that asks; the result is why it was not done, or empty."""

    def __init__(self, actions: Mapping[str, Action]) -> None:
        self._actions = actions

    def serves(self, message: Message) -> bool:
        """Whether a command, not a worker, is speaking."""
        return message["type"] in self._actions

    def on_message(self, channel: Channel, message: Message) -> None:
        """Begin what is asked for; the answer follows."""
        outcome = self._actions[message["type"]]()
        outcome.add_done_callback(lambda _: channel.send({"type": "done", "reason": _reason(outcome)}))


def _reason(outcome: "asyncio.Future[str]") -> str:
    return "the gateway is stopping" if outcome.cancelled() else outcome.result()
