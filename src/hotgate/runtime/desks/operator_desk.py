"""Answers commands such as `hotgate reload` on the socket where workers connect, open to the gateway's user only."""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

from hotgate.runtime.workers.channel import Channel, Message

_audit = logging.getLogger("hotgate.audit")
_log = logging.getLogger("hotgate.runtime")

_READS = ("list_", "explain_")  # how the types of what changes nothing begin

Action = Callable[[], "asyncio.Future[str]"]
Answer = Callable[[Message], Message]
Inquiry = Callable[[Message], "asyncio.Future[Message]"]


class OperatorDesk:
    """By the type of the message that asks: actions, which take a while and result in why it was not done, or empty;
    answers, which are there at once and have the same as their `reason`; inquiries, whose answers take a while.
    """

    def __init__(
        self, actions: Mapping[str, Action], answers: Mapping[str, Answer], inquiries: Mapping[str, Inquiry]
    ) -> None:
        self._actions = actions
        self._answers = answers
        self._inquiries = inquiries

    def serves(self, message: Message) -> bool:
        """Whether a command, not a worker, is speaking."""
        kind = message["type"]
        return kind in self._actions or kind in self._answers or kind in self._inquiries

    def on_message(self, channel: Channel, message: Message) -> None:
        """Begin what is asked for; the answer follows."""
        kind = message["type"]
        if kind in self._answers:
            answer = self._answers[kind](message)
            _note(message, answer["reason"])
            channel.send({**answer, "type": "done"})
            return
        if kind in self._inquiries:
            found = self._inquiries[kind](message)
            found.add_done_callback(lambda _: _tell(channel, message, found))
            return
        outcome = self._actions[kind]()
        outcome.add_done_callback(lambda _: _finish(channel, message, _reason(outcome)))


def _tell(channel: Channel, message: Message, found: "asyncio.Future[Message]") -> None:
    failure = _failure(found)
    answer = {"reason": failure} if failure else found.result()
    _note(message, answer["reason"])
    channel.send({**answer, "type": "done"})


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
    """What it was about, as the admin API has it."""
    names = ("address", "limit", "quota", "key", "route", "upstream", "share")
    return " ".join(str(message[name]) for name in names if message.get(name))


def _reason(outcome: "asyncio.Future[str]") -> str:
    return _failure(outcome) or outcome.result()


def _failure(outcome: "asyncio.Future[Any]") -> str:
    """Why there is no result; empty if there is one."""
    if outcome.cancelled():
        return "the gateway is stopping"
    if (error := outcome.exception()) is not None:  # a bug; whoever asked must not wait in vain
        _log.error("what an operator asked for has failed", exc_info=error)
        return f"internal error: {type(error).__name__}"
    return ""
