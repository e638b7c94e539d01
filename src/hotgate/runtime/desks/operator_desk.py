"""Answers commands such as `hotgate reload` on the socket where workers connect, open to the gateway's user only."""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping

from hotgate.runtime.workers.channel import Channel, Message

_audit = logging.getLogger("hotgate.audit")
_log = logging.getLogger("hotgate.runtime")

_READS = "list_"  # how the types of what changes nothing begin

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
            answer = self._answers[kind](message)
            _note(message, answer["reason"])
            channel.send({**answer, "type": "done"})
            return
        outcome = self._actions[kind]()
        outcome.add_done_callback(lambda _: _finish(channel, message, _reason(outcome)))


def _finish(channel: Channel, message: Message, reason: str) -> None:
    _note(message, reason)
    channel.send({"type": "done", "reason": reason})


def _note(message: Message, reason: str) -> None:
    """As the admin API does (`control/api/endpoint.py`): what was done. The kernel has vouched for the user."""
    kind = message["type"]
    if not reason and not kind.startswith(_READS):
        facts = {"by": f"command of user {os.geteuid()}", "subject": _subject(message)}
        _audit.info(kind.replace("_", "-"), extra={"facts": facts})


def _subject(message: Message) -> str:
    return " ".join(str(message[key]) for key in ("address", "route", "upstream", "share") if message.get(key))


def _reason(outcome: "asyncio.Future[str]") -> str:
    if outcome.cancelled():
        return "the gateway is stopping"
    if (error := outcome.exception()) is not None:  # a bug; whoever asked must not wait in vain
        _log.error("what an operator asked for has failed", exc_info=error)
        return f"internal error: {type(error).__name__}"
    return outcome.result()
