"""What `hotgate releases` asks of a running gateway, by the type of the message."""

from collections.abc import Callable, Mapping

from pydantic_core import PydanticCustomError

from hotgate.control.administration_error import AdministrationError
from hotgate.policies.releases.release_settings import parse_share
from hotgate.runtime.desks.releases.release_desk import ReleaseDesk
from hotgate.runtime.workers.channel import Message

Command = Callable[[ReleaseDesk, Message], Message]


def answer(desk: ReleaseDesk, message: Message) -> Message:
    """Do it; `reason` says why it was not done, or is empty."""
    try:
        return {"reason": "", **COMMANDS[message["type"]](desk, message)}
    except AdministrationError as error:
        return {"reason": str(error)}
    except PydanticCustomError as error:
        return {"reason": error.message()}


def _list(desk: ReleaseDesk, _: Message) -> Message:
    return {"releases": desk.state()}


def _set_share(desk: ReleaseDesk, message: Message) -> Message:
    desk.set_share(str(message["route"]), str(message["upstream"]), parse_share(message["share"]))
    return {}


def _switch(desk: ReleaseDesk, message: Message) -> Message:
    desk.switch(str(message["route"]), str(message["upstream"]))
    return {}


def _abort(desk: ReleaseDesk, message: Message) -> Message:
    desk.abort(str(message["route"]))
    return {}


def _reset(desk: ReleaseDesk, message: Message) -> Message:
    desk.reset(str(message["route"]))
    return {}


COMMANDS: Mapping[str, Command] = {
    "list_releases": _list,
    "set_release_share": _set_share,
    "switch_release": _switch,
    "abort_release": _abort,
    "reset_release": _reset,
}
